"""What a location names, as the source of a bulk ingestion."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
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


def source_key(fingerprint: str, job_post_id: str | None) -> str:
    """What makes two ingestions the same: the source as it is now, and the job post it was ingested for."""
    return hashlib.sha256(f"{fingerprint}:{job_post_id or ''}".encode()).hexdigest()


def _local(path: Path, settings: Settings, s3_prefixes: Sequence[str] | None) -> Source:
    from pipeline.adapters.sources.folder import Folder
    from pipeline.adapters.sources.local_file import LocalFile

    if path.is_dir():
        return Folder(path)
    file = LocalFile(path)
    if path.suffix.lower() in _MANIFESTS:
        return _manifest(file, path.suffix, path.resolve().parent, settings, s3_prefixes)
    return _archive(file, settings)


def _remote(location: str, settings: Settings, s3_prefixes: Sequence[str] | None) -> Source:
    from pipeline.adapters.sources.s3_address import split
    from pipeline.adapters.sources.s3_file import S3File
    from pipeline.adapters.sources.s3_prefix import S3Prefix

    bucket, key = split(location)
    s3 = aws_access(settings).client("s3")
    if not key or key.endswith("/"):
        return S3Prefix(s3, bucket, key)
    file = S3File(s3, bucket, key)
    folder, _, name = location.rpartition("/")
    suffix = PurePosixPath(name).suffix
    if suffix.lower() in _MANIFESTS:
        return _manifest(file, suffix, folder, settings, s3_prefixes)
    return _archive(file, settings)


def _archive(file: RandomAccess, settings: Settings) -> Source:
    from pipeline.stages.unpack_archive import UnpackArchive

    unpack = UnpackArchive(
        max_members=settings.max_archive_members, max_unpacked_bytes=settings.max_archive_bytes
    )
    return unpack.run(file)


def _manifest(
    file: RandomAccess, suffix: str, base: Path | str, settings: Settings, allowed: Sequence[str] | None
) -> Source:
    from pipeline.adapters.sources.manifest_files import ManifestFiles
    from pipeline.stages.unpacking.manifest import Manifest

    files = ManifestFiles(
        base, lambda: aws_access(settings).client("s3"), allowed, own_bucket=settings.aws_s3_bucket_name
    )
    return Manifest(file, files, ndjson=suffix.lower() != ".csv")
