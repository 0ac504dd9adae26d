"""Textract over HTTP, for the real boto3: jobs, tokens, paging, limits, notifications and every documented error.

Requests and answers are checked against botocore's own model of the service, so that neither side can agree with the
other on something that AWS does not speak. Documents are read from the S3 stand-in; what a page says comes from the
true words that the maker of the page handed to `know`, found again by the page's picture, so that a document cut
down to some of its pages is known as well.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import random
import re
import threading
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import botocore.session
import pypdfium2
import pypdfium2.raw as pdfium
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.standins.aws import AwsStandIn
from tests.standins.blocks import Block, Word, blocks_of
from tests.standins.buckets import TokenBucket
from tests.standins.http import HttpStandIn

MODEL = botocore.session.get_session().get_service_model("textract")
_OPERATIONS = (
    "StartDocumentTextDetection",
    "GetDocumentTextDetection",
    "StartDocumentAnalysis",
    "GetDocumentAnalysis",
)
_MOST_PAGES = 3000
_WIDE = 160  #: pixels of the picture by which a page is known


class Refused(Exception):
    """An error of Textract's, by its name."""

    def __init__(self, code: str, message: str = "", *, status: int = 400) -> None:
        super().__init__(code)
        self.code, self.message, self.status = code, message or code, status


class ContractBroken(AssertionError):
    """A request or an answer that botocore's model of Textract does not know."""


@dataclass
class Job:
    """One job: `ready_at` is when it ends, in seconds of the monotonic clock."""

    id: str
    operation: str
    bucket: str
    key: str
    tag: str | None
    channel: dict[str, str] | None
    blocks: list[Block]
    pages: int
    ready_at: float
    status: str = "SUCCEEDED"
    message: str | None = None
    unread: list[int] = field(default_factory=list)
    expired: bool = False
    told: bool = False


@dataclass
class Faults:
    """What goes wrong on purpose. `queued` are errors of the next calls of an operation; "drop" loses an answer."""

    queued: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    throttled_share: float = 0.0
    failed: set[str] = field(default_factory=set)  #: sha256 of documents whose first job fails
    unread: dict[str, list[int]] = field(default_factory=dict)  #: pages given up, by sha256


