"""Archives in memory, for the targets that unpack them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from pipeline.stages.unpack_archive import UnpackArchive

_MOST_MEMBERS, _MOST_UNPACKED = 500, 1 << 24
_MAX_BYTES = 64 * 1024


@dataclass(frozen=True)
class Bytes:
    """RandomAccess to bytes."""

    content: bytes
    near: bool
    name: str = "archive"

    @property
    def size(self) -> int:
        return len(self.content)

    def fingerprint(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    def read_at(self, offset: int, length: int) -> bytes:
        assert offset >= 0, "nothing lies before the beginning"
        assert length >= 0, "no read is of less than nothing"
        return self.content[offset : offset + length]


def unpack(data: bytes, *, near: bool) -> None:
    """List and read every member, as an ingestion does; each is told once, and no larger than is allowed."""
    unpacker = UnpackArchive(max_members=_MOST_MEMBERS, max_unpacked_bytes=_MOST_UNPACKED)
    source = unpacker.run(Bytes(data, near))
    members = list(source.members())
    assert [member.ordinal for member in members] == list(range(len(members)))
    readable = [member for member in members if member.fault is None]
    read = list(source.read(readable, max_bytes=_MAX_BYTES))
    assert [member.ordinal for member, _ in read] == [member.ordinal for member in readable]
    assert all(len(content) <= _MAX_BYTES for _, content in read if isinstance(content, bytes))
