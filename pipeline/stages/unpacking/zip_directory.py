"""The central directory of a ZIP file: found at the end, read in pieces, never held whole.

APPNOTE.TXT 6.3.10, sections 4.3.12 to 4.3.16 and 4.5.3.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple
from zlib import crc32

from pipeline.domain.errors import SourceRejected
from pipeline.ports import RandomAccess

_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_EXTRA = struct.Struct("<2H")
_LONGEST_COMMENT = 0xFFFF
_LONGEST_ENTRY = _ENTRY.size + 3 * 0xFFFF
_PIECE = 4 * 1024 * 1024
#: A signature over the directory, where there is one, is the last thing in it.
_SIGNATURE = b"PK\x05\x05"
_MASK16, _MASK32 = 0xFFFF, 0xFFFFFFFF
_ZIP64 = 0x0001
#: Info-ZIP's Unicode Path: a version (1), the CRC-32 of the plain name, and the name in UTF-8.
_UNICODE_PATH = 0x7075
_PATH_HEAD = struct.Struct("<BL")


@dataclass(frozen=True, slots=True)
class Directory:
    """Where the central directory lies: bytes `start` to `end` of the file.

    `shift` is what has to be added to every offset in it, for bytes that stand before the archive. `count` is the
    number of entries; where it is not `exact` (no ZIP64 record), writers wrote no more than its lower 16 bits.
    """

    start: int
    end: int
    shift: int
    count: int
    exact: bool


class ZipEntry(NamedTuple):
    """One entry of the central directory; sizes in bytes, `offset` of the local header in the file.

    `unicode_name` is the name in UTF-8 that stands beside the plain one, where there is one that belongs to it.
    """

    raw_name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    attributes: int
    offset: int
    unicode_name: str | None = None


def has_directory(file: RandomAccess) -> bool:
    """Whether the file ends as a ZIP file does."""
    return _end(file)[1] >= 0


def find_directory(file: RandomAccess) -> Directory:
    """Where the central directory is. Raises SourceRejected where there is none, or one on several disks."""
    tail, at = _end(file)
    if at < 0:
        raise SourceRejected(
            "The archive has no end of central directory: it was cut off on its way, or is no ZIP file; copy it again."
        )
    end_at = file.size - len(tail) + at
    _, disk, first_disk, here, count, size, offset, _ = _END.unpack_from(tail, at)
    if end64 := _end64(file, end_at):
        end_at, disk, first_disk, here, count64, size64, offset64 = end64
        for short, long, mask in (
            (count, count64, _MASK16),
            (size, size64, _MASK32),
            (offset, offset64, _MASK32),
        ):
            if short not in (long, mask):
                raise _contradicts("its two ends say different things")
        count, size, offset = count64, size64, offset64
    if disk or first_disk or here != count:
        raise _several_disks()
    start = end_at - size
    if start < offset:
        raise _contradicts("its directory would begin before the file does, or overlap its end")
    return Directory(start, end_at, start - offset, count, end64 is not None)


def entries(file: RandomAccess, directory: Directory) -> Iterator[ZipEntry]:
    """Every entry in order. Raises SourceRejected where the directory is damaged."""
    data, at, position = b"", 0, directory.start
    while True:
        if len(data) - at < _LONGEST_ENTRY and position < directory.end:
            piece = file.read_at(position, min(_PIECE, directory.end - position))
            if not piece:
                raise _contradicts("its directory is cut off")
            data, at, position = data[at:] + piece, 0, position + len(piece)
            continue
        if at == len(data) or data.startswith(_SIGNATURE, at):
            return
        if len(data) - at < _ENTRY.size:
            raise _contradicts("its directory is cut off")
        head = _ENTRY.unpack_from(data, at)
        after = at + _ENTRY.size + head[10] + head[11] + head[12]
        if head[0] != b"PK\x01\x02" or after > len(data):
            raise _contradicts("its directory is damaged")
        yield _entry(head, data, at, directory.shift)
        at = after


def zip64_values(extra: bytes) -> tuple[int, ...]:
    """The 64-bit values of an extra field, in order; none where there is no ZIP64 record in it."""
    value = _extra_value(extra, _ZIP64)
    count = min(len(value), 24) // 8
    return struct.unpack_from(f"<{count}Q", value)


def _extra_value(extra: bytes, wanted: int) -> bytes:
    """What the first record of this kind in an extra field holds, empty where there is none."""
    at = 0
    while at + _EXTRA.size <= len(extra):
        kind, length = _EXTRA.unpack_from(extra, at)
        at += _EXTRA.size
        if kind == wanted:
            return extra[at : at + length]
        at += length
    return b""


def _unicode_name(extra: bytes, raw_name: bytes) -> str | None:
    """The Unicode Path; None where it is of another name, which a program that renames members leaves behind."""
    value = _extra_value(extra, _UNICODE_PATH)
    if len(value) <= _PATH_HEAD.size or _PATH_HEAD.unpack_from(value) != (1, crc32(raw_name)):
        return None
    try:
        return value[_PATH_HEAD.size :].decode()
    except UnicodeDecodeError:
        return None


def _entry(head: tuple[Any, ...], data: bytes, at: int, shift: int) -> ZipEntry:
    _, _, _, flags, method, _, _, crc, packed, size, name, extra, _, disk, _, attributes, offset = head
    name_at = at + _ENTRY.size
    raw_name = data[name_at : name_at + name]
    extras = data[name_at + name : name_at + name + extra]
    if packed == _MASK32 or size == _MASK32 or offset == _MASK32:
        values = iter(zip64_values(extras))
        try:
            size = next(values) if size == _MASK32 else size
            packed = next(values) if packed == _MASK32 else packed
            offset = next(values) if offset == _MASK32 else offset
        except StopIteration:
            raise _contradicts("a member's ZIP64 sizes are not there") from None
    if disk not in (0, _MASK16):
        raise _contradicts("a member lies on another disk")
    unicode_name = _unicode_name(extras, raw_name) if extras else None
    return ZipEntry(raw_name, flags, method, crc, packed, size, attributes, offset + shift, unicode_name)


def _end(file: RandomAccess) -> tuple[bytes, int]:
    """The file's tail, and where in it the end record is: the last one whose comment ends the file; -1 without one."""
    length = min(file.size, _END.size + _LONGEST_COMMENT)
    tail = file.read_at(file.size - length, length)
    at = len(tail) - _END.size + 4
    while (at := tail.rfind(b"PK\x05\x06", 0, max(0, at))) >= 0:
        if at + _END.size + _END.unpack_from(tail, at)[7] == len(tail):
            break
        at += 3
    return tail, at


