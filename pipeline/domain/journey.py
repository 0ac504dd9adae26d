"""A resume's journey: the states of its job, the moves between them, and what callers see.

The database checks every move: a move that `LEGAL_MOVES` does not name is a bug, not a race.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Lane(StrEnum):
    """Who waits for the result: a person (online) or an archive (bulk)."""

    ONLINE = "online"
    BULK = "bulk"


class Stage(StrEnum):
    """The steps of the task graph, in order."""

    READ = "read"
    GROUP = "group"
    NORMALISE = "normalise"
    VERIFY = "verify"
    EMBED = "embed"
    SAVE = "save"


class JobState(StrEnum):
    """Where the job is; `failed` is the document's fault, `dead` is ours."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    RETRY_WAIT = "retry_wait"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    DEAD = "dead"
    CANCELLED = "cancelled"
    ERASED = "erased"


class Status(StrEnum):
    """What callers see of a resume."""

    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    ERASED = "erased"


CLAIMABLE = frozenset({JobState.QUEUED, JobState.WAITING, JobState.RETRY_WAIT})
TERMINAL = frozenset(
    {JobState.SUCCEEDED, JobState.FAILED, JobState.DEAD, JobState.CANCELLED, JobState.ERASED}
)

#: `running → queued` is an owner's own release (draining): it burns no attempt. An ended job is queued again by
#: whoever asks for its reprocessing.
LEGAL_MOVES: dict[JobState, frozenset[JobState]] = {
    JobState.QUEUED: frozenset({JobState.RUNNING, JobState.CANCELLED, JobState.ERASED}),
    JobState.WAITING: frozenset({JobState.RUNNING, JobState.FAILED, JobState.CANCELLED, JobState.ERASED}),
    JobState.RETRY_WAIT: frozenset({JobState.RUNNING, JobState.CANCELLED, JobState.ERASED}),
    JobState.RUNNING: frozenset(JobState) - {JobState.RUNNING},
    JobState.SUCCEEDED: frozenset({JobState.QUEUED, JobState.ERASED}),
    JobState.FAILED: frozenset({JobState.QUEUED, JobState.ERASED}),
    JobState.DEAD: frozenset({JobState.QUEUED, JobState.ERASED}),
    JobState.CANCELLED: frozenset({JobState.QUEUED, JobState.ERASED}),
    JobState.ERASED: frozenset(),
}

STATUS_OF: dict[JobState, Status] = {
    JobState.QUEUED: Status.QUEUED,
    JobState.RUNNING: Status.PROCESSING,
    JobState.WAITING: Status.PROCESSING,
    JobState.RETRY_WAIT: Status.PROCESSING,
    JobState.SUCCEEDED: Status.COMPLETED,
    JobState.FAILED: Status.FAILED,
    JobState.DEAD: Status.FAILED,
    JobState.CANCELLED: Status.CANCELLED,
    JobState.ERASED: Status.ERASED,
}

#: Deaths of a worker that held nothing but this document, after which the document is `poison`.
DEATHS_ALONE_ARE_POISON = 3


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write a job's result: valid while the job's row shows this epoch and is running."""

    resume_id: UUID
    epoch: int
