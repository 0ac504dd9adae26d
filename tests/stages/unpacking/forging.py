"""ZIP files that no zip program writes: every field of both headers as a test wants it."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field
from pathlib import Path

_LOCAL = struct.Struct("<4s5H3L2H")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")


@dataclass
class Forged:
    """One entry. What is not given is as an honest writer would have it; `local` overrides the local header alone."""

    name: bytes
    content: bytes = b"content"
    deflate: bool = True
    flags: int = 0
    method: int | None = None
    size: int | None = None
    packed: int | None = None
    crc: int | None = None
    attributes: int = 0
    offset: int | None = None
    raw: bytes | None = None  #: the packed bytes
    extra: bytes = b""  #: of the central directory
    local: dict[str, int | bytes] = field(default_factory=dict)

    def data(self) -> bytes:
        if self.raw is not None:
            return self.raw
        if not self.deflate:
            return self.content
        packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
        return packer.compress(self.content) + packer.flush()

    def fields(self) -> dict[str, int | bytes]:
        return {
            "name": self.name,
            "flags": self.flags,
            "method": self.method if self.method is not None else 8 * self.deflate,
            "crc": zlib.crc32(self.content) if self.crc is None else self.crc,
            "packed": len(self.data()) if self.packed is None else self.packed,
            "size": len(self.content) if self.size is None else self.size,
            "extra": b"",
        }


def forged(
    path: Path, entries: list[Forged], *, count: int | None = None, shift: int = 0, comment: bytes = b""
) -> Path:
    """A ZIP file of these entries at `path`; `count` and `shift` are what its end says of number and offset."""
    body, directory = bytearray(), bytearray()
    for entry in entries:
        offset = len(body) if entry.offset is None else entry.offset
        body += local_header(entry) + entry.data()
        directory += _central(entry, offset)
    number = len(entries) if count is None else count
    end = _END.pack(b"PK\x05\x06", 0, 0, number, number, len(directory), len(body) + shift, len(comment))
    path.write_bytes(bytes(body + directory) + end + comment)
    return path


def local_header(entry: Forged) -> bytes:
    f = entry.fields() | entry.local
    head = (f["flags"], f["method"], 0, 0, f["crc"], f["packed"], f["size"], len(f["name"]), len(f["extra"]))
    return _LOCAL.pack(b"PK\x03\x04", 20, *head) + f["name"] + f["extra"]


def _central(entry: Forged, offset: int) -> bytes:
    f = entry.fields()
    head = (20, 20, f["flags"], f["method"], 0, 0, f["crc"], f["packed"], f["size"], len(f["name"]))
    rest = (len(entry.extra), 0, 0, 0, entry.attributes, offset)
    return _ENTRY.pack(b"PK\x01\x02", *head, *rest) + entry.name + entry.extra
