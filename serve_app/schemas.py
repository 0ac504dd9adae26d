"""What callers send and see, as models: the source of the OpenAPI document."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args
from uuid import UUID

from fastapi import Path
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, JsonValue
from pydantic_core import PydanticCustomError

from pipeline.domain.errors import DocumentError, ProfileUnavailable, ResumesError, VendorTimeout
from pipeline.domain.journey import JobState, Stage, Status
from pipeline.domain.profile import Profile
from pipeline.domain.reprocessing import RedoFrom
from serve_app.compact import CompactProfile
from serve_app.json_resume import JsonResume

if TYPE_CHECKING:
    from pipeline.adapters.postgres.applications import ApplicationRow


_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:", re.ASCII)


def _without_nul(value: str) -> str:
    if "\x00" in value:
        raise PydanticCustomError("nul", "A NUL character is not allowed")
    return value


def _not_blank(value: str) -> str:
    if not value.strip():
        raise PydanticCustomError("blank", "Must hold more than white space")
    return value


def _written_out(value: object) -> object:
    """Pydantic would take a number for the seconds since 1970."""
    if not isinstance(value, datetime) and not (isinstance(value, str) and _MOMENT.match(value)):
        raise PydanticCustomError("written_out", "Must be RFC 3339 with an offset, as 2026-03-01T00:00:00Z")
    return value


def _utc(value: datetime) -> datetime:
    """PostgreSQL knows no offset of 16 hours or more, and no year before 1 or after 9999."""
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("moment", "Must lie between the years 1 and 9999 in UTC") from None


PlainText = Annotated[str, AfterValidator(_without_nul)]
Time = Annotated[datetime, AfterValidator(_utc)]  #: shown as RFC 3339, UTC
#: As a caller sends it.
Moment = Annotated[AwareDatetime, AfterValidator(_utc), BeforeValidator(_written_out)]
ResumeId = Annotated[UUID, Path(alias="id", description="As the upload answered it.")]
View = Literal["compact", "full", "jsonresume"]

_AFTER = "RFC 3339 with an offset, as 2026-03-01T00:00:00Z (in a query, write + as %2B)."


class Output(BaseModel):
    """A model that is only ever sent: every member is always there."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)


class ResumeLinks(Output):
    """Paths of this resume."""

    self: str = Field(examples=["/resumes/0197a3c1-6f2e-7c3a-9d53-2f6f4f7f0a11"])
    text: str
    file: str


class UploadAccepted(Output):
    """A resume that is stored safely and will be processed; follow `links.self`, with `?wait=30` to wait."""

    id: UUID
    status: Status
    links: ResumeLinks


def _codes() -> list[JsonValue]:
    kinds: list[type[ResumesError]] = [DocumentError, VendorTimeout]
    kinds += [*DocumentError.__subclasses__(), *ProfileUnavailable.__subclasses__()]
    return [*sorted({kind.code for kind in kinds} | {"internal", "poison"})]


class ResumeError(Output):
    """Why a resume failed. `code` is stable: `poison` took its worker down three times, `internal` is our mistake;
    the others say what is wrong with the document, or with the vendor that reads it."""

    code: str = Field(examples=["encrypted"], json_schema_extra={"x-extensible-enum": _codes()})
    detail: str | None = Field(
        examples=["The document needs a password to be opened: upload a copy without one."]
    )


WaitingFor = Literal["textract", "quota", "vendor", "budget", "same-content"]


class Timings(Output):
    """Seconds, as far as they are known: waiting for the first worker, being processed, and both; of the last
    reprocessing where there was one."""

    queued_seconds: float | None
    processing_seconds: float | None
    total_seconds: float | None


class ResumeSummary(Output):
    """A resume without its profile."""

    id: UUID
    status: Status
    stage: Stage | None = Field(description="The stage that runs or ran last.")
    attempts: int = Field(description="How often a worker began it.")
    waiting_for: WaitingFor | None = Field(
        description="What a resume in status processing waits for: Textract's job; its turn under a vendor's `quota`; "
        "a `vendor` that throttles or is down; the day's `budget` for paid calls, which is used up; another "
        "resume of the `same-content`, whose paid work it shares. Null when it waits for none of these."
    )
    error: ResumeError | None
    job_post_id: str | None
    email: str | None = Field(description="The sender's, else the first one in the resume; lower case.")
    external_id: str | None
    ingestion_id: UUID | None = Field(description="The bulk ingestion that it came with.")
    ingestion_member: int | None = Field(description="Which member of the ingestion's source it is, from 0.")
    filename: str | None
    mime: str
    size: int = Field(description="Bytes of the original.")
    content_sha256: str
    as_of_date: date
    created_at: Time
    updated_at: Time
    started_at: Time | None
    completed_at: Time | None
    erased_at: Time | None
    reprocessed_at: Time | None = Field(description="When it was last queued again.")
    timings: Timings
    links: ResumeLinks


