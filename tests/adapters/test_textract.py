"""Textract through the real boto3 against the stand-in: jobs begun once, outages waited for, pages kept."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from pipeline.adapters.aws.s3 import S3Store
from pipeline.adapters.aws.textract import TextractEngine
from pipeline.adapters.aws.textract_notices import TextractNotices, job_of
from pipeline.domain.errors import NotYet, OcrFailed, UnsupportedDocument, VendorTimeout
from pipeline.domain.ids import uuid7
from pipeline.domain.ocr import OcrDocument, OcrText, Picture
from pipeline.domain.spending import Usage
from pipeline.domain.trace import TraceContext, within
from tests.adapters.pdf_bytes import pdf, text_at
from tests.paid import MemoryPaidWork
from tests.standins.aws import AwsStandIn
from tests.standins.textract import TextractStandIn

SAMPLES = Path(__file__).parents[2] / "samples"
NURSE = SAMPLES / "nurse_single_column.pdf"
TRACE = TraceContext("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", "01")
START, GET = "StartDocumentTextDetection", "GetDocumentTextDetection"


async def no_picture(number: int) -> Picture:
    raise AssertionError("Textract reads objects, not pictures")


def words_of(path: Path) -> list:
    told = json.loads(path.with_suffix(".words.json").read_text("utf-8"))
    return [(page, text, *(edge / 10_000 for edge in box)) for page, text, *box in told]


@pytest.fixture
def textract(aws: AwsStandIn) -> Iterator[TextractStandIn]:
    """A Textract that knows the nurse's resume; its jobs take a fifth of a second."""
    with TextractStandIn(aws) as standin:
        standin.know(NURSE.read_bytes(), words_of(NURSE))
        yield standin


class Case:
    """One document in a bucket, and the runs of a job that wants it read."""

    def __init__(self, aws: AwsStandIn, textract: TextractStandIn, bucket: str, **options: object) -> None:
        access = replace(aws.access, endpoint_url=textract.url)
        self.engine = TextractEngine(access, bucket, **options)  # type: ignore[arg-type]
        self.store = S3Store(bucket, aws.access)
        self.paid = MemoryPaidWork()
        self.placed: list[UUID] = []

    def document(self, content: bytes | None = None, *, pages: tuple[int, ...] = (1,)) -> OcrDocument:
        id_ = uuid7()

        async def place() -> str:
            self.placed.append(id_)
            key = f"resumes/{id_}"
            self.store.delete(key)
            writer = self.store.create(key)
            writer.write(NURSE.read_bytes() if content is None else content)
            writer.commit()
            return key

        return OcrDocument("0" * 64, id_, pages, place, no_picture)

    def run(self, document: OcrDocument) -> OcrText:
        """One run of the job. Raises NotYet."""
        return asyncio.run(self.engine.read(document, self.paid))

    def finish(self, document: OcrDocument, *, runs: int = 40) -> OcrText:
        """Runs until there is a result, as the queue would."""
        for _ in range(runs):
            try:
                return self.run(document)
            except NotYet as wait:
                time.sleep(min(0.1, wait.seconds))
        raise TimeoutError

    @property
    def note(self) -> dict:
        (note,) = self.paid.notes.values()
        return note


@pytest.fixture
def case(aws: AwsStandIn, textract: TextractStandIn, bucket: str) -> Case:
    """The nurse's resume in a bucket."""
    return Case(aws, textract, bucket)


def printed(read: OcrText) -> set[str]:
    return {word.text for page in read.pages for line in page.lines for word in line.words}


def test_a_document_is_begun_waited_for_and_read(case: Case, textract: TextractStandIn) -> None:
    """The job gives its lease back meanwhile; the answer comes in several pages of blocks."""
    document = case.document()
    with pytest.raises(NotYet) as wait:
        case.run(document)
    assert wait.value.key == f"textract:{case.note['job']}"
    assert 0 < wait.value.seconds <= 2
    read = case.finish(document)
    assert printed(read) == {word[1] for word in words_of(NURSE)}
    assert (textract.started, textract.calls[START], len(case.placed)) == (1, 1, 1)
    assert textract.calls[GET] >= 2
    assert case.paid.bills == [Usage("textract", "text", pages=1)]


