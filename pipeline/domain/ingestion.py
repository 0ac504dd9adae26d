"""A bulk ingestion: a source of many files, its members, and what became of each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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
