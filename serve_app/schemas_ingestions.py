"""What callers send and see of bulk ingestions, as models: a source of the OpenAPI document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

from pipeline.domain.errors import SourceMissing, SourceRejected
from pipeline.domain.ingestion import IngestionState, Outcome, SourceKind
from pipeline.domain.journey import Status
from serve_app.schemas import Output, PlainText, Time, seconds_between

if TYPE_CHECKING:
    from pipeline.adapters.postgres import ingestions as stored

IngestionId = Annotated[UUID, Path(alias="id", description="As POST /ingestions answered it.")]

_CURSOR = "`next_cursor` of the page before."
_NEXT_CURSOR = "`cursor` of the next page; null on the last one."


class IngestionRequest(BaseModel):
    """A source to ingest: an archive or manifest in a bucket, or a prefix of one with its slash."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"source": "s3://hiring/nurses/2026/", "job_post_id": "nurse-7"}]},
    )

    source: PlainText = Field(
        min_length=1,
        max_length=1200,
        description="s3://bucket/prefix/ or s3://bucket/archive.zip, within what the service may read "
        "(INGEST_S3_PREFIXES).",
    )
    job_post_id: PlainText | None = Field(
        None, max_length=200, description="Of every member for which a manifest names none."
    )


class IngestionLinks(Output):
    """Paths of this ingestion."""

    self: str = Field(examples=["/ingestions/0197a3c1-6f2e-7c3a-9d53-2f6f4f7f0a11"])
    errors: str
    results: str
    cancel: str


class IngestionAccepted(Output):
    """An ingestion that will be worked on, whatever dies meanwhile; follow `links.self`."""

    id: UUID
    state: IngestionState
    links: IngestionLinks


class IngestionError(Output):
    """Why an ingestion was rejected. `code` is stable."""

    code: str = Field(
        examples=["archive-rejected"],
        json_schema_extra={"x-extensible-enum": [SourceRejected.code, SourceMissing.code]},
    )
    detail: str | None


class IngestionTimings(Output):
    """Seconds, as far as they are known: counting the members, storing them, and both with the processing."""

    listing_seconds: float | None
    storing_seconds: float | None
    total_seconds: float | None


class IngestionSummary(Output):
    """An ingestion without its counts."""

    id: UUID
    state: IngestionState = Field(
        description="`listing`: the members are counted; `running`: stored and processed; `completed`; `rejected`: "
        "see `error`; `cancelled`."
    )
    source: str = Field(
        description="The address; of an uploaded archive `upload:` and its file name.",
        examples=["s3://hiring/nurses/2026/"],
    )
    kind: SourceKind | None = Field(description="Null until the members are counted.")
    job_post_id: str | None
    same_as: UUID | None = Field(
        description="The ingestion that this very source was found to have already: that one has everything, this one "
        "nothing."
    )
    error: IngestionError | None
    members: int | None = Field(description="Null until they are counted.")
    created_at: Time
    listed_at: Time | None
    stored_at: Time | None = Field(description="When every member was a resume or had its reason.")
    completed_at: Time | None = Field(description="When it ended.")
    timings: IngestionTimings
    links: IngestionLinks


class ResumeCounts(Output):
    """Accepted members by the status of their resume: together `accepted`."""

    queued: int = 0
    processing: int = 0
    completed: int = 0
    failed: int = 0
    cancelled: int = 0
    erased: int = 0


class IngestionCounts(Output):
    """Every member in exactly one of these: together `members`, once they are counted."""

    accepted: int = Field(description="Became resumes.")
    duplicate: int = Field(description="Have the bytes, job post and external id of an earlier member.")
    skipped: int = Field(description="Are no resumes: other types, links, archives in archives.")
    failed: int = Field(description="Could not be read.")
    not_started: int


class FailureCount(Output):
    """Members, or their resumes, that failed or were skipped for one reason."""

    outcome: Outcome = Field(description="failed or skipped.")
    code: str = Field(examples=["encrypted"])
    members: int


class MemberError(Output):
    """A member that is no completed resume, and never will be by itself."""

    member: int = Field(description="Its place in the source, from 0.")
    name: str | None = Field(description="As the source has it, to be shown only; null once it was erased.")
    outcome: Outcome = Field(description="duplicate, skipped or failed.")
    code: str
    detail: str | None
    resume_id: UUID | None = Field(
        description="Of a duplicate the resume that has its bytes; of one that failed later its own."
    )


