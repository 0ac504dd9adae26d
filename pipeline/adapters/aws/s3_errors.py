"""What S3's failures mean, shared by the object store and the sources of bulk ingestions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from pipeline.domain.errors import ObjectMissing, ObjectStoreUnavailable


def code_of(error: ClientError) -> str:
    """S3's own name of what went wrong; for answers without a body, the status."""
    return str(error.response.get("Error", {}).get("Code", ""))


@contextmanager
def translated(bucket: str, key: str | None) -> Iterator[None]:
    """Every failure of the SDK as one of ours. Raises ObjectMissing, ObjectStoreUnavailable."""
    try:
        yield
    except ClientError as error:
        code = code_of(error)
        if key is not None and code in ("NoSuchKey", "404") and error.operation_name != "ListObjectVersions":
            raise ObjectMissing(key=key) from None
        raise ObjectStoreUnavailable(f"S3 refused ({code}): {_advice(code, bucket)}", key=code) from None
    except BotoCoreError as error:
        raise ObjectStoreUnavailable(
            f"S3 does not answer ({type(error).__name__}): check AWS_ENDPOINT_URL, AWS_DEFAULT_REGION, the "
            "credentials and the network."
        ) from None


def _advice(code: str, bucket: str) -> str:
    if code in ("NoSuchBucket", "404"):
        return f"there is no bucket {bucket}: create it, or correct AWS_S3_BUCKET_NAME."
    if code in ("AccessDenied", "403", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken"):
        return (
            f"check the credentials, and that they may get, put, list and delete (versions too) in {bucket}."
        )
    if code in ("PermanentRedirect", "301", "AuthorizationHeaderMalformed"):
        return f"the bucket {bucket} is in another region: correct AWS_DEFAULT_REGION."
    if code == "PreconditionFailed":
        return "another object has this key already, which only a copied database explains."
    return "try again later; if it lasts, look at the bucket's configuration."
