"""A TAR file from its beginning to its end: read or skipped over, never turned back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from pipeline.ports import RandomAccess
from pipeline.stages.unpacking.limits import ArchiveLimits

_NEAR, _FAR = 256 * 1024, 8 * 1024 * 1024


class Tape(Protocol):
    """`position` counts the bytes that were read or skipped."""

    position: int

    def read(self, length: int) -> bytes:
        """The next `length` bytes; fewer only at the end. Raises what the file raises."""

    def skip(self, length: int) -> bool:
        """Go past so many bytes; False where the end comes earlier."""


class FileTape:
    """A plain file; what is skipped beyond the piece at hand is never read."""

    def __init__(self, file: RandomAccess) -> None:
        self._file, self._piece, self._start = file, b"", 0
        self._length = _NEAR if file.near else _FAR
        self.position = 0

    def read(self, length: int) -> bytes:
        at = self.position - self._start
        if at + length > len(self._piece):
            self._piece = self._file.read_at(self.position, max(length, self._length))
            self._start, at = self.position, 0
        data = self._piece[at : at + length]
        self.position += len(data)
        return data

    def skip(self, length: int) -> bool:
        self.position += length
        return self.position <= self._file.size


class StreamTape:
    """Pieces that come one after the other. Raises SourceRejected above the limit of unpacked bytes."""

    def __init__(self, pieces: Iterator[bytes], limits: ArchiveLimits) -> None:
        self._pieces, self._limits = pieces, limits
        self._piece, self._at, self._received = b"", 0, 0
        self.position = 0

    def read(self, length: int) -> bytes:
        parts = []
        while length and self._fill():
            part = self._piece[self._at : self._at + length]
            self._move(len(part))
            length -= len(part)
            parts.append(part)
        return b"".join(parts)

    def skip(self, length: int) -> bool:
        while length and self._fill():
            step = min(length, len(self._piece) - self._at)
            self._move(step)
            length -= step
        return length == 0

    def _move(self, length: int) -> None:
        self._at += length
        self.position += length

    def _fill(self) -> bool:
        if self._at == len(self._piece):
            self._piece, self._at = next(self._pieces, b""), 0
            self._received += len(self._piece)
            self._limits.check(0, self._received)
        return bool(self._piece)
