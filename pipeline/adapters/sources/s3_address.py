"""Addresses of S3 objects and prefixes, and what a failed read of one means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from pipeline.adapters.s3_errors import translated
from pipeline.domain.errors import ObjectMissing, ObjectStoreUnavailable, SourceMissing

SCHEME = "s3://"


def split(address: str) -> tuple[str, str]:
    """Bucket and key (or prefix) of an `s3://` address. Raises SourceMissing where it names no bucket."""
    bucket, _, key = address.removeprefix(SCHEME).partition("/")
    if not address.startswith(SCHEME) or not bucket:
        raise SourceMissing(f"{address} is no S3 address: write s3://bucket/key, or s3://bucket/prefix/.")
    return bucket, key


def is_within(address: str, folders: Sequence[str]) -> bool:
    """Whether an address lies in one of these `s3://bucket/prefix` folders, or is one of them."""
    return any(address == folder or address.startswith(folder.rstrip("/") + "/") for folder in folders)


@contextmanager
def source_errors(bucket: str, key: str) -> Iterator[None]:
    """Every failure of the SDK as one of ours. Raises SourceMissing, ObjectStoreUnavailable."""
    address = f"{SCHEME}{bucket}/{key}"
    try:
        with translated(bucket, key):
            yield
    except ObjectMissing:
        raise SourceMissing(f"There is no {address}: check it; a prefix ends with a slash.") from None
    except ObjectStoreUnavailable as error:
        if error.key in ("NoSuchBucket", "404"):
            raise SourceMissing(f"There is no bucket {bucket}: check the address.") from None
        if error.key in ("AccessDenied", "403"):
            raise SourceMissing(
                f"{address} may not be read: allow the service's credentials s3:GetObject and s3:ListBucket there."
            ) from None
        if error.key in ("PreconditionFailed", "412"):
            raise SourceMissing(
                f"{address} changed while it was read: begin again when it is complete."
            ) from None
        raise
