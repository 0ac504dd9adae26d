"""The dispatcher: claims jobs, drives them through the stages in packets, and settles each.

One coroutine a packet: one resume of the online lane, several of the bulk lane, which share the cost of each call.
It sees receipts only; results travel between the stages as references. Whatever happens here, PostgreSQL is the
truth: a dispatcher may be killed at any line, and its jobs are taken back by a peer or by its successor.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from pipeline.domain.errors import DatabaseUnavailable
from pipeline.domain.job import ClaimedJob
from pipeline.domain.journey import JobState, Lane, Lease, Stage
from pipeline.domain.metrics import IN_FLIGHT, JOURNEY_SECONDS, LEASES_LOST, SETTLED
from pipeline.domain.receipt import Done, Failed
from pipeline.domain.result import Verdict
from pipeline.domain.trace import within
from pipeline.orchestration.core.drive import (
    PACKET,
    ComeBack,
    Drive,
    EndAsDead,
    EndAsFailed,
    EndAsSaved,
    LetGo,
    Move,
    after_death,
    after_error,
    after_save,
    move_of,
    packet_size,
    packets_of,
)
from pipeline.orchestration.core.ports import (
    Clock,
    Handed,
    LostOnTheWay,
    Meters,
    Queue,
    Stages,
    WorkerDied,
    Writer,
)
from pipeline.orchestration.core.retry import Pauses, until_answered
from pipeline.orchestration.core.slots import StageSlots

log = logging.getLogger(__name__)

T = TypeVar("T")

#: In flight = this × the slots of all stages: enough that every stage has a next one waiting, and that
#: autoscaling sees demand; not so much that a resume waits in a replica instead of in PostgreSQL.
_OVERCOMMIT = 1.5
#: Packets of the bulk lane at a replica: the one that it works on and the next one.
_LEAST_PACKETS = 2
_PROGRESS_EVERY_S = 0.2
#: A stage that a bulk job passes sooner is not written down: with its row's indexes and event that is 1 ms.
_NEWS_IN_BULK_S = 5.0
#: Due now, and not claimed a moment ago: it was locked by somebody. It is not asked for in a busy loop.
_LEAST_SLEEP_S = 0.01


class SuspectStages(Stages, Protocol):
    """The stages in a process that holds one document and nothing else."""

    def discard(self) -> None:
        """End that process; the next suspect gets a new one."""


class MonotonicClock:
    """The process's own clock."""

    def monotonic(self) -> float:
        """As `Clock.monotonic`."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """As `Clock.sleep`."""
        await asyncio.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Sizes:
    """What the limits follow. `slots` of a replica and `replicas` at least, by stage; `scans`: slots of a reader for
    scans; `lanes`: those that are claimed for."""

    slots: Mapping[str, int]
    replicas: Mapping[str, int]
    scans: int
    lanes: Sequence[Lane]


class _AllSettled(Exception):
    """No job of the packet is left to go on."""


class Dispatch:
    """The loop on a queue, stages and a clock. `run` it as one task; `drain` it before its process ends.

    Everything but `at_work` and `works_on` is called on the event loop.
    """

    def __init__(
        self,
        queue: Queue,
        owner: int,
        stages: Stages,
        suspects: SuspectStages,
        writer: Writer,
        meters: Meters,
        *,
        poll_s: float,
        executor: Executor,
        clock: Clock | None = None,
    ) -> None:
        """`executor`: threads for the queue's calls, which block; `poll_s`: the longest sleep between two claims."""
        self._queue, self._owner, self._executor = queue, owner, executor
        self._stages, self._suspects, self._writer = stages, suspects, writer
        self._meters, self._poll_s = meters, poll_s
        self._clock: Clock = clock or MonotonicClock()
        self._driving: dict[Lease, Drive] = {}
        self._settling: set[Lease] = set()  # being told to the database just now
        self._progress: dict[Lease, tuple[Stage, float]] = {}
        self._sizes: Sizes | None = None
        self._limits: dict[Lane, int] = {}
        self._bulk_slots = {stage.value: StageSlots(0) for stage in Stage}
        self._embed_slots = StageSlots(0)
        self._awake = asyncio.Event()
        self._backlog = False
        self._stopping = False

    # -- what others ask and tell ----------------------------------------------------------------------

    def resize(self, sizes: Sizes) -> None:
        """Take the stages' slots and our lanes."""
        self._sizes = sizes
        self.follow(sizes.replicas)

    def follow(self, replicas: Mapping[str, int]) -> None:
        """Size the limits by what runs, by stage."""
        assert self._sizes is not None
        slots = {stage: n * replicas[stage] for stage, n in self._sizes.slots.items()}
        # Bulk never queues in a stage: one packet is worked on, one is at hand, and more only where slots wait.
        packets = {stage: max(_LEAST_PACKETS * replicas[stage], n // PACKET) for stage, n in slots.items()}
        packets["read"] += replicas["read"] * self._sizes.scans  # each holds its packet for long
        limits = {
            Lane.ONLINE: int(_OVERCOMMIT * sum(slots.values())),
            Lane.BULK: PACKET * sum(packets.values()),
        }
        for stage, n in packets.items():
            self._bulk_slots[stage].resize(PACKET * n)
        self._embed_slots.resize(slots["embed"])
        before, self._limits = self._limits, {lane: limits[lane] for lane in self._sizes.lanes}
        if self._limits != before:
            self.wake()

    def wake(self) -> None:
        """Something may be due: look."""
        self._awake.set()

    def in_hand(self) -> int:
        """Jobs that are driven now."""
        return len(self._driving)

    def works_on(self, lease: Lease) -> bool:
        """Whether this job is driven here. From any thread."""
        return lease in self._driving

    def at_work(self) -> set[Lease]:
        """Jobs that are driven and not just being settled: of these, what is not held is lost. From any thread."""
        return set(self._driving.copy()) - self._settling.copy()

    def lose(self, leases: Collection[Lease]) -> None:
        """Let go of jobs that are somebody else's now; a packet of which nothing is left ends."""
        lost = [lease for lease in leases if lease in self._driving]
        self._meters.count(LEASES_LOST, len(lost))
        self._let_go(lost)

    async def run(self) -> None:
        """Claim and drive until `drain`."""
        flusher = asyncio.create_task(self._flush_progress())
        flusher.add_done_callback(_tell_why)
        try:
            while not self._stopping:
                self._awake.clear()
                claimed = await self._claim_all()
                if not claimed:
                    await self._sleep_until_woken()
        finally:
            flusher.cancel()

    async def drain(self, within_s: float) -> None:
        """Claim nothing more, finish what can be finished in that time, and put the rest back unpenalised."""
        self._stopping = True
        self.wake()
        if tasks := {drive.task for drive in self._driving.values() if drive.task is not None}:
            await asyncio.wait(tasks, timeout=within_s)
        if left := set(self._driving):
            self._let_go(left)
            await self._ask(self._queue.release, self._owner, left)

    # -- claiming --------------------------------------------------------------------------------------

    async def _claim_all(self) -> int:
        """Fill every lane; remember whether more than fitted may wait."""
        claimed = 0
        self._backlog = False
        for lane, limit in self._limits.items():
            free = limit - self._count(lane, alone=False)
            claimed += await self._claim(lane, free, suspects=False)
            claimed += await self._claim(lane, 1 - self._count(None, alone=True), suspects=True)
        return claimed

    async def _claim(self, lane: Lane, free: int, *, suspects: bool) -> int:
        # Whole packets: one that takes a failed job's place costs as much as one of eight.
        free -= free % packet_size(lane, suspects=suspects)
        if free <= 0 or self._stopping:
            self._backlog = True
            return 0
        jobs = await self._ask(lambda: self._queue.claim(self._owner, lane, free, suspects=suspects))
        self._backlog |= len(jobs) == free
        for drive in packets_of(jobs, lane, suspects=suspects, started=self._clock.monotonic()):
            self._driving |= {job.lease: drive for job in drive.jobs}
            drive.task = asyncio.create_task(self._run_drive(drive))
        if jobs:
            self._show_in_flight(lane)
        return len(jobs)

    def _count(self, lane: Lane | None, *, alone: bool) -> int:
        return sum(
            1 for drive in self._driving.values() if drive.alone == alone and lane in (None, drive.lane)
        )

    def _show_in_flight(self, lane: Lane) -> None:
        self._meters.observe(IN_FLIGHT, self._count(lane, alone=False), lane=lane.value)

    async def _sleep_until_woken(self) -> None:
        due = await self._ask(self._queue.seconds_to_next)
        seconds = self._poll_s if due is None else min(self._poll_s, max(due, _LEAST_SLEEP_S))
        ends = [asyncio.ensure_future(one) for one in (self._clock.sleep(seconds), self._awake.wait())]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()

    # -- driving ---------------------------------------------------------------------------------------

    async def _run_drive(self, drive: Drive) -> None:
        """A packet from its claim to its jobs' settlements. Never raises, except for its own cancellation."""
        try:
            await self._journey(drive, self._suspects if drive.alone else self._stages)
        except _AllSettled:
            pass
        except WorkerDied:
            if drive.alone:
                self._suspects.discard()
            for job in self._left(drive):
                await self._settle(drive, job, after_death(alone=drive.alone))
        except Exception as error:  # noqa: BLE001 - the last boundary: a bug of ours must settle its jobs
            for job in self._left(drive):
                await self._settle(drive, job, _stumbled(job, error))
        finally:
            for job in self._left(drive):
                self._driving.pop(job.lease, None)
            if self._backlog:  # else whoever comes next is announced: no need to ask the database
                self.wake()

    def _left(self, drive: Drive) -> list[ClaimedJob]:
        """The packet's jobs that are not settled, and whose leases are still ours."""
        drive.jobs = [job for job in drive.jobs if self._driving.get(job.lease) is drive]
        return drive.jobs

    async def _journey(self, drive: Drive, stages: Stages) -> None:
        texts = await self._stage(drive, Stage.READ, stages.read)
        profiles = await self._stage(drive, Stage.NORMALISE, lambda jobs: stages.normalise(jobs, texts))
        embedded = await self._stage(drive, Stage.EMBED, lambda jobs: stages.embed(jobs, texts))
        pauses = Pauses(self._clock.sleep)
        while jobs := self._left(drive):
            self._show(jobs, Stage.SAVE)
            with self._being_settled([job.lease for job in jobs]):
                for job, saved in await self._save(drive, list(jobs), texts, profiles, embedded):
                    await self._settle(drive, job, after_save(saved))
            if self._left(drive):
                # Everything is computed already: try again for as long as the leases are ours.
                await pauses.pause()

    async def _stage(
        self, drive: Drive, stage: Stage, run: Callable[[Sequence[ClaimedJob]], Awaitable[Handed]]
    ) -> Any:
        """What the stage hands on; what did not get through it is settled. Raises _AllSettled."""
        jobs = self._left(drive)
        if not jobs:
            raise _AllSettled
        self._show(jobs, stage)
        async with self._slot(drive, stage):
            receipts, answers = await run(jobs)
        for job, receipt in zip(jobs, receipts, strict=True):
            if self._driving.get(job.lease) is not drive:
                continue  # its lease was lost meanwhile
            if isinstance(receipt, Done):
                drive.passed(job, receipt)
            else:
                await self._settle(drive, job, move_of(receipt, attempt=job.attempt))
        if not self._left(drive):
            raise _AllSettled
        return answers

    async def _save(
        self, drive: Drive, jobs: Sequence[ClaimedJob], texts: Any, profiles: Any, embedded: Any
    ) -> list[tuple[ClaimedJob, Verdict]]:
        """The jobs whose save was answered. One that was not is tried again: the fence makes that safe."""
        done = [drive.done[job.lease] for job in jobs]
        try:
            async with self._slot(drive, Stage.SAVE):
                verdicts = await self._writer.save(jobs, texts, profiles, embedded, done)
        except WorkerDied:
            return []  # perhaps after its commit
        return [
            (job, verdict)
            for job, verdict in zip(jobs, verdicts, strict=True)
            if not isinstance(verdict, Failed)
        ]

    def _slot(self, drive: Drive, stage: Stage) -> AbstractAsyncContextManager[None]:
        """A slot for each of the packet's jobs: what comes back from a vendor's wait one by one is a packet of one.

        Uploads may queue in a stage, but for the embedder: a query that finds it full asks again only after a while.
        """
        if drive.alone or (drive.lane is Lane.ONLINE and stage is not Stage.EMBED):
            return nullcontext()
        slots = self._embed_slots if drive.lane is Lane.ONLINE else self._bulk_slots[stage.value]
        return slots.hold(len(drive.jobs))

    def _show(self, jobs: Sequence[ClaimedJob], stage: Stage) -> None:
        """Let callers see the stage, soon."""
        now = self._clock.monotonic()
        self._progress |= {job.lease: (stage, now) for job in jobs}

    # -- settling --------------------------------------------------------------------------------------

    async def _settle(self, drive: Drive, job: ClaimedJob, move: Move) -> None:
        """Tell the queue what became of the job; its packet goes on without it."""
        with self._being_settled([job.lease]):
            state = await self._make(job, move)
            # Within: the keeper's thread must never see it driven, not being settled, and not held any more.
            known_lost = self._driving.pop(job.lease, None) is None
        self._progress.pop(job.lease, None)
        self._show_in_flight(job.lane)
        if state is not None or not known_lost:  # what was lost on its way here is counted already
            self._report(job, state, self._clock.monotonic() - drive.started)

    @contextmanager
    def _being_settled(self, leases: Collection[Lease]) -> Iterator[None]:
        """Within the block the answer to come says what became of these; that they are not held says nothing."""
        mine = set(leases) - self._settling
        self._settling |= mine
        try:
            yield
        finally:
            self._settling -= mine

    async def _make(self, job: ClaimedJob, move: Move) -> JobState | None:
        """The state that the job has now, None where somebody else has it."""
        lease, queue = job.lease, self._queue
        if isinstance(move, EndAsSaved):
            return JobState.SUCCEEDED
        if isinstance(move, LetGo):
            return None
        if isinstance(move, ComeBack):
            held = await self._ask(lambda: queue.wait(lease, reason=move.reason, seconds=move.seconds))
            return JobState.WAITING if held else None
        if isinstance(move, EndAsFailed):
            held = await self._ask(lambda: queue.fail(lease, code=move.code, detail=move.detail))
            return JobState.FAILED if held else None
        if isinstance(move, EndAsDead):
            held = await self._ask(lambda: queue.die(lease, code=move.code, detail=move.detail))
            return JobState.DEAD if held else None
        return await self._ask(
            lambda: queue.retry(
                lease,
                code=move.code,
                detail=move.detail,
                delay_s=move.delay_s,
                suspect=move.suspect,
                died_alone=move.died_alone,
            )
        )

    def _report(self, job: ClaimedJob, state: JobState | None, seconds: float) -> None:
        name = state.value if state else "lease_lost"
        self._meters.observe(JOURNEY_SECONDS, seconds, lane=job.lane.value, state=name)
        self._meters.count(SETTLED, state=name)
        if state is None:
            self._meters.count(LEASES_LOST)
        with within(job.trace):
            log.info(
                "settled",
                extra={
                    "resume_id": str(job.lease.resume_id),
                    "state": name,
                    "attempt": job.attempt,
                    "ms": round(seconds * 1000),
                },
            )

    def _let_go(self, leases: Collection[Lease]) -> None:
        for lease in leases:
            drive = self._driving.pop(lease, None)
            self._progress.pop(lease, None)
            if drive is not None and not self._left(drive) and drive.task is not None:
                drive.task.cancel()

    # -- the rest --------------------------------------------------------------------------------------

    async def _flush_progress(self) -> None:
        """Stage changes are news, not truth: they go out in batches, and are dropped with an outage.

        Of the bulk lane only those that last: nobody follows each one of thousands, and each costs a write.
        """
        while True:
            await self._clock.sleep(_PROGRESS_EVERY_S)
            now = self._clock.monotonic()
            news = [
                (lease, stage)
                for lease, (stage, since) in self._progress.items()
                if (drive := self._driving.get(lease))
                and (drive.lane is Lane.ONLINE or now - since >= _NEWS_IN_BULK_S)
            ]
            for lease, _ in news:
                del self._progress[lease]
            if news:
                try:
                    await self._off_loop(self._queue.progress, news)
                except DatabaseUnavailable:
                    continue

    async def _ask(self, call: Callable[..., T], *args: Any) -> T:
        """Run a blocking call of the queue; while PostgreSQL is away, try again and again."""
        return await until_answered(lambda: self._off_loop(call, *args), sleep=self._clock.sleep)

    async def _off_loop(self, call: Callable[..., T], *args: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, call, *args)


def _stumbled(job: ClaimedJob, error: Exception) -> Move:
    """A call raised what no receipt says: something was lost on the way, or a stage has a bug."""
    lost = isinstance(error, LostOnTheWay)
    log.error(
        "call raised",
        exc_info=error.__cause__ or error if lost else error,
        extra={"resume_id": str(job.lease.resume_id), "attempt": job.attempt},
    )
    name = str(error) if lost else type(error).__name__
    return after_error(name, attempt=job.attempt, lost=lost)


def _tell_why(task: asyncio.Task[None]) -> None:
    """A loop that was not meant to end: stages are no longer shown, and somebody has to know."""
    if not task.cancelled() and task.exception() is not None:
        log.error("progress is no longer shown", exc_info=task.exception())
