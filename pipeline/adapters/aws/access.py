"""Access to AWS, shared by the adapters of S3, Textract and SQS."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.awsrequest import AWSPreparedRequest
from botocore.config import Config

from pipeline.domain.trace import traceparent

#: An outage is noticed within seconds; a read is one part or one answer, never a whole archive.
_CONNECT_S = 3
_READ_S = 20
_CONNECTIONS = 32


@dataclass(frozen=True, slots=True)
class AwsAccess:
    """Credentials, region and endpoint. What is None is left to boto3's own search."""

    access_key_id: str | None = None
    secret_access_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)
    region: str | None = None
    endpoint_url: str | None = None

    def client(self, service: str, *, attempts: int = 3, read_s: float = _READ_S) -> Any:
        """A thread-safe client. `attempts` counts boto3's own tries of a call, the first one included."""
        config = Config(
            connect_timeout=_CONNECT_S,
            read_timeout=read_s,
            max_pool_connections=_CONNECTIONS,
            retries={"total_max_attempts": attempts, "mode": "standard"},
            # Only S3 knows these two; a custom endpoint rarely has a host name for each bucket.
            signature_version="s3v4" if service == "s3" else None,
            s3={"addressing_style": "path"} if service == "s3" and self.endpoint_url else None,
        )
        session = boto3.Session(
            aws_access_key_id=self.access_key_id,
            aws_secret_access_key=self.secret_access_key,
            aws_session_token=self.session_token,
            region_name=self.region,
        )
        region = session.region_name or "us-east-1"
        client = session.client(service, endpoint_url=self.endpoint_url, region_name=region, config=config)
        client.meta.events.register("before-send", _pass_trace_on)
        return client


def _pass_trace_on(request: AWSPreparedRequest, **_: Any) -> None:
    """Name the trace that a call belongs to; after it was signed, so that a proxy may change what it says."""
    if (told := traceparent()) is not None:
        request.headers["traceparent"] = told
