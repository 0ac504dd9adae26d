"""Addresses of S3 objects and prefixes, and what a failed read of one means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from botocore.exceptions import ClientError, ParamValidationError

from pipeline.adapters.aws.s3_errors import code_of, translated
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
    if ".." in address.split("/"):  # S3 takes it literally; what only speaks its protocol may not
        return False
    return any(address == folder or address.startswith(folder.rstrip("/") + "/") for folder in folders)


@contextmanager
def source_errors(bucket: str, key: str) -> Iterator[None]:
    """Every failure of the SDK as one of ours. Raises SourceMissing, ObjectStoreUnavailable.

    `key` of SourceMissing is the code of the fault that a member has then.
    """
    address = f"{SCHEME}{bucket}/{key}"
    try:
        with translated(bucket, key), _usable(address):
            yield
    except ObjectMissing:
        raise SourceMissing(f"There is no {address}: check it; a prefix ends with a slash.") from None
    except ObjectStoreUnavailable as error:
        if error.key in ("NoSuchBucket", "404"):
            raise SourceMissing(f"There is no bucket {bucket}: check the address.") from None
        if error.key in ("AccessDenied", "403", "InvalidObjectState"):
            raise SourceMissing(
                f"{address} may not be read ({error.key}): allow the service's credentials s3:GetObject and "
                "s3:ListBucket there, and restore what is in Glacier.",
                key="unreadable",
            ) from None
        if error.key in ("PreconditionFailed", "412"):
            raise SourceMissing(
                f"{address} changed while it was read: begin again when it is complete."
            ) from None
        raise


@contextmanager
def _usable(address: str) -> Iterator[None]:
    try:
        yield
    except ParamValidationError:
        raise SourceMissing(f"{address} is no S3 address: check its bucket and key.") from None
    except ClientError as error:
        if code_of(error) in ("InvalidBucketName", "KeyTooLongError"):
            raise SourceMissing(f"{address} is no S3 address: check its bucket and key.") from None
        raise
