"""The object store on S3, or on whatever speaks its protocol."""

from __future__ import annotations

import base64
import hashlib
import logging
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from pipeline.adapters.aws.access import AwsAccess
from pipeline.adapters.aws.s3_errors import code_of, translated
from pipeline.adapters.object_keys import FOLDERS, checked
from pipeline.domain.attachment import content_disposition
from pipeline.domain.errors import ObjectStoreUnavailable

log = logging.getLogger(__name__)

_PIECE = 1024 * 1024
#: S3 wants parts of at least 5 MiB; what fits into one is sent as one object.
PART = 8 * 1024 * 1024
_ABANDONED_AFTER = timedelta(hours=24)
_CHECK_S = 2
_DELETED_AT_ONCE = 1000


class S3Store:
    """One bucket as an object store. Thread-safe.

    Keys are never used twice (they hold an application's id), so every object is written with
    `If-None-Match: *`: nothing that is there can be replaced.
    """

    def __init__(
        self, bucket: str, access: AwsAccess, *, encryption: str = "none", kms_key_id: str | None = None
    ) -> None:
        """`encryption`: none, AES256 or aws:kms, asked for each object; `kms_key_id` names the key."""
        self._bucket = bucket
        self._s3 = access.client("s3")
        self._probe = access.client("s3", attempts=1, read_s=_CHECK_S)
        self._encryption: dict[str, str] = {}
        if encryption != "none":
            self._encryption["ServerSideEncryption"] = encryption
        if encryption == "aws:kms" and kms_key_id:
            self._encryption["SSEKMSKeyId"] = kms_key_id

    def create(self, key: str) -> S3Writer:
        """Begin an object; nothing is sent before 8 MiB or the commit."""
        return S3Writer(self._s3, self._bucket, checked(key), self._encryption)

    def read(self, key: str) -> bytes:
        """The whole object. Raises ObjectMissing, ObjectStoreUnavailable."""
        return b"".join(self.stream(key))

    def stream(self, key: str) -> Iterator[bytes]:
        """The object in pieces of at most 1 MiB. Raises ObjectMissing, ObjectStoreUnavailable."""
        with translated(self._bucket, checked(key)):
            answer = self._s3.get_object(Bucket=self._bucket, Key=key)
            yield from answer["Body"].iter_chunks(_PIECE)

    def delete(self, key: str) -> None:
        """Remove every version of the object. Raises ObjectStoreUnavailable."""
        with translated(self._bucket, checked(key)):
            versions = [
                {"Key": key, "VersionId": version["VersionId"]}
                for page in self._s3.get_paginator("list_object_versions").paginate(
                    Bucket=self._bucket, Prefix=key
                )
                for version in [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
                if version["Key"] == key
            ]
            for start in range(0, len(versions), _DELETED_AT_ONCE):
                self._delete_versions(versions[start : start + _DELETED_AT_ONCE])

    def presigned_url(self, key: str, *, filename: str, seconds: int) -> str | None:
        """A URL that downloads the object as an attachment, for so many seconds."""
        with translated(self._bucket, checked(key)):
            url: str = self._s3.generate_presigned_url(
                "get_object",
                Params={
                    "Bucket": self._bucket,
                    "Key": key,
                    "ResponseContentDisposition": content_disposition(filename),
                    "ResponseContentType": "application/octet-stream",
                    "ResponseCacheControl": "private, no-store",
                },
                ExpiresIn=seconds,
            )
        return url

    def older_than(self, seconds: float) -> Iterator[str]:
        """The keys of our objects that were stored longer ago than this. Raises ObjectStoreUnavailable."""
        oldest = datetime.now(UTC) - timedelta(seconds=seconds)
        with translated(self._bucket, None):
            for prefix in FOLDERS:
                pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
                for page in pages:
                    yield from (
                        item["Key"] for item in page.get("Contents", ()) if item["LastModified"] < oldest
                    )

    def sweep_unfinished(self) -> int:
        """Abort multipart uploads of ours that were begun a day ago; the number aborted."""
        oldest = datetime.now(UTC) - _ABANDONED_AFTER
        aborted = 0
        with translated(self._bucket, None):
            for page in self._s3.get_paginator("list_multipart_uploads").paginate(Bucket=self._bucket):
                for upload in page.get("Uploads", ()):
                    if upload["Initiated"] < oldest and upload["Key"].startswith(FOLDERS):
                        with suppress(ClientError):  # another sweeper was faster
                            self._s3.abort_multipart_upload(
                                Bucket=self._bucket, Key=upload["Key"], UploadId=upload["UploadId"]
                            )
                            aborted += 1
        return aborted

    def check(self) -> None:
        """Ask for the bucket, once. Raises ObjectStoreUnavailable."""
        with translated(self._bucket, None):
            self._probe.head_bucket(Bucket=self._bucket)

    def _delete_versions(self, versions: list[dict[str, str]]) -> None:
        answer = self._s3.delete_objects(Bucket=self._bucket, Delete={"Objects": versions, "Quiet": True})
        if errors := answer.get("Errors"):
            raise ObjectStoreUnavailable(
                f"S3 did not delete an object of the bucket {self._bucket} ({errors[0].get('Code')}): allow "
                "s3:DeleteObjectVersion, and look for an object lock."
            )


class S3Writer:
    """One object being written: in one request where it is small, else in parts."""

    def __init__(self, s3: Any, bucket: str, key: str, encryption: dict[str, str]) -> None:
        self._s3, self._bucket, self._key, self._encryption = s3, bucket, key, encryption
        self._buffer = bytearray()
        self._upload_id: str | None = None
        self._parts: list[dict[str, Any]] = []

    def write(self, data: bytes) -> None:
        """Append bytes. Raises ObjectStoreUnavailable."""
        self._buffer += data
        while len(self._buffer) >= PART:
            self._send_part(bytes(self._buffer[:PART]))
            del self._buffer[:PART]

    def commit(self) -> None:
        """Make the object durable and visible. Raises ObjectStoreUnavailable."""
        with translated(self._bucket, self._key):
            if self._upload_id is None:
                self._put(bytes(self._buffer))
                return
        self._send_part(bytes(self._buffer))
        with translated(self._bucket, self._key):
            self._complete()

    def abort(self) -> None:
        """Leave no trace. Never raises: what cannot be removed now, the sweep removes."""
        if self._upload_id is None:
            return
        try:
            self._s3.abort_multipart_upload(Bucket=self._bucket, Key=self._key, UploadId=self._upload_id)
        except (BotoCoreError, ClientError) as error:
            log.info("multipart upload left behind", extra={"key": self._key, "error": type(error).__name__})

    def _put(self, data: bytes) -> None:
        digest = hashlib.sha256(data).digest()
        try:
            self._s3.put_object(
                Bucket=self._bucket,
                Key=self._key,
                Body=data,
                ContentType="application/octet-stream",
                ChecksumSHA256=_base64(digest),
                IfNoneMatch="*",
                **self._encryption,
            )
        except ClientError as error:
            # A first try whose answer was lost, repeated by the SDK, meets its own object.
            if code_of(error) != "PreconditionFailed" or not self._is_there(len(data), digest):
                raise

    def _is_there(self, size: int, digest: bytes) -> bool:
        """Whether the key holds exactly these bytes."""
        answer = self._s3.get_object(Bucket=self._bucket, Key=self._key)
        return answer["ContentLength"] == size and hashlib.sha256(answer["Body"].read()).digest() == digest

    def _send_part(self, data: bytes) -> None:
        with translated(self._bucket, self._key):
            if self._upload_id is None:
                begun = self._s3.create_multipart_upload(
                    Bucket=self._bucket,
                    Key=self._key,
                    ContentType="application/octet-stream",
                    ChecksumAlgorithm="SHA256",
                    **self._encryption,
                )
                self._upload_id = begun["UploadId"]
            number = len(self._parts) + 1
            checksum = _base64(hashlib.sha256(data).digest())
            part = self._s3.upload_part(
                Bucket=self._bucket,
                Key=self._key,
                UploadId=self._upload_id,
                PartNumber=number,
                Body=data,
                ChecksumSHA256=checksum,
            )
            self._parts.append({"PartNumber": number, "ETag": part["ETag"], "ChecksumSHA256": checksum})

    def _complete(self) -> None:
        try:
            self._s3.complete_multipart_upload(
                Bucket=self._bucket,
                Key=self._key,
                UploadId=self._upload_id,
                MultipartUpload={"Parts": self._parts},
                IfNoneMatch="*",
            )
        except ClientError as error:
            # As with a single put; the upload itself is gone by then, and only ours had its id.
            if code_of(error) != "NoSuchUpload":
                raise
            self._s3.head_object(Bucket=self._bucket, Key=self._key)


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()
