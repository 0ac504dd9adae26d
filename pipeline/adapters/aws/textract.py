"""Textract as the OCR engine: asynchronous jobs on objects in S3, begun once and fetched when they are done.

Where a job stands is remembered in the note of the paid work, so that any later run, of this application or of
another with equal bytes, goes on where the last one stopped:

    {"try": 1, "token": …, "key": …}                     committed before Start, which answers the same job for
                                                          the same token however often it is asked
    {… "job": JobId, "started": seconds since 1970}       committed after it
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from pipeline.adapters.aws.access import AwsAccess
from pipeline.adapters.aws.textract_blocks import pages_of, trimmed, unread_of
from pipeline.domain.errors import (
    NotYet,
    OcrFailed,
    ResourceLimit,
    ResumesError,
    UnsupportedDocument,
    VendorBusy,
    VendorTimeout,
)
from pipeline.domain.ocr import OcrDocument, OcrPage, OcrText
from pipeline.domain.spending import Usage
from pipeline.domain.trace import carried
from pipeline.domain.version import source_version
from pipeline.ports import PaidCall, PaidWork

#: Of the blocks as they are stored: raise when more of them is needed than older answers hold. It asks anew, and pays.
_FORMAT = 1
_STAGE = "ocr"
#: A job that failed is begun once more: most failures pass.
_TRIES = 2
_PAGE_OF_BLOCKS = 1000
_CALLS_AT_ONCE = 16
#: Polling grows with the time a job takes, so that long jobs cost few calls and short ones little waiting.
_FIRST_POLL_S, _LONGEST_POLL_S, _POLL_SHARE = 1.0, 30.0, 0.33
#: With notifications a poll is only the backstop for one that was lost.
_NOTIFIED_POLL_S = 60.0
_REFUSED_AGAIN_S = 60.0

_THROTTLED = {
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
    "LimitExceededException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
}
_REFUSED = {
    "AccessDeniedException": "allow textract:StartDocumentTextDetection, textract:GetDocumentTextDetection "
    "(and their Analysis twins) and s3:GetObject on the bucket",
    "UnrecognizedClientException": "check AWS_ACCESS_KEY_ID",
    "InvalidSignatureException": "check AWS_SECRET_ACCESS_KEY",
    "ExpiredTokenException": "renew the temporary credentials",
    "InvalidKMSKeyException": "let the caller use the bucket's KMS key",
}
_UNREADABLE = (
    "Textract cannot read the object: the bucket must be in Textract's region (AWS_DEFAULT_REGION), and the caller "
    "needs s3:GetObject on it."
)
_DOCUMENT: dict[str, type[ResumesError]] = {
    "UnsupportedDocumentException": UnsupportedDocument,
    "BadDocumentException": OcrFailed,
    "DocumentTooLargeException": ResourceLimit,
}


class _Begin(Exception):
    """The job that the note names is of no use: begin another."""


class TextractEngine:
    """An OcrEngine. Needs the document in a bucket that Textract may read."""

    def __init__(
        self,
        access: AwsAccess,
        bucket: str,
        *,
        layout: bool = False,
        topic_arn: str | None = None,
        role_arn: str | None = None,
        notified: bool = False,
        patience_s: float = 24 * 3600,
    ) -> None:
        """`layout` asks for LAYOUT too; `notified`: a queue tells of finished jobs, so polling is slow."""
        # Throttling is the gate's business, which counts; boto3 would ask again behind its back.
        self._client = access.client("textract", attempts=1)
        self._bucket, self._layout, self._notified, self._patience_s = bucket, layout, notified, patience_s
        # Threads of its own: a request that waits for one after its turn has come would not be on time.
        self._threads = ThreadPoolExecutor(_CALLS_AT_ONCE, "textract")
        self._feature = "layout" if layout else "text"
        self._asked = f"textract-{self._feature}-{_FORMAT}"
        self.version = f"textract-{self._feature}-{source_version(__name__)}"
        self._channel: dict[str, Any] = {}
        if topic_arn and role_arn:
            self._channel = {"NotificationChannel": {"SNSTopicArn": topic_arn, "RoleArn": role_arn}}

    async def read(self, document: OcrDocument, paid: PaidWork) -> OcrText:
        """As `OcrEngine.read`."""
        asked = json.dumps([self._asked, document.pages]).encode()

        async def make(call: PaidCall) -> bytes:
            return await self._make(document, call)

        kept = await paid.once(_STAGE, hashlib.sha256(asked).hexdigest(), make)
        numbers = dict(enumerate(document.pages, 1))
        pages = tuple(
            OcrPage(numbers[sent], lines) for sent, lines in pages_of(kept).items() if sent in numbers
        )
        return OcrText(pages, tuple(numbers[sent] for sent in unread_of(kept) if sent in numbers))

    async def check(self) -> None:
        """Ask for a job that cannot exist: the answer shows that the caller may ask. Raises VendorBusy."""
        try:
            await self._call("Get", {"JobId": "0" * 64})
        except _Begin:
            return

    def close(self) -> None:
        """As `OcrEngine.close`."""
        self._threads.shutdown(wait=False)

    async def _make(self, document: OcrDocument, call: PaidCall) -> bytes:
        while True:
            try:
                if "job" not in call.note:
                    await self._start(document, call)
                    raise NotYet(key=self._reason(call), seconds=self._poll_s(0.0))
                return await self._fetch(call)
            except _Begin:
                await call.remember(
                    **{"try": call.note["try"] + 1}, job=None, started=None, token=None, key=None
                )

    # -- begin -----------------------------------------------------------------------------------------

    async def _start(self, document: OcrDocument, call: PaidCall) -> None:
        number = call.note.get("try", 1)
        found: str | None = call.note.get("key")
        key = found or await document.place()
        token = self._token(document, key, number)
        await call.remember(**{"try": number}, token=token, key=key)
        request = {
            "DocumentLocation": {"S3Object": {"Bucket": self._bucket, "Name": key}},
            "ClientRequestToken": token,
            "JobTag": str(document.resume_id),
            **self._channel,
        }

        async def start() -> dict[str, Any]:
            try:
                return await self._call("Start", request)
            except _Begin as error:
                if found is None and str(error) == "InvalidS3ObjectException":
                    # Not an object that went with another application: Textract cannot read the bucket.
                    raise VendorBusy(_UNREADABLE, key=str(error), retry_after_s=_REFUSED_AGAIN_S) from None
                raise

        answer = await call.ask("textract", {"textract-start": 1, "textract-jobs": 1}, start)
        await call.remember(job=answer["JobId"], started=await call.now())

    def _token(self, document: OcrDocument, key: str, number: int) -> str:
        """Equal for a repeat of the same call and for nothing else: 64 characters, as many as are allowed."""
        parts = [
            document.content_sha256,
            self._asked,
            document.pages,
            self._bucket,
            key,
            number,
            self._channel,
        ]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    # -- fetch -----------------------------------------------------------------------------------------

    async def _fetch(self, call: PaidCall) -> bytes:
        request: dict[str, Any] = {"JobId": call.note["job"], "MaxResults": _PAGE_OF_BLOCKS}
        blocks: list[Mapping[str, Any]] = []
        unread: set[int] = set()
        while True:
            answer = await call.ask(
                "textract", {"textract-get": 1}, lambda: self._call("Get", request), billed=False
            )
            await self._require_end(answer, call)
            blocks += answer.get("Blocks", ())
            unread.update(page for warning in answer.get("Warnings", ()) for page in warning.get("Pages", ()))
            if not answer.get("NextToken"):
                break
            request["NextToken"] = answer["NextToken"]
        pages = answer.get("DocumentMetadata", {}).get("Pages", 0)
        call.bill(Usage("textract", self._feature, pages=pages - len(unread)))
        if pages and len(unread) >= pages:
            raise OcrFailed
        return trimmed(blocks, unread=sorted(unread))

    async def _require_end(self, answer: Mapping[str, Any], call: PaidCall) -> None:
        """Return when the job has a result. Raises NotYet, _Begin, OcrFailed, VendorTimeout."""
        status = answer["JobStatus"]
        if status in ("SUCCEEDED", "PARTIAL_SUCCESS"):
            return
        if status == "FAILED":
            if call.note["try"] < _TRIES:
                raise _Begin
            raise OcrFailed
        elapsed = await call.now() - call.note["started"]
        if elapsed > self._patience_s:
            raise VendorTimeout(
                f"Textract has worked on the document for {elapsed / 3600:.0f} hours: reprocess the resume.",
                key="textract",
            )
        raise NotYet(key=self._reason(call), seconds=self._poll_s(elapsed))

    @staticmethod
    def _reason(call: PaidCall) -> str:
        return f"textract:{call.note['job']}"

    def _poll_s(self, elapsed: float) -> float:
        if self._notified:
            return _NOTIFIED_POLL_S
        return min(_LONGEST_POLL_S, max(_FIRST_POLL_S, _POLL_SHARE * elapsed))

    # -- the wire --------------------------------------------------------------------------------------

    async def _call(self, verb: str, request: Mapping[str, Any]) -> dict[str, Any]:
        kind = "analysis" if self._layout else "text_detection"
        parameters = dict(request)
        if self._layout and verb == "Start":
            parameters["FeatureTypes"] = ["LAYOUT"]
        method: Callable[..., dict[str, Any]] = getattr(self._client, f"{verb.lower()}_document_{kind}")
        try:
            call = partial(method, **parameters)
            return await asyncio.get_running_loop().run_in_executor(self._threads, carried(call))
        except ClientError as error:
            raise _translated(error) from None
        except BotoCoreError as error:
            name = type(error).__name__
            raise VendorBusy(
                f"Textract does not answer ({name}): check AWS_DEFAULT_REGION and the network.", key=name
            ) from None


def _translated(error: ClientError) -> Exception:
    """The error as one of ours; one that only a bug of ours explains as it is."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _THROTTLED:
        return VendorBusy(f"Textract throttles ({code}).", key=code, throttled=True)
    if code in _REFUSED:
        message = f"Textract refuses ({code}): {_REFUSED[code]}."
        return VendorBusy(message, key=code, retry_after_s=_REFUSED_AGAIN_S)
    if code in _DOCUMENT:
        return _DOCUMENT[code]()
    # The job expired (after a week), its token was used otherwise, or another application's object is gone.
    if code in ("InvalidJobIdException", "IdempotentParameterMismatchException", "InvalidS3ObjectException"):
        return _Begin(code)
    if status >= 500 or code == "InternalServerError":
        return VendorBusy(f"Textract is not available ({code}).", key=code)
    return error  # type: ignore[no-any-return] # botocore is untyped
