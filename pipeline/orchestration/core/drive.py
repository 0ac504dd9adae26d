"""A packet on its way through the stages, and what each receipt means for its job. Nothing here waits for anything."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from pipeline.domain.job import ClaimedJob
from pipeline.domain.journey import Lane, Lease
from pipeline.domain.receipt import Broken, Done, Failed, Lost, Waiting
from pipeline.domain.result import Verdict
from pipeline.orchestration.core.retry import backoff_s

#: Jobs of one call in the bulk lane: a call costs some milliseconds, whatever it carries.
PACKET = 8
#: A stage that raises what the error tree does not name has a bug: a third run would find it again.
RUNS_OF_A_BUG = 3


@dataclass(slots=True, eq=False)
class Drive:
    """A packet on its way: the jobs that are still ours and not settled, and what their stages took so far."""

    lane: Lane
    alone: bool
    jobs: list[ClaimedJob]
    started: float  #: by the dispatcher's clock
    done: dict[Lease, Done] = field(default_factory=dict)
    task: asyncio.Task[None] | None = None

    def passed(self, job: ClaimedJob, done: Done) -> None:
        """A stage is through with this job."""
        earlier = self.done.get(job.lease)
        self.done[job.lease] = done if earlier is None else earlier.followed_by(done)


def packets_of(jobs: Sequence[ClaimedJob], lane: Lane, *, suspects: bool, started: float) -> list[Drive]:
    """The jobs of one claim in packets: eight of the bulk lane, else each by itself."""
    size = packet_size(lane, suspects=suspects)
    return [
        Drive(lane, suspects, list(jobs[start : start + size]), started)
        for start in range(0, len(jobs), size)
    ]


def packet_size(lane: Lane, *, suspects: bool) -> int:
    """Jobs of a packet: a person's resume waits for no other, a suspect endangers none."""
    return PACKET if lane is Lane.BULK and not suspects else 1


# What a job is told to the queue, whose lease ends with it.


@dataclass(frozen=True, slots=True)
class RunAgain:
    """After `delay_s`. `suspect`: its worker died; `died_alone`: and held nothing else."""

    code: str
    detail: str
    delay_s: float
    suspect: bool = False
    died_alone: bool = False


@dataclass(frozen=True, slots=True)
class ComeBack:
    """When this reason is told, or so many seconds from now; no attempt is burnt."""

    reason: str
    seconds: float


@dataclass(frozen=True, slots=True)
class EndAsFailed:
    """The document's fault."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class EndAsDead:
    """Ours to answer for."""

    detail: str
    code: str = "internal"


@dataclass(frozen=True, slots=True)
class LetGo:
    """Somebody else has the job: there is nothing to tell."""


@dataclass(frozen=True, slots=True)
class EndAsSaved:
    """The save itself has ended it."""


Move = RunAgain | ComeBack | EndAsFailed | EndAsDead | LetGo | EndAsSaved


def move_of(receipt: Failed | Waiting | Lost | Broken, *, attempt: int) -> Move:
    """What a receipt that is not Done means for a job in its so-manieth attempt."""
    if isinstance(receipt, Lost):
        return LetGo()
    if isinstance(receipt, Waiting):
        return ComeBack(receipt.reason, receipt.seconds)
    if isinstance(receipt, Broken):
        return after_error(receipt.error, attempt=attempt, lost=False)
    if receipt.retryable:
        return RunAgain(receipt.code, receipt.detail, backoff_s(attempt))
    return EndAsFailed(receipt.code, receipt.detail)


def after_save(verdict: Verdict) -> Move:
    """What a save's verdict means."""
    if verdict is Verdict.SAVED:
        return EndAsSaved()
    if verdict is Verdict.LEASE_LOST:
        return LetGo()
    return EndAsDead("PostgreSQL refused the profile; the original is kept. Report this id to the operators.")


def after_death(*, alone: bool) -> Move:
    """What the death of the process that held the job means: others of its packet may be why, if there were any."""
    detail = "A worker process died while it held this document."
    return RunAgain("internal", detail, delay_s=float(alone), suspect=True, died_alone=alone)


def after_error(error: str, *, attempt: int, lost: bool) -> Move:
    """What a call that raised means; `lost`: an answer got lost, which is nobody's bug, however often it happens."""
    detail = f"The service failed on this document ({error}); the original is kept."
    if lost or attempt < RUNS_OF_A_BUG:
        return RunAgain("internal", detail, backoff_s(attempt))
    return EndAsDead(detail)
