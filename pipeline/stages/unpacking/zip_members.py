"""What an entry of a ZIP directory is as a member, and what its local header must repeat."""

from __future__ import annotations

import stat
import struct
from zlib import crc32

from pipeline.domain import member_faults
from pipeline.domain.errors import SourceRejected
from pipeline.domain.ingestion import Fault, Member
from pipeline.domain.member_faults import LONGEST_NAME, name_fault, storable
from pipeline.stages.unpacking.zip_directory import ZipEntry, zip64_values
from pipeline.stages.unpacking.zip_names import decoded

STORED, DEFLATED = 0, 8
LOCAL = struct.Struct("<4s5H3L2H")
_ENCRYPTED = 1 << 0
_DESCRIPTOR = 1 << 3
_DOS_DIRECTORY = 0x10
_DEVICES = frozenset({stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK})
_MASK32 = 0xFFFFFFFF


def is_directory(entry: ZipEntry) -> bool:
    """Whether the entry only names a folder. One with content is no folder, and no member that is read either."""
    if entry.size:
        return False
    mode = entry.attributes >> 16
    return entry.raw_name.endswith(b"/") or bool(entry.attributes & _DOS_DIRECTORY) or stat.S_ISDIR(mode)


def member(entry: ZipEntry, ordinal: int, bound: int, page: str | None) -> Member:
    """The member; `bound` is where the next local header, or the central directory, begins.

    `page` is the code page of names that are not UTF-8, None where each has its own. The locator is (offset, packed
    size, CRC-32, method, flags, bound, CRC-32 of the name's bytes).
    """
    name = entry.unicode_name or decoded(entry.raw_name, entry.flags, page)
    fault = _fault(entry, name)
    locator = (entry.offset, entry.packed, entry.crc, entry.method, entry.flags, bound, crc32(entry.raw_name))
    return Member(ordinal, storable(name)[:LONGEST_NAME] if fault else name, locator, entry.size, fault=fault)


def local_length(
    header: memoryview,
    *,
    name_crc: int | None,
    packed: int,
    size: int | None,
    crc: int,
    method: int,
    flags: int,
) -> int:
    """Bytes of the local header, name and extra field, at the start of `header`.

    `name_crc` is the CRC-32 of the name's bytes in the central directory; None where that is not known any more.
    Raises SourceRejected where the header is none, or says something else than the central directory did.
    """
    if len(header) < LOCAL.size:
        raise _disagrees("one is cut off")
    magic, _, local_flags, local_method, _, _, local_crc, local_packed, local_size, named, extra = (
        LOCAL.unpack_from(header)
    )
    length: int = LOCAL.size + named + extra
    if magic != b"PK\x03\x04" or length > len(header):
        raise _disagrees("there is none where a member should begin")
    raw_name = bytes(header[LOCAL.size : LOCAL.size + named])
    renamed = name_crc is not None and crc32(raw_name) != name_crc
    if renamed or local_method != method or (local_flags ^ flags) & _ENCRYPTED:
        raise _disagrees("another name, method or encryption")
    if local_size == _MASK32 or local_packed == _MASK32:
        values = zip64_values(bytes(header[LOCAL.size + named : length]))
        if len(values) < 2:  # a local ZIP64 record always holds both
            raise _disagrees("a member's ZIP64 sizes are not there")
        local_size, local_packed = values[:2]
    told = ((local_crc, crc), (local_packed, packed), (local_size, size))
    later = local_flags & _DESCRIPTOR  # then the writer knew them only after the content
    if any(local != central and not (later and local == 0) for local, central in told):
        raise _disagrees("another size or checksum")
    return length


def _fault(entry: ZipEntry, name: str) -> Fault | None:
    mode = stat.S_IFMT(entry.attributes >> 16)
    if mode == stat.S_IFLNK:
        return member_faults.SYMLINK
    if mode in _DEVICES:
        return member_faults.DEVICE
    if fault := name_fault(name):
        return fault
    if name.endswith("/"):
        return member_faults.UNSAFE_NAME
    if entry.flags & _ENCRYPTED:
        return member_faults.ENCRYPTED
    if entry.size == 0:
        return member_faults.EMPTY
    if entry.method not in (STORED, DEFLATED):
        return member_faults.UNSUPPORTED_COMPRESSION
    if entry.method == STORED and entry.packed != entry.size:
        return member_faults.corrupt("it is stored, and has two sizes")
    return None


def _disagrees(what: str) -> SourceRejected:
    return SourceRejected(
        f"The archive's local headers disagree with its directory ({what}): it is damaged or was made to mislead; "
        "pack it again."
    )