class Ingestion(IngestionSummary):
    """How far an ingestion is: one moment's counts, which add up."""

    counts: IngestionCounts
    resumes: ResumeCounts
    stages: dict[str, int] = Field(
        description="Resumes in status processing by stage; `begun` are those of which none has been written down "
        "yet: one that lasts less than five seconds is not.",
        examples=[{"begun": 40, "embed": 24}],
    )
    failures: list[FailureCount] = Field(description="The most frequent reason first.")
    resumes_per_second: float | None = Field(
        description="Resumes ended a second over the last minute; null where none was, and when it has ended."
    )
    eta_seconds: float | None = Field(
        description="What the rest takes at that rate; null where that cannot be told."
    )
    usd: float = Field(description="Spent on paid calls for its resumes so far.")
    errors: list[MemberError] = Field(description="The first ten; `links.errors` has all.")


class IngestionList(Output):
    """A page of ingestions, newest first."""

    items: list[IngestionSummary]
    next_cursor: str | None = Field(description=_NEXT_CURSOR)


class MemberErrorList(Output):
    """A page of members that are no completed resumes, in the order of the source."""

    items: list[MemberError]
    next_cursor: str | None = Field(description=_NEXT_CURSOR)


class IngestionListQuery(BaseModel):
    """A page of the list."""

    model_config = ConfigDict(extra="forbid")

    cursor: PlainText | None = Field(None, max_length=500, description=_CURSOR)
    limit: int = Field(50, ge=1, le=200)


class ErrorsQuery(BaseModel):
    """A page of the errors."""

    model_config = ConfigDict(extra="forbid")

    cursor: PlainText | None = Field(None, max_length=500, description=_CURSOR)
    limit: int = Field(100, ge=1, le=1000)


class ResultsQuery(BaseModel):
    """Where to go on, and when to stop."""

    model_config = ConfigDict(extra="forbid")

    cursor: UUID | None = Field(
        None, description="The `id` of the last line that arrived whole: the stream goes on behind it."
    )
    limit: int | None = Field(
        None,
        ge=1,
        description="Lines at most; there may be more when so many came. Proxies on the way keep what a slow reader "
        "does not take yet: with a limit that is never more than so many lines.",
    )


def ingestion_links(id_: UUID, root_path: str) -> IngestionLinks:
    """The paths of an ingestion, below the path that the service is mounted at."""
    base = f"{root_path}/ingestions/{id_}"
    return IngestionLinks(
        self=base, errors=f"{base}/errors", results=f"{base}/results", cancel=f"{base}/cancel"
    )


def summary_of(row: stored.IngestionRow, root_path: str) -> IngestionSummary:
    """An ingestion as the list shows it."""
    return IngestionSummary(**_summary_fields(row, root_path))


def ingestion_of(
    progress: stored.Progress, errors: Sequence[stored.UncompletedMember], root_path: str
) -> Ingestion:
    """An ingestion with its counts and first errors."""
    return Ingestion(
        **_summary_fields(progress.row, root_path),
        counts=IngestionCounts(
            accepted=progress.accepted,
            duplicate=progress.duplicate,
            skipped=progress.skipped,
            failed=progress.failed,
            not_started=progress.not_started,
        ),
        resumes=ResumeCounts(**{status.value: progress.resumes.get(status, 0) for status in Status}),
        stages=progress.stages,
        failures=[
            FailureCount(outcome=Outcome(outcome), code=code, members=count)
            for (outcome, code), count in progress.failures.items()
        ],
        resumes_per_second=_rounded(progress.per_s),
        eta_seconds=_rounded(progress.eta_s),
        usd=progress.usd,
        errors=[member_error_of(error) for error in errors],
    )


def member_error_of(error: stored.UncompletedMember) -> MemberError:
    """A member's error as callers see it."""
    return MemberError(**asdict(error))


def _summary_fields(row: stored.IngestionRow, root_path: str) -> dict[str, Any]:
    values = asdict(row)
    code, detail = values.pop("error_code"), values.pop("error_detail")
    return values | {
        "error": IngestionError(code=code, detail=detail) if code else None,
        "timings": IngestionTimings(
            listing_seconds=seconds_between(row.created_at, row.listed_at),
            storing_seconds=seconds_between(row.listed_at, row.stored_at),
            total_seconds=seconds_between(row.created_at, row.completed_at),
        ),
        "links": ingestion_links(row.id, root_path),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
