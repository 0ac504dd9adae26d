"""An S3 object, read at any offset by range requests."""

from __future__ import annotations

import hashlib
from typing import Any

from botocore.exceptions import BotoCoreError

from pipeline.adapters.sources.s3_address import SCHEME, source_errors

#: boto3 repeats a request, but not the reading of its answer.
_TRIES = 3


class S3File:
    """One object as it was when it was opened: every read asks for the same ETag."""

    near = False

    def __init__(self, s3: Any, bucket: str, key: str) -> None:
        """`s3` is a client of `AwsAccess`. Raises SourceMissing, ObjectStoreUnavailable."""
        self._s3, self._bucket, self._key = s3, bucket, key
        self.name = key.rsplit("/", 1)[-1]
        with source_errors(bucket, key):
            head = s3.head_object(Bucket=bucket, Key=key)
        self.size: int = head["ContentLength"]
        self._etag: str = head["ETag"]

    def fingerprint(self) -> str:
        """Over the address and the ETag."""
        return hashlib.sha256(f"{SCHEME}{self._bucket}/{self._key}\0{self._etag}".encode()).hexdigest()

    def read_at(self, offset: int, length: int) -> bytes:
        """At most `length` bytes from `offset`. Raises SourceMissing where it changed, ObjectStoreUnavailable."""
        end = min(offset + length, self.size)
        if end <= offset:
            return b""
        with source_errors(self._bucket, self._key):
            return self._range(f"bytes={offset}-{end - 1}", _TRIES)

    def _range(self, wanted: str, tries: int) -> bytes:
        answer = self._s3.get_object(Bucket=self._bucket, Key=self._key, Range=wanted, IfMatch=self._etag)
        try:
            data: bytes = answer["Body"].read()
        except BotoCoreError:
            if tries == 1:
                raise
            return self._range(wanted, tries - 1)
        return data