class TextractStandIn(HttpStandIn):
    """A server on a free loopback port. Counts: `calls`, `started` jobs, `billed` pages, `throttles`.

    `traceparents` are the headers of that name, one a call.
    """

    def __init__(
        self,
        aws: AwsStandIn,
        *,
        seconds: float = 0.2,
        start_tps: float = 1000,
        get_tps: float = 1000,
        jobs_at_once: int = 1000,
        blocks_a_page: int = 200,
        checked: bool = True,
        seed: int = 0,
    ) -> None:
        """`seconds` that a job takes; `blocks_a_page` caps what one Get answers, below what it is asked for.

        `checked` holds every request and answer to botocore's model, which takes longer than answering.
        """
        super().__init__(Starlette(routes=[Route("/", self._answer, methods=["POST"])]))
        self._aws, self.seconds, self._blocks_a_page, self._checked = aws, seconds, blocks_a_page, checked
        self._limits = {"Start": TokenBucket(start_tps), "Get": TokenBucket(get_tps)}
        self._jobs_at_once = jobs_at_once
        self._random = random.Random(seed)
        self._pages: dict[str, list[tuple[str, float, float, float, float]]] = {}
        self._jobs: dict[str, Job] = {}
        self._tokens: dict[str, tuple[str, str]] = {}
        self._lock = threading.RLock()
        self.faults = Faults()
        self.calls: Counter[str] = Counter()
        self.traceparents: list[str | None] = []
        self.throttles: Counter[str] = Counter()
        self.broken: list[str] = []
        self.billed = 0

    # -- what tests say --------------------------------------------------------------------------------

    def know(self, pdf: bytes, words: Sequence[Word]) -> None:
        """Remember what each page of a made document says: words as `blocks_of` takes them."""
        for number, look in enumerate(_looks(pdf), 1):
            self._pages[look] = [word[1:] for word in words if word[0] == number]

    @property
    def started(self) -> int:
        """Jobs begun: a repeated token begins none."""
        return len(self._jobs)

    def expire(self) -> None:
        """Let every job so far be forgotten, as after a week."""
        for job in self._jobs.values():
            job.expired = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        if self.broken and error is None:
            raise ContractBroken("; ".join(self.broken))

    # -- the wire --------------------------------------------------------------------------------------

    async def _answer(self, request: Request) -> Response:
        target = request.headers.get("x-amz-target", "")
        operation = target.removeprefix("Textract.")
        self.traceparents.append(request.headers.get("traceparent"))
        body = await request.body()
        return await self.in_thread(self._handle, operation, body)

    def _handle(self, operation: str, body: bytes) -> Response:
        if operation not in _OPERATIONS:
            return _error(Refused("UnknownOperationException", operation))
        with self._lock:
            self.calls[operation] += 1
        try:
            parameters = json.loads(body)
            self._check(operation, parameters, "input_shape")
            fault = self._fault(operation)
            act = self._start if operation.startswith("Start") else self._get
            answer = act(operation, parameters)
            if fault == "drop":
                return self.dropped()
        except Refused as refused:
            return _error(refused)
        self._check(operation, answer, "output_shape")
        return JSONResponse(answer, media_type="application/x-amz-json-1.1")

    def _check(self, operation: str, value: dict[str, Any], side: str) -> None:
        if not self._checked:
            return
        shape = getattr(MODEL.operation_model(operation), side)
        problems = [ParamValidator().validate(value, shape).generate_report(), *_patterns(value, shape)]
        told = "; ".join(problem for problem in problems if problem)
        if told:
            self.broken.append(f"{operation} {side}: {told}")
            if side == "input_shape":
                raise Refused("InvalidParameterException", told)

    def _fault(self, operation: str) -> str | None:
        """What was asked to go wrong with this call, raised where it is an error; or a throttle of its own."""
        with self._lock:
            queued = self.faults.queued[operation]
            fault = queued.pop(0) if queued else None
        if fault is None and self._random.random() < self.faults.throttled_share:
            fault = "ProvisionedThroughputExceededException"
        if fault is not None and fault != "drop":
            self.throttles["injected"] += 1
            raise Refused(fault, status=500 if fault == "InternalServerError" else 400)
        kind = "Start" if operation.startswith("Start") else "Get"
        if not self._limits[kind].take():
            self.throttles["natural"] += 1
            self.throttles[kind] += 1
            raise Refused("ProvisionedThroughputExceededException", "Provisioned rate exceeded")
        return fault

    # -- operations ------------------------------------------------------------------------------------

    def _start(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        token = parameters.get("ClientRequestToken")
        said = json.dumps([operation, parameters], sort_keys=True)
        with self._lock:
            if token in self._tokens:
                job_id, before = self._tokens[token]
                if before != said:
                    raise Refused("IdempotentParameterMismatchException")
                return {"JobId": job_id}
            now = time.monotonic()
            if sum(job.ready_at > now for job in self._jobs.values()) >= self._jobs_at_once:
                self.throttles["natural"] += 1
                raise Refused("LimitExceededException")
            job = self._new_job(operation, parameters, now)
            self._jobs[job.id] = job
            if token:
                self._tokens[token] = (job.id, said)
        if job.channel:
            threading.Timer(self.seconds, self._publish, [job]).start()
        return {"JobId": job.id}

    def _new_job(self, operation: str, parameters: dict[str, Any], now: float) -> Job:
        place = parameters["DocumentLocation"]["S3Object"]
        content = self._object(place["Bucket"], place["Name"])
        digest = hashlib.sha256(content).hexdigest()
        looks = _looks(content)
        words = [
            (number, *word) for number, look in enumerate(looks, 1) for word in self._pages.get(look, ())
        ]
        layout = "LAYOUT" in parameters.get("FeatureTypes", ())
        unread = self.faults.unread.get(digest, [])
        blocks = blocks_of(
            [word for word in words if word[0] not in unread],
            pages=len(looks),
            seed=int(digest[:8], 16),
            layout=layout,
        )
        job = Job(
            id=hashlib.sha256(uuid.uuid4().bytes).hexdigest(),
            operation=operation.removeprefix("Start"),
            bucket=place["Bucket"],
            key=place["Name"],
            tag=parameters.get("JobTag"),
            channel=parameters.get("NotificationChannel"),
            blocks=blocks,
            pages=len(looks),
            ready_at=now + self.seconds,
            unread=unread,
        )
        if unread:
            job.status = "PARTIAL_SUCCESS"
        if digest in self.faults.failed:
            self.faults.failed.remove(digest)
            job.status, job.message = "FAILED", "Internal failure while reading the document."
        else:
            self.billed += len(looks) - len(unread)
        return job

    def _get(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        job = self._jobs.get(parameters["JobId"])
        if job is None or job.expired or job.operation != operation.removeprefix("Get"):
            raise Refused("InvalidJobIdException")
        if time.monotonic() < job.ready_at:
            return {"JobStatus": "IN_PROGRESS"}
        if job.status == "FAILED":
            return {"JobStatus": "FAILED", "StatusMessage": job.message}
        begin = int(parameters.get("NextToken", "0"))
        most = min(parameters.get("MaxResults", 1000), self._blocks_a_page)
        answer: dict[str, Any] = {
            "JobStatus": job.status,
            "DocumentMetadata": {"Pages": job.pages},
            "Blocks": job.blocks[begin : begin + most],
        }
        if job.unread:
            answer["Warnings"] = [{"ErrorCode": "INTERNAL_ERROR", "Pages": job.unread}]
        if begin + most < len(job.blocks):
            answer["NextToken"] = str(begin + most)
        return answer

    def _object(self, bucket: str, key: str) -> bytes:
        try:
            content: bytes = self._aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        except ClientError:
            raise Refused("InvalidS3ObjectException", "Unable to get object metadata from S3.") from None
        if not content.startswith(b"%PDF"):
            raise Refused("UnsupportedDocumentException")
        return content

    def _publish(self, job: Job) -> None:
        message = {
            "JobId": job.id,
            "Status": "SUCCEEDED" if job.status == "PARTIAL_SUCCESS" else job.status,
            "API": f"Start{job.operation}",
            "JobTag": job.tag,
            "Timestamp": int(time.time() * 1000),
            "DocumentLocation": {"S3ObjectName": job.key, "S3Bucket": job.bucket},
        }
        assert job.channel is not None
        self._aws.client("sns").publish(TopicArn=job.channel["SNSTopicArn"], Message=json.dumps(message))


def _error(refused: Refused) -> Response:
    body = {"__type": refused.code, "message": refused.message}
    return JSONResponse(body, status_code=refused.status, media_type="application/x-amz-json-1.1")


def _patterns(value: Any, shape: Any) -> list[str]:
    """Where a string breaks the pattern that the model gives it: botocore itself leaves that to the service."""
    if shape.type_name == "structure" and isinstance(value, dict):
        known = [
            p
            for name, member in shape.members.items()
            if name in value
            for p in _patterns(value[name], member)
        ]
        return known + [f"unknown member {name}" for name in value if name not in shape.members]
    if shape.type_name == "list" and isinstance(value, list):
        return [problem for item in value for problem in _patterns(item, shape.member)]
    pattern = shape.metadata.get("pattern")
    if isinstance(value, str) and pattern and not re.fullmatch(pattern, value):
        return [f"{value!r} does not match {pattern}"]
    longest = shape.metadata.get("max")
    if isinstance(value, str) and longest and len(value) > longest:
        return [f"{value!r} is longer than {longest}"]
    return []


def _looks(pdf: bytes) -> list[str]:
    """A digest of each page's picture. Raises Refused for what Textract does not read."""
    try:
        document = pypdfium2.PdfDocument(pdf)
    except pypdfium2.PdfiumError:
        raise Refused("UnsupportedDocumentException") from None
    try:
        if len(document) > _MOST_PAGES:
            raise Refused("DocumentTooLargeException")
        return [_look(document[index]) for index in range(len(document))]
    finally:
        document.close()


def _look(page: pypdfium2.PdfPage) -> str:
    bitmap = page.render(scale=_WIDE / page.get_width(), grayscale=True)
    size = bitmap.stride * bitmap.height
    pixels = ctypes.string_at(pdfium.FPDFBitmap_GetBuffer(bitmap.raw), size)
    bitmap.close()
    return hashlib.sha256(pixels).hexdigest()