_PROFILE = "Null until it was completed once; while a resume is reprocessed, the profile that it had."


class _Resume(ResumeSummary):
    queued_ahead: int | None = Field(
        description="How many resumes are begun before this one, 10,000 at most; null unless its status is queued."
    )
    versions: dict[str, Any] = Field(description="What made the profile: engines, models and rules by stage.")


class CompactResume(_Resume):
    """A resume; its profile as values only."""

    view: Literal["compact"]
    profile: CompactProfile | None = Field(description=_PROFILE)  # type: ignore[valid-type]


class FullResume(_Resume):
    """A resume; its profile as facts: value, text as printed, confidence, status, evidence."""

    view: Literal["full"]
    profile: Profile | None = Field(description=_PROFILE)


class JsonResumeResume(_Resume):
    """A resume; its profile in the JSON Resume schema 1.0.0."""

    view: Literal["jsonresume"]
    profile: JsonResume | None = Field(description=_PROFILE)


Resume = Annotated[CompactResume | FullResume | JsonResumeResume, Field(discriminator="view")]


class ResumeList(Output):
    """A page of resumes, newest first; of changes the oldest first."""

    items: list[ResumeSummary]
    next_cursor: str | None = Field(
        description="`cursor` of the next page; null on the last one. With `updated_after` null only before the first "
        "change."
    )


class ReprocessRequest(BaseModel):
    """What to do again. Without `from`, what today's versions would do as before is taken from where it is stored."""

    model_config = ConfigDict(extra="forbid")

    from_: RedoFrom | None = Field(
        None,
        alias="from",
        description="The first stage whose stored result is dropped and made anew, with all after it: `read` pays "
        "OCR again, `normalise` the model, `embed` computes the vectors.",
    )


class ResumeQuery(BaseModel):
    """Which view of a resume, and how long to wait for it."""

    model_config = ConfigDict(extra="forbid")

    view: View = Field(
        "compact",
        description="`compact`: values. `full`: facts with their evidence. `jsonresume`: JSON Resume 1.0.0.",
    )
    wait: int = Field(
        0,
        ge=0,
        le=30,
        description="Seconds to wait for a final status. The answer comes as soon as there is one, at the latest "
        "after this time, with whatever the status is then. When too many callers wait already it comes at once, "
        "with Retry-After.",
    )


class ListQuery(BaseModel):
    """Filters of the list; all of them hold at once."""

    model_config = ConfigDict(extra="forbid")

    status: list[Status] = Field([], max_length=20, description="Any of them: repeat it for several.")
    job_post_id: PlainText | None = Field(None, max_length=200)
    email: PlainText | None = Field(None, max_length=320, description="The whole address, in any case.")
    external_id: PlainText | None = Field(None, max_length=200, description="As it was uploaded.")
    ingestion_id: UUID | None = None
    created_after: Moment | None = Field(None, description=_AFTER)
    created_before: Moment | None = Field(None, description=_AFTER)
    updated_after: Moment | None = Field(
        None,
        description="What changed from then on, the oldest change first: new resumes, ends, erasures. "
        "Each resume comes once, where it changed last. Changes show after a second or so, so that none is missed. "
        "Keep `next_cursor`, which is there from the first change on, and ask again with it (and with the same "
        "`updated_after`) for what came since: an empty page says that there is nothing yet.",
    )
    cursor: PlainText | None = Field(None, max_length=500, description="`next_cursor` of the page before.")
    limit: int = Field(50, ge=1, le=200)


class TextLine(Output):
    """A line of a page; facts cite its `id`. `bbox`: left, top, right, bottom, 0–1 from the top left."""

    id: int
    text: str
    bbox: tuple[float, float, float, float]
    bold: bool | None
    size: float | None = Field(description="Points.")
    hidden: bool = Field(description="A reader of the page would not see it; no fact is taken from it.")


class TextPage(Output):
    """A page; `width` and `height` in points."""

    number: int
    width: float
    height: float
    source: str = Field(description="native: the document's own text. ocr: recognised.", examples=["native"])
    lines: list[TextLine]


class TextSection(Output):
    """A run of lines under one heading, in reading order."""

    kind: str
    title: str | None
    heading_ids: list[int]
    line_ids: list[int]


class ResumeText(Output):
    """What was read: pages of lines, and the sections they make."""

    id: UUID
    language: str | None = Field(description="ISO 639-1.")
    pages: list[TextPage]
    sections: list[TextSection]
    furniture: list[int] = Field(
        description="Lines of no section: page numbers, running headers, hidden lines."
    )


