"""A ZIP file as a source: checked as a whole when it is listed, read member by member at any offset."""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from pipeline.domain import member_faults
from pipeline.domain.errors import SourceRejected
from pipeline.domain.ingestion import Fault, Member, SourceKind
from pipeline.ports import RandomAccess
from pipeline.stages.unpacking.limits import ArchiveLimits
from pipeline.stages.unpacking.spans import ReadSpan, spans
from pipeline.stages.unpacking.zip_directory import Directory, ZipEntry, entries, find_directory
from pipeline.stages.unpacking.zip_members import LOCAL, STORED, is_directory, local_length, member
from pipeline.stages.unpacking.zip_names import NameSample

#: A local header's name and extra field are at most this long.
_LONGEST_TAIL = 2 * 0xFFFF
#: Most extra fields of a local header are shorter: one read finds header, name and extra.
_USUAL_EXTRA = 64
#: Bytes by which deflate may make a member larger that it cannot make smaller.
_SWELL = 1024 * 1024


class ZipArchive:
    """The ZIP `file`. The listing goes through the central directory twice, and holds 48 bytes for each entry.

    The first time it checks: the number of entries, the unpacked size they declare, that each lies within the file
    and that no two overlap; where the file is near, each local header too. Of a file that is far, a local header is
    checked when its member is read. Either way the declared packed sizes together fit into the file: no byte of it
    is ever unpacked twice.
    """

    kind = SourceKind.ZIP
    sequential = False

    def __init__(self, file: RandomAccess, limits: ArchiveLimits) -> None:
        self._file, self._limits = file, limits

    def fingerprint(self) -> str:
        """The file's own. Raises SourceMissing, ObjectStoreUnavailable."""
        return self._file.fingerprint()

    def members(self) -> Iterator[Member]:
        """Every member; folders are none. Raises SourceRejected before the first of them, SourceMissing."""
        directory = find_directory(self._file)
        bounds, page = self._bounds(directory)
        ordinal = 0
        for entry, bound in zip(entries(self._file, directory), bounds, strict=True):
            if not is_directory(entry):
                yield member(entry, ordinal, bound, page)
                ordinal += 1

    def read(self, members: Iterable[Member], *, max_bytes: int) -> Iterator[tuple[Member, bytes | Fault]]:
        """The bytes of each member. Raises SourceRejected where a local header disagrees with the listing."""

        def extent(member: Member) -> tuple[int, int]:
            place = _located(member)
            offset = place.offset
            if _too_large(member, max_bytes):
                return offset, offset
            return offset, min(place.bound, offset + LOCAL.size + _LONGEST_TAIL + place.packed)

        for span in spans(members, extent):
            data = self._span(span)
            for wanted in span.members:
                start, end = extent(wanted)
                fault = _too_large(wanted, max_bytes)
                yield wanted, fault or _unpacked(wanted, data[start - span.start : end - span.start])

    def _span(self, span: ReadSpan) -> memoryview:
        data = self._file.read_at(span.start, span.end - span.start) if span.end > span.start else b""
        if len(data) < span.end - span.start:
            raise SourceRejected(
                "The archive ends within a member: it was cut off on its way; copy it again."
            )
        return memoryview(data)

    def _bounds(self, directory: Directory) -> tuple[array[int], str | None]:
        """For each entry, where what follows it begins; and the page of the names that are not UTF-8 (None: several).

        Raises SourceRejected where the entries cannot be so.
        """
        self._limits.check(directory.count, 0)
        starts, ends = array("q"), array("q")
        names = NameSample()
        unpacked = 0
        for entry in entries(self._file, directory):
            unpacked += entry.size
            end = entry.offset + self._header_length(entry, directory) + entry.packed
            if not 0 <= entry.offset <= end <= directory.start:
                raise SourceRejected(
                    "The archive is damaged or was made to mislead (a member would lie beyond the file): pack it again."
                )
            names.add(entry.raw_name, entry.flags)
            starts.append(entry.offset)
            ends.append(end)
            self._limits.check(len(starts), unpacked)
        counted = len(starts) if directory.exact else len(starts) & 0xFFFF
        if counted != directory.count:
            raise SourceRejected(
                f"The archive is damaged ({directory.count:,} members announced, {len(starts):,} there): pack it again."
            )
        bounds = _followers(np.frombuffer(starts, "q"), np.frombuffer(ends, "q"), directory.start)
        return bounds, names.page()

    def _header_length(self, entry: ZipEntry, directory: Directory) -> int:
        """Bytes of the local header, at least; exactly, and compared with the entry, where the file is near."""
        least = LOCAL.size + len(entry.raw_name)
        if not self._file.near or not 0 <= entry.offset < directory.start:
            return least
        header = self._file.read_at(entry.offset, least + _USUAL_EXTRA)
        if len(header) >= LOCAL.size:
            whole = least + int.from_bytes(header[28:30], "little")
            if whole > len(header):
                header = self._file.read_at(entry.offset, whole)
        return local_length(
            memoryview(header),
            name_crc=zlib.crc32(entry.raw_name),
            packed=entry.packed,
            size=entry.size,
            crc=entry.crc,
            method=entry.method,
            flags=entry.flags,
        )


def _followers(starts: np.ndarray, ends: np.ndarray, last: int) -> array[int]:
    """For each extent the start of the next one in the file, `last` for the last. Raises SourceRejected on overlap."""
    order = np.argsort(starts, kind="stable")
    following = np.append(starts[order[1:]], last)
    if (ends[order] > following).any():
        raise _overlap()
    bounds = np.empty_like(starts)
    bounds[order] = following
    return array("q", bounds.tobytes())


class _Place(NamedTuple):
    """A member's locator."""

    offset: int
    packed: int
    crc: int
    method: int
    flags: int
    bound: int
    name_crc: int | None = None  #: of members that were listed and stored by an earlier version


def _located(member: Member) -> _Place:
    return _Place(*(int(value) for value in member.locator))


def _too_large(member: Member, max_bytes: int) -> Fault | None:
    size, packed = member.size or 0, int(member.locator[1])
    if max(size, packed - _SWELL) > max_bytes:
        return member_faults.too_large(max(size, packed), max_bytes)
    return None


def _unpacked(member: Member, data: memoryview) -> bytes | Fault:
    """The bytes of one member, whose local header `data` begins with."""
    place = _located(member)
    packed, size = place.packed, member.size or 0
    start = local_length(
        data,
        name_crc=place.name_crc,
        packed=packed,
        size=size,
        crc=place.crc,
        method=place.method,
        flags=place.flags,
    )
    if start + packed > len(data):
        raise _overlap()
    inside = data[start : start + packed]
    content = bytes(inside) if place.method == STORED else _inflated(inside, size)
    if isinstance(content, Fault):
        return content
    if zlib.crc32(content) != place.crc:
        return member_faults.corrupt("its checksum is another")
    return content


def _inflated(data: memoryview, size: int) -> bytes | Fault:
    """The unpacked bytes, never more than one above the size declared."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        content = inflater.decompress(data, size + 1)
    except zlib.error:
        return member_faults.corrupt("it does not unpack")
    if len(content) > size:
        return member_faults.corrupt("it unpacks to more than it declares")
    if len(content) < size or not inflater.eof:
        return member_faults.corrupt("it unpacks to less than it declares")
    return content


def _overlap() -> SourceRejected:
    return SourceRejected(
        "The archive's members overlap, which no zip program writes: it was made to mislead; pack it again."
    )