def _end64(file: RandomAccess, end_at: int) -> tuple[int, ...] | None:
    """Place, disks, counts, size and offset of the ZIP64 end record, where there is one."""
    locator_at = end_at - _LOCATOR.size
    located = file.read_at(locator_at, _LOCATOR.size) if locator_at >= 0 else b""
    if not located.startswith(b"PK\x06\x07"):
        return None
    _, _, offset, disks = _LOCATOR.unpack(located)
    if disks > 1:
        raise _several_disks()
    # The offset is off by what stands before the archive; the record itself nearly always has its plain length.
    for at in (locator_at - _END64.size, offset):
        record = file.read_at(at, _END64.size) if 0 <= at <= locator_at - _END64.size else b""
        if record.startswith(b"PK\x06\x06"):
            _, _, _, _, disk, first_disk, here, count, size, start = _END64.unpack(record)
            return at, disk, first_disk, here, count, size, start
    raise _contradicts("its ZIP64 end is not where it should be")


def _several_disks() -> SourceRejected:
    return SourceRejected(
        "The archive is one of several disks: join them first (zip -s 0 in.zip --out whole.zip)."
    )


def _contradicts(what: str) -> SourceRejected:
    return SourceRejected(f"The archive is damaged or was made to mislead ({what}): pack it again.")
