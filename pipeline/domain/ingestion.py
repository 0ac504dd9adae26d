"""A bulk ingestion: a source of many files, its members, and what became of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID


class SourceKind(StrEnum):
    """What an ingestion reads from."""

    FOLDER = "folder"
    ZIP = "zip"
    TAR = "tar"
    PREFIX = "prefix"
    MANIFEST = "manifest"


class IngestionState(StrEnum):
    """Where an ingestion is: its members are counted, then stored and processed. A `rejected` one's source was
    missing, damaged or hostile."""

    LISTING = "listing"
    RUNNING = "running"
    COMPLETED = "completed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


class Outcome(StrEnum):
    """What became of a member; every member ends as exactly one of these."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a member was not accepted: `outcome` is skipped or failed, `code` is stable, `detail` says what to do."""

    outcome: Outcome
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Member:
    """One entry of a source as its listing found it; `ordinal` counts from 0 in the listing's order.

    `name` is what people are shown: never a path that anything is written to. `locator` is how the source's own
    reader finds the bytes again (plain numbers and strings, so that it can be stored). `size` is the unpacked size
    in bytes as declared, None where the source does not say. A member that the listing itself ruled out has a
    `fault` and is never read.
    """

    ordinal: int
    name: str
    locator: tuple[int | str, ...]
    size: int | None = None
    job_post_id: str | None = None
    email: str | None = None
    external_id: str | None = None
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """The right to list an ingestion's members, and what there is to know for it."""

    ingestion_id: UUID
    epoch: int
    source: str
    object_key: str | None
    job_post_id: str | None
    attempt: int


@dataclass(frozen=True, slots=True)
class Shard:
    """The right to store a shard's members from `position` on. `attempt` counts from 1 since the last progress."""

    ingestion_id: UUID
    shard_no: int
    owner: int
    epoch: int
    position: int
    attempt: int
    sequential: bool
    source: str
    object_key: str | None
    job_post_id: str | None
    as_of_date: date
    kind: SourceKind
    source_key: str | None


@dataclass(frozen=True, slots=True)
class IngestionClaim:
    """A claim of an owner's: a shard, or (`shard_no` None) the listing of an ingestion."""

    ingestion_id: UUID
    shard_no: int | None


@dataclass(frozen=True, slots=True)
class AcceptedMember:
    """A member whose object is stored: the application that it becomes unless its bytes are one already."""

    member: Member
    resume_id: UUID
    object_key: str
    content_sha256: str
    size: int
    mime: str
    job_post_id: str | None


@dataclass(frozen=True, slots=True)
class RefusedMember:
    """A member that was not accepted. A duplicate names the application that has its bytes."""

    member: Member
    outcome: Outcome
    code: str
    detail: str
    resume_id: UUID | None = None


def duplicate(member: Member, resume_id: UUID) -> RefusedMember:
    """A member whose bytes, job post and external id are an application of this ingestion already."""
    detail = "Its bytes, job post and external id are those of an earlier member."
    return RefusedMember(member, Outcome.DUPLICATE, "duplicate", detail, resume_id)
