"""The headers of a TAR file: ustar, GNU and pax.

The standard library reads one header block; the rest is done here, because it ends silently at a damaged header,
reads extensions of any size into memory and keeps every member.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.domain.errors import SourceRejected
from pipeline.stages.unpacking.limits import ArchiveLimits
from pipeline.stages.unpacking.tape import Tape

BLOCK = 512
_EMPTY = bytes(BLOCK)
#: Longest extension header that is read, in bytes: a long name, or attributes.
_LONGEST_EXTENSION = 1024 * 1024
_WITHOUT_DATA = frozenset(
    {tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE}
)
_GNU_LABEL, _GNU_DUMPDIR, _GNU_CONTINUED = b"V", b"D", b"M"
_SPARSE = "GNU.sparse."


@dataclass(frozen=True, slots=True)
class TarEntry:
    """One entry that may be a member. `data_at` is where its `size` bytes begin, `type` is one of `tarfile`'s."""

    name: str
    type: bytes
    size: int
    data_at: int
    sparse: bool


def is_tar(block: bytes) -> bool:
    """Whether a file that begins with this block is a TAR file, an empty one included."""
    if block == _EMPTY:
        return True
    try:
        _header(block)
    except SourceRejected:
        return False
    return True


def entries(tape: Tape, limits: ArchiveLimits) -> Iterator[TarEntry]:
    """Every entry in order. While one is at hand, the tape stands at its data, and any part of that may be read.

    Raises SourceRejected where the file is damaged, cut off or over a limit, and whatever the tape raises.
    """
    shared: dict[str, str] = {}
    own: dict[str, str] = {}
    count = unpacked = 0
    while (block := _block(tape)) != _EMPTY:
        header = _header(block)
        if header.type in (tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE):
            own |= _records(_extension(tape, header.size))
        elif header.type == tarfile.XGLTYPE:
            shared |= _records(_extension(tape, header.size))
        elif header.type in (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK):
            name = _extension(tape, header.size).partition(b"\0")[0].decode(errors="replace")
            own |= {"path": name} if header.type == tarfile.GNUTYPE_LONGNAME else {}
        else:
            entry = _entry(header, block, tape, shared | own)
            own = {}
            count, unpacked = count + 1, unpacked + entry.size
            limits.check(count, unpacked)
            if header.type not in (_GNU_LABEL, _GNU_DUMPDIR):
                yield entry
            _skip(tape, entry.data_at + _padded(entry.size) - tape.position)
    _expect_nothing_more(tape)


def _header(block: bytes) -> tarfile.TarInfo:
    try:
        header = tarfile.TarInfo.frombuf(block, "utf-8", "replace")
    except tarfile.HeaderError:
        raise _damaged("a member's header is none") from None
    if header.size < 0:
        raise _damaged("a member has a size below nothing")
    if header.type == _GNU_CONTINUED:
        raise SourceRejected("The archive is one of several volumes: pack it as one.")
    return header


def _entry(header: tarfile.TarInfo, block: bytes, tape: Tape, fields: dict[str, str]) -> TarEntry:
    size = header.size
    if "size" in fields:
        if not (fields["size"].isascii() and fields["size"].isdigit()) or len(fields["size"]) > 20:
            raise _damaged("a member's size is no number")
        size = int(fields["size"])
    if header.type in _WITHOUT_DATA:
        size = 0
    sparse = header.type == tarfile.GNUTYPE_SPARSE or _SPARSE in fields
    if header.type == tarfile.GNUTYPE_SPARSE:
        more = block[482]
        while more:  # its map goes on in blocks of its own
            more = _block(tape)[504]
    name = fields.get("path", header.name).rstrip("/")
    return TarEntry(name, header.type, size, tape.position, sparse)


def _extension(tape: Tape, size: int) -> bytes:
    if size > _LONGEST_EXTENSION:
        raise _damaged("a name or attribute is longer than any")
    data = tape.read(size)
    _skip(tape, _padded(size) - len(data))
    return data


def _records(data: bytes) -> dict[str, str]:
    """What a pax header says of path and size, and whether anything of a sparse file."""
    fields = {}
    at = 0
    while at < len(data) and data[at]:
        digits, space, _ = data[at : at + 21].partition(b" ")
        length = int(digits) if space and digits.isdigit() else 0
        key, equals, value = data[at + len(digits) + 1 : at + length - 1].partition(b"=")
        if not equals or data[at + length - 1 : at + length] != b"\n":
            raise _damaged("a member's attributes are no attributes")
        if key in (b"path", b"size"):
            fields[key.decode()] = value.decode(errors="replace")
        if key.startswith(_SPARSE.encode()):
            fields[_SPARSE] = ""
        at += length
    return fields


def _block(tape: Tape) -> bytes:
    block = tape.read(BLOCK)
    if len(block) < BLOCK:
        raise _cut_off()
    return block


def _skip(tape: Tape, length: int) -> None:
    if not tape.skip(length):
        raise _cut_off()


def _padded(size: int) -> int:
    return -(-size // BLOCK) * BLOCK


def _expect_nothing_more(tape: Tape) -> None:
    """Go to the end, so that a compressed file proves its checksum. Raises SourceRejected where members follow."""
    garbage = False  # old tapes end with what was in the buffer
    while block := tape.read(BLOCK):
        if not garbage and block != _EMPTY[: len(block)]:
            garbage = True
            if len(block) == BLOCK and is_tar(block):
                raise SourceRejected("More members follow after the archive's end: pack them as one archive.")


def _cut_off() -> SourceRejected:
    return SourceRejected(
        "The archive ends before its end mark (an empty block): it was cut off on its way; copy it again."
    )


def _damaged(what: str) -> SourceRejected:
    return SourceRejected(f"The archive is damaged ({what}): pack it again.")
