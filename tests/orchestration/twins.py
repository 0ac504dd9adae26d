"""In-memory twins of what the core asks of the world: queue, stages, clock. They keep what its ports promise."""

from __future__ import annotations

import asyncio
import heapq
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from typing import Any
from uuid import UUID

from pipeline.domain.errors import DatabaseUnavailable
from pipeline.domain.job import ClaimedJob
from pipeline.domain.journey import JobState, Lane, Lease, Stage
from pipeline.domain.metrics import Metric
from pipeline.domain.receipt import Done, Failed, Receipt
from pipeline.domain.result import Verdict
from pipeline.domain.upload import StoredUpload
from pipeline.orchestration.core.ports import Handed


class Inline(Executor):
    """An executor whose thread is the caller's."""

    def submit(self, call: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(call(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - as an executor's thread does
            future.set_exception(error)
        return future


class TestClock:
    """A clock that a test moves; whoever sleeps wakes when it has been moved far enough."""

    __test__ = False

    def __init__(self) -> None:
        self.now = 1000.0
        self._order = count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + seconds, next(self._order), future))
        await future

    async def advance(self, seconds: float) -> None:
        """Let so much time pass, and everything happen that happens in it."""
        until = self.now + seconds
        await settle()
        while self._sleepers and self._sleepers[0][0] <= until:
            self.now, _, future = heapq.heappop(self._sleepers)
            if not future.done():
                future.set_result(None)
            await settle()
        self.now = until


async def settle() -> None:
    """Run the loop until nothing is ready any more."""
    for _ in range(50):
        await asyncio.sleep(0)


class Meters:
    """What was counted and last observed, by the metric's name and labels."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, ...]] = Counter()
        self.observed: dict[tuple[str, ...], float] = {}

    def count(self, metric: Metric, amount: float = 1, **labels: str) -> None:
        self.counts[(metric.name, *labels.values())] += amount  # type: ignore[assignment]

    def observe(self, metric: Metric, value: float, **labels: str) -> None:
        self.observed[(metric.name, *labels.values())] = value


@dataclass
class Row:
    """A job as the table has it."""

    id: UUID
    lane: Lane = Lane.ONLINE
    state: JobState = JobState.QUEUED
    epoch: int = 0
    attempt: int = 0
    suspicions: int = 0
    owner: int | None = None
    run_at: float = 0.0
    code: str | None = None
    detail: str | None = None


class Jobs:
    """`ports.Queue`, fenced as PostgreSQL is. `away` makes it raise; `told` is every call that moved a job."""

    def __init__(self, clock: TestClock) -> None:
        self.clock = clock
        self.rows: dict[UUID, Row] = {}
        self.away = False
        self.asked = 0
        self.shown: list[list[tuple[UUID, Stage]]] = []
        self.dead: set[int] = set()

    def add(self, number: int = 1, lane: Lane = Lane.ONLINE, **changes: Any) -> list[UUID]:
        ids = [UUID(int=len(self.rows) + n + 1) for n in range(number)]
        self.rows |= {id_: Row(id_, lane, **changes) for id_ in ids}
        return ids

    def take_away(self, id_: UUID) -> None:
        """A peer has it now."""
        row = self.rows[id_]
        row.epoch, row.owner, row.state = row.epoch + 1, 999, JobState.RUNNING

    def states(self) -> Counter[str]:
        return Counter(row.state.value for row in self.rows.values())

    def _answer(self) -> None:
        self.asked += 1
        if self.away:
            raise DatabaseUnavailable("PostgreSQL is away.")

    def _mine(self, lease: Lease) -> Row | None:
        self._answer()
        row = self.rows[lease.resume_id]
        return row if row.epoch == lease.epoch and row.state is JobState.RUNNING else None

    def claim(self, owner: int, lane: Lane, limit: int, *, suspects: bool = False) -> list[ClaimedJob]:
        self._answer()
        claimable = (JobState.QUEUED, JobState.WAITING, JobState.RETRY_WAIT)
        due = [
            row
            for row in self.rows.values()
            if row.lane is lane
            and row.state in claimable
            and row.run_at <= self.clock.now
            and (row.suspicions > 0) is suspects
        ][:limit]
        for row in due:
            row.state, row.owner = JobState.RUNNING, owner
            row.epoch, row.attempt = row.epoch + 1, row.attempt + 1
        return [
            ClaimedJob(
                Lease(row.id, row.epoch),
                StoredUpload(row.id, f"resumes/{row.id}", "0" * 64, 1, "application/pdf", date(2026, 1, 1)),
                lane,
                row.attempt,
                row.suspicions,
            )
            for row in due
        ]

    def seconds_to_next(self) -> float | None:
        self._answer()
        later = [
            row.run_at - self.clock.now for row in self.rows.values() if row.state is JobState.RETRY_WAIT
        ]
        return min((one for one in later if one > 0), default=None)

    def progress(self, moves: Sequence[tuple[Lease, Stage]]) -> None:
        self._answer()
        self.shown.append([(lease.resume_id, stage) for lease, stage in moves])

    def wait(self, lease: Lease, *, reason: str, seconds: float) -> bool:
        return self._end(lease, JobState.WAITING, reason, None, seconds) is not None

    def retry(
        self,
        lease: Lease,
        *,
        code: str,
        detail: str,
        delay_s: float,
        suspect: bool = False,
        died_alone: bool = False,
    ) -> JobState | None:
        row = self._end(lease, JobState.RETRY_WAIT, code, detail, delay_s)
        if row is None:
            return None
        row.suspicions = max(row.suspicions, int(suspect)) + int(died_alone)
        return row.state

    def fail(self, lease: Lease, *, code: str, detail: str) -> bool:
        return self._end(lease, JobState.FAILED, code, detail, 0) is not None

    def die(self, lease: Lease, *, code: str, detail: str) -> bool:
        return self._end(lease, JobState.DEAD, code, detail, 0) is not None

    def saved(self, lease: Lease) -> bool:
        """What a writer does in its transaction."""
        return self._end(lease, JobState.SUCCEEDED, None, None, 0) is not None

    def _end(
        self, lease: Lease, state: JobState, code: str | None, detail: str | None, seconds: float
    ) -> Row | None:
        row = self._mine(lease)
        if row is not None:
            row.state, row.owner, row.code, row.detail = state, None, code, detail
            row.run_at = self.clock.now + seconds
        return row

    def renew(self, owner: int) -> set[Lease]:
        self._answer()
        return {
            Lease(row.id, row.epoch)
            for row in self.rows.values()
            if row.owner == owner and row.state is JobState.RUNNING
        }

    def release(self, owner: int, claims: Collection[Lease]) -> int:
        return sum(self._end(lease, JobState.QUEUED, None, None, 0) is not None for lease in claims)

    def dead_owners(self) -> set[int]:
        self._answer()
        return {row.owner for row in self.rows.values() if row.owner in self.dead and row.owner is not None}

    def reap(self, owners: Collection[int]) -> int:
        self._answer()
        found = [row for row in self.rows.values() if row.owner in owners and row.state is JobState.RUNNING]
        for row in found:
            row.state, row.owner, row.suspicions = JobState.RETRY_WAIT, None, max(1, row.suspicions)
        return len(found)


Act = Callable[[ClaimedJob], Receipt | Exception]


@dataclass
class Steps:
    """`ports.Stages` and `ports.Writer`: what each stage answers is what its act says; a stage that is `held` waits."""

    jobs: Jobs
    acts: dict[str, Act] = field(default_factory=dict)
    calls: list[tuple[str, list[UUID]]] = field(default_factory=list)
    held: dict[str, asyncio.Event] = field(default_factory=dict)
    discarded: int = 0

    def hold(self, stage: str) -> asyncio.Event:
        """Nothing gets past this stage before the event is set."""
        return self.held.setdefault(stage, asyncio.Event())

    async def read(self, jobs: Sequence[ClaimedJob]) -> Handed:
        return await self._stage("read", jobs), "texts"

    async def normalise(self, jobs: Sequence[ClaimedJob], texts: Any) -> Handed:
        assert texts == "texts"
        return await self._stage("normalise", jobs), "profiles"

    async def embed(self, jobs: Sequence[ClaimedJob], texts: Any) -> Handed:
        assert texts == "texts"
        return await self._stage("embed", jobs), "embedded"

    async def save(
        self, jobs: Sequence[ClaimedJob], texts: Any, profiles: Any, embedded: Any, done: Sequence[Done]
    ) -> Sequence[Verdict | Failed]:
        assert (texts, profiles, embedded) == ("texts", "profiles", "embedded")
        assert len(done) == len(jobs)
        answers: list[Verdict | Failed] = []
        for job, answer in zip(jobs, await self._stage("save", jobs), strict=True):
            if isinstance(answer, Done):
                saved = self.jobs.saved(job.lease)
                answers.append(Verdict.SAVED if saved else Verdict.LEASE_LOST)
            else:
                answers.append(answer)  # type: ignore[arg-type]
        return answers

    def discard(self) -> None:
        self.discarded += 1

    async def _stage(self, name: str, jobs: Sequence[ClaimedJob]) -> list[Receipt]:
        self.calls.append((name, [job.lease.resume_id for job in jobs]))
        if name in self.held:
            await self.held[name].wait()
        act = self.acts.get(name, lambda job: Done({name: "1"}, {name: 0.1}))
        answers = [act(job) for job in jobs]
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        return answers  # type: ignore[return-value]

    def seen(self, stage: str) -> list[list[UUID]]:
        """The packets that a stage was given."""
        return [ids for name, ids in self.calls if name == stage]
