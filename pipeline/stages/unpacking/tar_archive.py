"""TAR files as sources: plain ones are read at any offset, compressed ones from the beginning each time."""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from pipeline.domain import member_faults
from pipeline.domain.errors import SourceRejected
from pipeline.domain.ingestion import Fault, Member, SourceKind
from pipeline.domain.member_faults import LONGEST_NAME, name_fault, storable
from pipeline.ports import RandomAccess
from pipeline.stages.unpacking.decompression import Decoder, unpacked
from pipeline.stages.unpacking.limits import ArchiveLimits
from pipeline.stages.unpacking.spans import spans
from pipeline.stages.unpacking.tape import FileTape, StreamTape, Tape
from pipeline.stages.unpacking.tar_headers import TarEntry, entries

#: A compressed archive unpacks to at most so many times its size; small ones to at most a gibibyte.
_MOST_TIMES, _ANY_SIZE = 200, 1 << 30
_BY_TYPE = {
    tarfile.SYMTYPE: member_faults.SYMLINK,
    tarfile.LNKTYPE: member_faults.HARDLINK,
    tarfile.CHRTYPE: member_faults.DEVICE,
    tarfile.BLKTYPE: member_faults.DEVICE,
    tarfile.FIFOTYPE: member_faults.DEVICE,
}


class TarArchive:
    """The plain TAR `file`. A member's locator is (where its bytes begin, how many they are)."""

    kind = SourceKind.TAR
    sequential = False

    def __init__(self, file: RandomAccess, limits: ArchiveLimits) -> None:
        self._file, self._limits = file, limits

    def fingerprint(self) -> str:
        """The file's own. Raises SourceMissing, ObjectStoreUnavailable."""
        return self._file.fingerprint()

    def members(self) -> Iterator[Member]:
        """Every member; folders are none. Raises SourceRejected, which may be after the last of them."""
        return _members(FileTape(self._file), self._limits)

    def read(self, members: Iterable[Member], *, max_bytes: int) -> Iterator[tuple[Member, bytes | Fault]]:
        """The bytes of each member. Raises SourceRejected where the file is shorter than it was."""

        def extent(member: Member) -> tuple[int, int]:
            start, size = (int(value) for value in member.locator)
            return start, start + (size if size <= max_bytes else 0)

        for span in spans(members, extent):
            data = self._file.read_at(span.start, span.end - span.start) if span.end > span.start else b""
            if len(data) < span.end - span.start:
                raise SourceRejected("The archive ends within a member: copy it again.")
            for member in span.members:
                start, end = extent(member)
                fault = _too_large(member, max_bytes)
                yield member, fault or data[start - span.start : end - span.start]


class CompressedTarArchive:
    """The compressed TAR `file`. A member is found again by its number, through all that stands before it."""

    kind = SourceKind.TAR
    sequential = True

    def __init__(self, file: RandomAccess, limits: ArchiveLimits, decoder: Callable[[], Decoder]) -> None:
        self._file, self._limits, self._decoder = file, limits, decoder

    def fingerprint(self) -> str:
        """The file's own. Raises SourceMissing, ObjectStoreUnavailable."""
        return self._file.fingerprint()

    def members(self) -> Iterator[Member]:
        """Every member; folders are none. Raises SourceRejected, which may be after the last of them."""
        return _members(self._tape(), self._limits)

    def read(self, members: Iterable[Member], *, max_bytes: int) -> Iterator[tuple[Member, bytes | Fault]]:
        """The bytes of each member, from one run that ends at the last of them. Raises SourceRejected."""
        tape = self._tape()
        found = _members(tape, self._limits)
        for wanted in members:
            at_hand = next((member for member in found if member.ordinal == wanted.ordinal), None)
            if at_hand is None:
                raise SourceRejected("The archive ends before a member that its listing had: copy it again.")
            yield wanted, _too_large(at_hand, max_bytes) or _whole(tape, at_hand)

    def _tape(self) -> StreamTape:
        # Text packs well, but not like this: what unpacks to more is made to keep its readers busy.
        most = max(_ANY_SIZE, _MOST_TIMES * self._file.size)
        limits = replace(self._limits, unpacked=min(self._limits.unpacked, most))
        return StreamTape(unpacked(self._file, self._decoder), limits)


def _members(tape: Tape, limits: ArchiveLimits) -> Iterator[Member]:
    """Every member but folders; while one is at hand, the tape stands at its data."""
    ordinal = 0
    for entry in entries(tape, limits):
        if entry.type != tarfile.DIRTYPE:
            fault = _fault(entry)
            name = storable(entry.name)[:LONGEST_NAME]
            yield Member(ordinal, name, (entry.data_at, entry.size), entry.size, fault=fault)
            ordinal += 1


def _fault(entry: TarEntry) -> Fault | None:
    if fault := _BY_TYPE.get(entry.type):
        return fault
    if fault := name_fault(entry.name):
        return fault
    if entry.sparse:
        return member_faults.SPARSE
    return member_faults.EMPTY if entry.size == 0 else None


def _too_large(member: Member, max_bytes: int) -> Fault | None:
    size = member.size or 0
    return member_faults.too_large(size, max_bytes) if size > max_bytes else None


def _whole(tape: Tape, member: Member) -> bytes:
    data = tape.read(member.size or 0)
    if len(data) != member.size:
        raise SourceRejected("The archive ends within a member: copy it again.")
    return data
