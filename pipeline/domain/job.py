"""A job as its worker has it."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.domain.journey import Lane, Lease
from pipeline.domain.upload import StoredUpload


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """A job that is ours while its lease lasts. `attempt` counts from 1, this run included."""

    lease: Lease
    upload: StoredUpload
    lane: Lane
    attempt: int
    suspicions: int
