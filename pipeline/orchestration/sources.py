"""What a location names, as the source of a bulk ingestion."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.orchestration.wiring import aws_access
from pipeline.settings import Settings

if TYPE_CHECKING:
    from pipeline.ports import RandomAccess, Source

_MANIFESTS = (".csv", ".ndjson", ".jsonl")


def open_source(location: str, settings: Settings, *, s3_prefixes: Sequence[str] | None = None) -> Source:
    """The source at a local path, or at `s3://bucket/key`, or at `s3://bucket/prefix/` with its slash.

    What a file is, its content says; only a manifest is told by its name (.csv, .ndjson, .jsonl). `s3_prefixes` are
    the `s3://bucket/prefix` folders outside which a manifest's rows are skipped; None allows every one. Raises
    SourceMissing, SourceRejected, ObjectStoreUnavailable.
    """
    if location.startswith("s3://"):
        return _remote(location, settings, s3_prefixes)
    return _local(Path(location), settings, s3_prefixes)


def _local(path: Path, settings: Settings, s3_prefixes: Sequence[str] | None) -> Source:
    from pipeline.adapters.sources.folder import Folder
    from pipeline.adapters.sources.local_file import LocalFile

    if path.is_dir():
        return Folder(path)
    return _archive(LocalFile(path), settings)


def _archive(file: RandomAccess, settings: Settings) -> Source:
    from pipeline.stages.unpack_archive import UnpackArchive

    unpack = UnpackArchive(
        max_members=settings.max_archive_members, max_unpacked_bytes=settings.max_archive_bytes
    )
    return unpack.run(file)


def _remote(location: str, settings: Settings, s3_prefixes: Sequence[str] | None) -> Source:
    from pipeline.adapters.sources.s3_address import split
    from pipeline.adapters.sources.s3_file import S3File

    bucket, key = split(location)
    return _archive(S3File(aws_access(settings).client("s3"), bucket, key), settings)