class Removed(Output):
    """What the erasure found and removed."""

    profile: bool
    text: bool
    chunks: int = Field(description="Passages with their vectors.")
    checkpoints: int = Field(description="Stage results that no other resume of the same bytes uses.")
    idempotency_answers: int
    ingestion_errors: int


class Receipt(Output):
    """Proof of an erasure: what was removed, and when. The same for every repetition of the call."""

    id: UUID
    status: Literal["erased"]
    erased_at: Time
    removed: Removed
    object_deleted: bool = Field(description="The original is gone from the object store.")


class SearchFilters(BaseModel):
    """Which resumes to search."""

    model_config = ConfigDict(extra="forbid")

    created_after: Moment | None = Field(None, description=_AFTER)
    created_before: Moment | None = Field(None, description=_AFTER)


class SearchRequest(BaseModel):
    """A search in the words of a person or of a job: meaning and words count."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"query": "night shift nurse with intensive care experience", "limit": 5}]
        },
    )

    query: Annotated[PlainText, AfterValidator(_not_blank)] = Field(min_length=1, max_length=2000)
    job_post_id: PlainText | None = Field(None, max_length=200)
    filters: SearchFilters = SearchFilters()
    limit: int = Field(10, ge=1, le=50)


class SearchHit(Output):
    """A resume that matches, with the passage that matched best."""

    id: UUID
    score: float = Field(
        description="Reciprocal rank fusion of the rank by meaning and the rank by words. It orders the hits of one "
        "answer and means nothing else: it is no probability, and scores of two searches do not compare."
    )
    similarity: float | None = Field(
        description="Cosine of query and passage, -1 to 1; null where only words matched."
    )
    section: str = Field(description="Section of the passage.", examples=["work"])
    chunk_no: int
    line_ids: list[int] = Field(description="Lines of the passage: see /resumes/{id}/text.")
    text: str
    name: str | None
    headline: str | None
    filename: str | None
    job_post_id: str | None
    copies: list[UUID] = Field(
        description="Other completed resumes of the very same bytes that the filters let through, newest first, 100 "
        "at most: equal files are one hit, the newest."
    )
    links: ResumeLinks


class SearchAnswer(Output):
    """Hits, best first, one a resume, and one where files are equal. `model` made the vectors."""

    model: str
    items: list[SearchHit]


class Health(Output):
    """The process answers."""

    status: Literal["ok"]


class Readiness(Output):
    """Uploads and reads can be served."""

    status: Literal["ready"]
    checks: dict[str, str] = Field(examples=[{"database": "ok", "object_store": "ok"}])


def links(resume: UUID, root_path: str) -> ResumeLinks:
    """The paths of a resume, below the path that the service is mounted at."""
    base = f"{root_path}/resumes/{resume}"
    return ResumeLinks(self=base, text=f"{base}/text", file=f"{base}/file")


def summary_fields(row: ApplicationRow, root_path: str) -> dict[str, Any]:
    """The members of a ResumeSummary."""
    error = ResumeError(code=row.error_code, detail=row.error_detail) if row.error_code else None
    return {
        "id": row.id,
        "status": row.status,
        "stage": row.stage,
        "attempts": row.attempt,
        "error": error,
        "waiting_for": _waiting_for(row),
        "job_post_id": row.job_post_id,
        "email": row.email,
        "external_id": row.external_id,
        "ingestion_id": row.ingestion_id,
        "ingestion_member": None if row.ingestion_member is None else int(row.ingestion_member),
        "filename": row.filename,
        "mime": row.mime,
        "size": row.size,
        "content_sha256": row.content_sha256,
        "as_of_date": row.as_of_date,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "started_at": row.started_at,
        "completed_at": row.completed_at,
        "erased_at": row.erased_at,
        "reprocessed_at": row.reprocessed_at,
        "timings": Timings(
            queued_seconds=seconds_between(row.reprocessed_at or row.created_at, row.started_at),
            processing_seconds=seconds_between(row.started_at, row.completed_at),
            total_seconds=seconds_between(row.reprocessed_at or row.created_at, row.completed_at),
        ),
        "links": links(row.id, root_path),
    }


def _waiting_for(row: ApplicationRow) -> str | None:
    """In a caller's words what the job's reason says."""
    if row.state is not JobState.WAITING or row.reason is None:
        return None
    kind = row.reason.split(":", 1)[0]
    return kind if kind in get_args(WaitingFor) else "same-content"


def seconds_between(start: datetime | None, end: datetime | None) -> float | None:
    """None while either is not known."""
    return None if start is None or end is None else round((end - start).total_seconds(), 3)