def test_what_was_read_is_not_asked_for_again(case: Case, textract: TextractStandIn) -> None:
    """The second application with equal bytes costs no call at all."""
    case.finish(case.document())
    before = textract.calls.total()
    assert printed(case.run(case.document()))
    assert textract.calls.total() == before


def test_a_better_reading_of_an_answer_asks_for_no_new_one(case: Case, textract: TextractStandIn) -> None:
    """What is stored is what Textract said, under what it was asked: our own version is no part of that."""
    case.finish(case.document())
    before = textract.calls.total()
    case.engine.version = "textract-text-00000000"
    assert printed(case.run(case.document()))
    assert textract.calls.total() == before


def test_a_crash_between_start_and_its_note_begins_no_second_job(
    case: Case, textract: TextractStandIn
) -> None:
    """The same try, key and token are sent again, and Textract answers the same job."""
    document = case.document()
    with pytest.raises(NotYet):
        case.run(document)
    job = case.note.pop("job")
    with pytest.raises(NotYet):
        case.run(document)
    assert case.note["job"] == job
    assert (textract.started, textract.calls[START]) == (1, 2)


def test_another_application_finishes_what_one_began(case: Case, textract: TextractStandIn) -> None:
    """The first was erased while it waited: its job is fetched all the same."""
    with pytest.raises(NotYet):
        case.run(case.document())
    case.finish(case.document())
    assert (textract.started, len(case.placed)) == (1, 1)


def test_an_object_that_went_with_its_application_is_placed_anew(
    case: Case, textract: TextractStandIn
) -> None:
    """Erased between the note and the Start: the next application sends its own object."""
    first = case.document()
    textract.faults.queued[START] = ["InternalServerError"] * 3
    with pytest.raises(NotYet):
        case.run(first)
    case.store.delete(f"resumes/{first.resume_id}")
    assert printed(case.finish(case.document()))
    assert textract.started == 1


def test_a_bucket_that_textract_cannot_read_is_no_documents_fault(case: Case) -> None:
    """The job waits, and the operator is told what to allow."""

    async def nowhere() -> str:
        return "resumes/not-there"

    with pytest.raises(NotYet) as wait:
        case.run(OcrDocument("0" * 64, uuid7(), (1,), nowhere, no_picture))
    assert wait.value.seconds >= 60


@pytest.mark.parametrize(
    "code",
    [
        "ProvisionedThroughputExceededException",
        "ThrottlingException",
        "LimitExceededException",
        "InternalServerError",
        "AccessDeniedException",
        "InvalidKMSKeyException",
        "drop",
    ],
)
@pytest.mark.parametrize("operation", [START, GET])
def test_no_trouble_of_the_vendors_fails_a_document(
    case: Case, textract: TextractStandIn, operation: str, code: str
) -> None:
    """Throttled, down, refused, or an answer lost on its way: it is read in the end, by one job."""
    textract.faults.queued[operation] = [code] * 2
    assert printed(case.finish(case.document()))
    assert textract.started == 1


def test_a_failed_job_is_begun_once_more(case: Case, textract: TextractStandIn) -> None:
    """Under another token, for the first one answers the failed job for days."""
    textract.faults.failed.add(hashlib.sha256(NURSE.read_bytes()).hexdigest())
    assert printed(case.finish(case.document()))
    assert (textract.started, textract.billed) == (2, 1)


def test_a_job_that_fails_twice_fails_its_document(case: Case, textract: TextractStandIn) -> None:
    """The message says what to do."""
    digest = hashlib.sha256(NURSE.read_bytes()).hexdigest()
    textract.faults.failed.add(digest)
    document = case.document()
    with pytest.raises(NotYet):
        case.run(document)
    while textract.started == 1:
        textract.faults.failed.add(digest)
        time.sleep(0.1)
        with pytest.raises(NotYet):
            case.run(document)
    with pytest.raises(OcrFailed, match="better quality"):
        case.finish(document)


def test_an_expired_job_is_begun_anew(case: Case, textract: TextractStandIn) -> None:
    """A JobId lives seven days; a job may wait longer than that for a budget."""
    document = case.document()
    with pytest.raises(NotYet):
        case.run(document)
    textract.expire()
    assert printed(case.finish(document))
    assert textract.started == 2


