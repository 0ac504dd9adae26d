"""What an archive may hold at most."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.domain.errors import SourceRejected


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """`members` counts entries, directories too; `unpacked` is bytes over all of them."""

    members: int = 2_000_000
    unpacked: int = 1 << 40

    def check(self, members: int, unpacked: int) -> None:
        """Raises SourceRejected where this many, or this much, is over a limit."""
        if members > self.members:
            raise SourceRejected(
                f"The archive has more than {self.members:,} members: split it, or raise MAX_ARCHIVE_MEMBERS."
            )
        if unpacked > self.unpacked:
            raise SourceRejected(
                f"The archive unpacks to more than {self.unpacked:,} bytes: pack it anew in parts, or raise "
                "MAX_ARCHIVE_BYTES."
            )
