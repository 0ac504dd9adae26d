"""Unpack an archive: what its bytes say it is, as a source whose members are read one by one."""

from __future__ import annotations

from pipeline.domain.errors import SourceRejected
from pipeline.ports import RandomAccess, Source
from pipeline.stages.unpacking.decompression import decoder_for
from pipeline.stages.unpacking.limits import ArchiveLimits
from pipeline.stages.unpacking.tar_archive import CompressedTarArchive, TarArchive
from pipeline.stages.unpacking.tar_headers import BLOCK, is_tar
from pipeline.stages.unpacking.zip_archive import ZipArchive
from pipeline.stages.unpacking.zip_directory import has_directory


class UnpackArchive:
    """RandomAccess -> Source."""

    def __init__(self, *, max_members: int, max_unpacked_bytes: int) -> None:
        """The two limits are over the whole archive."""
        self._limits = ArchiveLimits(max_members, max_unpacked_bytes)

    def run(self, file: RandomAccess) -> Source:
        """The archive, by its content: its name is never asked.

        Nothing but its two ends is read here. Raises SourceRejected where it is none, SourceMissing,
        ObjectStoreUnavailable.
        """
        head = file.read_at(0, BLOCK)
        if decoder := decoder_for(head):
            return CompressedTarArchive(file, self._limits, decoder)
        if len(head) == BLOCK and is_tar(head):
            return TarArchive(file, self._limits)
        if head.startswith((b"PK\x03\x04", b"PK\x05\x06")) or has_directory(file):
            return ZipArchive(file, self._limits)
        raise SourceRejected(
            f"{file.name} is neither ZIP nor TAR (gzip, zstd, bzip2 and xz are read too): pack it as one of these."
        )
