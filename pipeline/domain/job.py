"""A job as its worker has it."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.domain.journey import Lane, Lease
from pipeline.domain.trace import TraceContext
from pipeline.domain.upload import StoredUpload


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """A job that is ours while its lease lasts. `attempt` counts from 1, this run included. `trace` is that of the
    request that queued it, if it had one."""

    lease: Lease
    upload: StoredUpload
    lane: Lane
    attempt: int
    suspicions: int
    trace: TraceContext | None = None