def test_pages_that_were_given_up_are_named_and_the_others_kept(
    aws: AwsStandIn, textract: TextractStandIn, bucket: str
) -> None:
    """PARTIAL_SUCCESS: page numbers are those of the original."""
    document_pages = pdf([text_at(60, 700, "first"), text_at(60, 700, "second")])
    textract.know(document_pages, [(1, "first", 0.1, 0.1, 0.2, 0.12), (2, "second", 0.1, 0.1, 0.2, 0.12)])
    textract.faults.unread[hashlib.sha256(document_pages).hexdigest()] = [2]
    case = Case(aws, textract, bucket)
    read = case.finish(case.document(document_pages, pages=(3, 7)))
    assert read.unread == (7,)
    assert [(page.number, [line.text for line in page.lines]) for page in read.pages if page.lines] == [
        (3, ["first"])
    ]
    assert case.paid.bills == [Usage("textract", "text", pages=1)]


def test_a_type_that_textract_does_not_read_is_the_documents_fault(case: Case) -> None:
    """It fails at once."""
    with pytest.raises(UnsupportedDocument):
        case.finish(case.document(b"not a pdf"))


def test_a_job_that_takes_more_than_a_day_is_given_up(
    aws: AwsStandIn, textract: TextractStandIn, bucket: str
) -> None:
    """The failure names the vendor; PostgreSQL's clock counts, since several workers' may ask."""
    textract.seconds = 3600.0
    case = Case(aws, textract, bucket, patience_s=3600)
    document = case.document()
    for case.paid.later_s in (0, 3000):
        with pytest.raises(NotYet):
            case.run(document)
    case.paid.later_s = 3700
    with pytest.raises(VendorTimeout, match="Textract"):
        case.run(document)


def test_layout_is_asked_for_and_paid_as_such(
    aws: AwsStandIn, textract: TextractStandIn, bucket: str
) -> None:
    """The other operation, at its own price; headings come out bold."""
    case = Case(aws, textract, bucket, layout=True)
    read = case.finish(case.document())
    assert case.paid.bills == [Usage("textract", "layout", pages=1)]
    assert any(line.bold for page in read.pages for line in page.lines)
    assert textract.calls["StartDocumentAnalysis"] == 1


def test_a_notification_wakes_the_job_that_waits(
    aws: AwsStandIn, textract: TextractStandIn, bucket: str
) -> None:
    """SNS to SQS to the thread; polling is only the backstop. One that overtakes its job is looked at again."""
    topic, queue = aws.create_notifications(bucket)
    case = Case(
        aws, textract, bucket, topic_arn=topic, role_arn="arn:aws:iam::123456789012:role/t", notified=True
    )
    asked: list[str] = []

    def wake(reason: str) -> int:
        asked.append(reason)
        return 0 if len(asked) == 1 else 1

    notices = TextractNotices(aws.access, queue, wake)
    notices.start()
    with pytest.raises(NotYet) as wait:
        case.run(case.document())
    assert wait.value.seconds == 60
    deadline = time.monotonic() + 20
    while len(asked) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
    notices.stop()
    assert asked == [f"textract:{case.note['job']}"] * 2


@pytest.mark.parametrize(
    ("body", "job"),
    [
        ('{"JobId": "j", "Status": "SUCCEEDED"}', "j"),
        ('{"Type": "Notification", "Message": "{\\"JobId\\": \\"j\\"}"}', "j"),
        ('{"Message": "hello"}', None),
        ("[1]", None),
        ('{"JobId": 7}', None),
        ("", None),
    ],
)
def test_a_message_is_a_notification_or_it_is_none(body: str, job: str | None) -> None:
    """In SNS's envelope or raw; anything else is deleted, not repeated for ever."""
    assert job_of(body) == job


def test_calls_name_the_trace_of_their_job(aws: AwsStandIn, textract: TextractStandIn, bucket: str) -> None:
    """Start and Get, though they run in threads; a call without a trace names none."""
    case = Case(aws, textract, bucket)
    with within(TRACE):
        case.finish(case.document())
    assert set(textract.traceparents) == {TRACE.traceparent}
    del textract.traceparents[:]
    asyncio.run(case.engine.check())
    assert textract.traceparents == [None]
