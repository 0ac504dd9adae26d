"""The dispatcher: claims jobs, drives them through the stages in packets, and settles each.

One coroutine a packet: one resume of the online lane, several of the bulk lane, which share the cost of each call.
It sees receipts only; results travel between the stages as references. Whatever happens here, PostgreSQL is the
truth: a dispatcher may be killed at any line, and its jobs are taken back by a peer or by its successor.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ray import serve
from ray.exceptions import RayActorError, RayError, RayTaskError
from ray.serve.exceptions import RayServeException

from pipeline.adapters.postgres.jobs import ClaimedJob
from pipeline.adapters.postgres.listen import Listener
from pipeline.adapters.postgres.moves import JOBS
from pipeline.adapters.postgres.owner import OwnerLock
from pipeline.domain.errors import DatabaseUnavailable
from pipeline.domain.journey import JobState, Lane, Lease, Stage
from pipeline.domain.metrics import IN_FLIGHT, JOURNEY_SECONDS, LEASES_LOST, SETTLED
from pipeline.domain.receipt import Broken, Done, Failed, Lost, Waiting
from pipeline.domain.result import Verdict
from pipeline.orchestration import wiring
from pipeline.orchestration.core.leases import LeaseKeeper
from pipeline.orchestration.core.slots import Slots
from pipeline.orchestration.core.sweep_keeper import SweepKeeper
from pipeline.orchestration.ray import meters, scaling
from pipeline.orchestration.ray.calls import call
from pipeline.orchestration.ray.deployments import PACKET
from pipeline.orchestration.ray.isolation import Handed, IsolatedStages, NotIsolated
from pipeline.orchestration.ray.load_watch import LoadWatch
from pipeline.settings import load_settings

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
#: What PostgreSQL did not answer is tried again soon, for a connection that ended is replaced at once; then ever later.
_AGAIN_S, _LATEST_AGAIN_S = 0.05, 0.8
_LONGEST_BACKOFF_S = 60.0
#: A stage that raises what the error tree does not name has a bug: a third run would find it again.
_RUNS_OF_A_BUG = 3


class _AllSettled(Exception):
    """No job of the packet is left to go on."""


class SharedStages:
    """The stages as Serve deployments, one handle each."""

    def __init__(self, reader: Any, normaliser: Any, embedder: Any) -> None:
        self._reader, self._normaliser, self._embedder = reader.run, normaliser.run, embedder.run

    async def read(self, jobs: Sequence[ClaimedJob]) -> Handed:
        return await self._call(self._reader, jobs)

    async def normalise(self, jobs: Sequence[ClaimedJob], texts: Any) -> Handed:
        return await self._call(self._normaliser, jobs, texts)

    async def embed(self, jobs: Sequence[ClaimedJob], texts: Any) -> Handed:
        return await self._call(self._embedder, jobs, texts)

    async def _call(self, method: Any, *args: Any) -> Handed:
        answers, response = await call(method, *args)
        return answers.receipts, response


@dataclass(slots=True)
class _Drive:
    """A packet on its way: the jobs that are still ours and not settled, and what their stages took so far."""

    lane: Lane
    alone: bool
    jobs: list[ClaimedJob]
    started: float = field(default_factory=time.monotonic)
    done: dict[Lease, Done] = field(default_factory=dict)
    task: asyncio.Task[None] | None = None


class Dispatcher:
    """Drives jobs. `user_config` is `{"slots": {stage: max_ongoing}, "replicas": {stage: how many at least},
    "scans": slots of a reader for scans, "lanes": [lane, …], "scales": whether any stage follows the backlog}`."""

    async def __init__(self, reader: Any, normaliser: Any, embedder: Any, writer: Any) -> None:  # type: ignore[misc]  # Serve awaits it
        self._settings = load_settings()
        wiring.configure_logging(self._settings)
        self._shared = SharedStages(reader, normaliser, embedder)
        self._isolated = IsolatedStages()
        self._writer = writer.run
        self._database = ThreadPoolExecutor(4, "database")
        engine = wiring.database(self._settings, name="dispatcher", pool_size=6)
        self._queue = wiring.job_queue(self._settings, engine)
        self._notices = wiring.textract_notices(self._settings, self._queue.wake)
        self._sweeps = SweepKeeper(wiring.sweeper(self._settings, engine))
        self._lock = OwnerLock(wiring.database_url(self._settings))
        self._driving: dict[Lease, _Drive] = {}
        self._progress: dict[Lease, tuple[Stage, float]] = {}
        self._limits: dict[Lane, int] = {}
        self._bulk_slots = {stage.value: Slots(0) for stage in Stage}
        names = {"read": reader, "normalise": normaliser, "embed": embedder, "save": writer}
        self._stages = {handle.deployment_name: stage for stage, handle in names.items()}
        self._watch = LoadWatch(
            self._queue, on_replicas=lambda running: self._call_soon(self._follow, running)
        )
        self._wake = asyncio.Event()
        self._backlog = False
        self._stopping = False
        self._loop = asyncio.get_running_loop()
        self._keeper = LeaseKeeper(
            self._queue,
            self._lock,
            self._settings,
            in_flight=lambda: set(self._driving.copy()),
            on_lost=lambda leases: self._call_soon(self._abandon, leases),
        )
        self._listener = Listener(
            wiring.database_url(self._settings),
            [JOBS],
            lambda channel, payload: self._call_soon(self._wake.set),
            lambda: self._call_soon(self._wake.set),
        )
        self._main = asyncio.create_task(self._run())

    def reconfigure(self, config: dict[str, Any]) -> None:
        """Take the stages' slots and our lanes; called by Serve at the start and when the configuration changes."""
        self._config = config
        self._lanes = tuple(lane for lane in Lane if lane.value in config["lanes"])
        self._watch.count(self._lanes if config["scales"] else ())
        self._resize(config["replicas"])

    def _follow(self, running: Mapping[str, int]) -> None:
        """Size by what runs. A stage without a replica has one soon: its calls wait for that."""
        self._resize({stage: max(1, running.get(name, 1)) for name, stage in self._stages.items()})

    def _resize(self, replicas: Mapping[str, int]) -> None:
        slots = {stage: n * replicas[stage] for stage, n in self._config["slots"].items()}
        # Bulk never queues in a stage: one packet is worked on, one is at hand, and more only where slots wait.
        packets = {stage: max(_LEAST_PACKETS * replicas[stage], n // PACKET) for stage, n in slots.items()}
        packets["read"] += replicas["read"] * self._config["scans"]  # each holds its packet for long
        limits = {
            Lane.ONLINE: int(_OVERCOMMIT * sum(slots.values())),
            Lane.BULK: PACKET * sum(packets.values()),
        }
        for stage, n in packets.items():
            self._bulk_slots[stage].resize(PACKET * n)
        before, self._limits = self._limits, {lane: limits[lane] for lane in self._lanes}
        if self._limits != before:
            self._wake.set()

    def record_autoscaling_stats(self) -> dict[str, float]:
        """What Serve's autoscaling of the stages goes by (`scaling.py`)."""
        return {scaling.DUE: self._watch.due(), scaling.IN_HAND: len(self._driving)}

    async def check_health(self) -> None:
        """Whether the loops still run; never asks the database, whose outage is no reason to restart."""
        if self._main.done() or (self._main_started and not (self._keeper.alive() and self._watch.alive())):
            raise RuntimeError("the dispatcher's loop has ended")

    async def __del__(self) -> None:
        """Drain: claim nothing more, finish what the grace period allows, requeue the rest unpenalised."""
        self._stopping = True
        self._wake.set()
        self._listener.stop()
        self._sweeps.stop()
        if self._notices is not None:
            self._notices.stop()
        if tasks := {drive.task for drive in self._driving.values() if drive.task is not None}:
            await asyncio.wait(tasks, timeout=self._settings.drain_s)
        left = set(self._driving)
        self._abandon(left)
        if left:
            await self._db(self._queue.release, left)
        self._main.cancel()
        self._watch.stop()
        self._isolated.discard()
        await self._db(self._keeper.stop)

    # -- claiming --------------------------------------------------------------------------------------

    _main_started = False

    async def _run(self) -> None:
        await self._db(self._lock.acquire)
        self._keeper.start()
        self._listener.start()
        # Its jobs look again: the service may have been started anew with a higher budget.
        await self._db(self._queue.wake, "budget")
        self._sweeps.start()
        self._watch.start(serve.get_replica_context().app_name)
        if self._notices is not None:
            self._notices.start()
        self._main_started = True
        flusher = asyncio.create_task(self._flush_progress())
        flusher.add_done_callback(_tell_why)
        try:
            while not self._stopping:
                self._wake.clear()
                claimed = await self._claim_all()
                if not claimed:
                    await self._sleep_until_woken()
        finally:
            flusher.cancel()

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
        size = PACKET if lane is Lane.BULK and not suspects else 1
        free -= (
            free % size
        )  # whole packets: one that takes a failed job's place costs as much as one of eight
        if free <= 0 or self._stopping:
            self._backlog = True
            return 0
        jobs = await self._db(lambda: self._queue.claim(self._lock.owner, lane, free, suspects=suspects))
        self._backlog |= len(jobs) == free
        for start in range(0, len(jobs), size):
            drive = _Drive(lane, suspects, jobs[start : start + size])
            self._driving |= {job.lease: drive for job in drive.jobs}
            drive.task = asyncio.create_task(self._run_drive(drive))
        if jobs:
            meters.observe(IN_FLIGHT, self._count(lane, alone=False), lane=lane.value)
        return len(jobs)

    def _count(self, lane: Lane | None, *, alone: bool) -> int:
        return sum(
            1 for drive in self._driving.values() if drive.alone == alone and lane in (None, drive.lane)
        )

    async def _sleep_until_woken(self) -> None:
        due = await self._db(self._queue.seconds_to_next)
        seconds = self._settings.poll_s if due is None else min(self._settings.poll_s, max(due, 0.01))
        try:
            await asyncio.wait_for(self._wake.wait(), seconds)
        except TimeoutError:
            return

    # -- driving ---------------------------------------------------------------------------------------

    async def _run_drive(self, drive: _Drive) -> None:
        """A packet from its claim to its jobs' settlements. Never raises, except for its own cancellation."""
        try:
            await self._journey(drive, self._isolated if drive.alone else self._shared)
        except _AllSettled:
            pass
        except RayActorError:
            for job in self._left(drive):
                self._end(drive, job, await self._worker_died(job, alone=drive.alone))
        except Exception as error:  # noqa: BLE001 - the last boundary: a bug of ours must settle its jobs
            for job in self._left(drive):
                self._end(drive, job, await self._stumbled(job, error))
        finally:
            for job in self._left(drive):
                self._driving.pop(job.lease, None)
            if self._backlog:  # else whoever comes next is announced: no need to ask the database
                self._wake.set()

    def _left(self, drive: _Drive) -> list[ClaimedJob]:
        """The packet's jobs that are not settled, and whose leases are still ours."""
        drive.jobs = [job for job in drive.jobs if self._driving.get(job.lease) is drive]
        return drive.jobs

    def _end(self, drive: _Drive, job: ClaimedJob, state: JobState | None) -> None:
        """This job's journey is over; its packet goes on without it."""
        self._driving.pop(job.lease, None)
        self._progress.pop(job.lease, None)
        meters.observe(IN_FLIGHT, self._count(job.lane, alone=False), lane=job.lane.value)
        self._report(job, state, time.monotonic() - drive.started)

    async def _journey(self, drive: _Drive, stages: SharedStages | IsolatedStages) -> None:
        texts = await self._stage(drive, Stage.READ, stages.read)
        profiles = await self._stage(drive, Stage.NORMALISE, lambda jobs: stages.normalise(jobs, texts))
        embedded = await self._stage(drive, Stage.EMBED, lambda jobs: stages.embed(jobs, texts))
        pause_s = _AGAIN_S
        while jobs := self._left(drive):
            self._show(jobs, Stage.SAVE)
            done = [drive.done[job.lease] for job in jobs]
            try:
                async with self._slot(drive, Stage.SAVE):
                    verdicts, _ = await call(self._writer, jobs, texts, profiles, embedded, done)
            except RayActorError:
                verdicts = (
                    None  # the writer died, perhaps after its commit: the fence makes a second try safe
                )
            if isinstance(verdicts, list):
                for job, verdict in zip(jobs, verdicts, strict=True):
                    self._end(drive, job, await self._saved(job, verdict))
                return
            # Everything is computed already: try again for as long as the leases are ours.
            await asyncio.sleep(pause_s)
            pause_s = min(_LATEST_AGAIN_S, 2 * pause_s)

    async def _stage(
        self, drive: _Drive, stage: Stage, run: Callable[[Sequence[ClaimedJob]], Awaitable[Handed]]
    ) -> Any:
        """A reference to the stage's answers; what did not get through it is settled. Raises _AllSettled."""
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
                earlier = drive.done.get(job.lease, Done({}, {}))
                drive.done[job.lease] = Done(
                    earlier.versions | receipt.versions, earlier.seconds | receipt.seconds
                )
            else:
                self._end(drive, job, await self._settle(job, receipt))
        if not self._left(drive):
            raise _AllSettled
        return answers

    def _slot(self, drive: _Drive, stage: Stage) -> AbstractAsyncContextManager[None]:
        """A slot for each of the packet's jobs: what comes back from a vendor's wait one by one is a packet of one."""
        shared = drive.lane is Lane.BULK and not drive.alone
        return self._bulk_slots[stage.value].hold(len(drive.jobs)) if shared else nullcontext()

    def _show(self, jobs: Sequence[ClaimedJob], stage: Stage) -> None:
        """Let callers see the stage, soon."""
        now = time.monotonic()
        self._progress |= {job.lease: (stage, now) for job in jobs}

    # -- settling --------------------------------------------------------------------------------------

    async def _settle(self, job: ClaimedJob, receipt: Failed | Waiting | Lost | Broken) -> JobState | None:
        lease = job.lease
        if isinstance(receipt, Lost):
            return None
        if isinstance(receipt, Broken):
            return await self._broke(job, receipt.error, again=job.attempt < _RUNS_OF_A_BUG)
        if isinstance(receipt, Waiting):
            held = await self._db(
                lambda: self._queue.wait(lease, reason=receipt.reason, seconds=receipt.seconds)
            )
            return JobState.WAITING if held else None
        if receipt.retryable:
            return await self._retry(job, receipt.code, receipt.detail)
        failed = await self._db(lambda: self._queue.fail(lease, code=receipt.code, detail=receipt.detail))
        return JobState.FAILED if failed else None

    async def _saved(self, job: ClaimedJob, verdict: Verdict) -> JobState | None:
        if verdict is Verdict.SAVED:
            return JobState.SUCCEEDED
        if verdict is Verdict.LEASE_LOST:
            return None
        detail = "PostgreSQL refused the profile; the original is kept. Report this id to the operators."
        dead = await self._db(lambda: self._queue.die(job.lease, code="internal", detail=detail))
        return JobState.DEAD if dead else None

    async def _worker_died(self, job: ClaimedJob, *, alone: bool) -> JobState | None:
        if alone:
            self._isolated.discard()
        detail = "A worker process died while it held this document."
        return await self._db(
            lambda: self._queue.retry(
                job.lease,
                code="internal",
                detail=detail,
                delay_s=float(alone),
                suspect=True,
                died_alone=alone,
            )
        )

    async def _stumbled(self, job: ClaimedJob, error: Exception) -> JobState | None:
        """A call raised what no receipt says: Ray lost something on the way, or a stage has a bug."""
        cause = error.cause if isinstance(error, RayTaskError) else error
        rays_own = isinstance(cause, RayError | RayServeException | NotIsolated)
        log.error(
            "call raised",
            exc_info=cause,
            extra={"application_id": str(job.lease.application_id), "attempt": job.attempt},
        )
        # A reference whose owner died after it had answered is nobody's bug, however often it happens.
        return await self._broke(job, type(cause).__name__, again=rays_own or job.attempt < _RUNS_OF_A_BUG)

    async def _broke(self, job: ClaimedJob, error: str, *, again: bool) -> JobState | None:
        detail = f"The service failed on this document ({error}); the original is kept."
        if again:
            return await self._retry(job, "internal", detail)
        dead = await self._db(lambda: self._queue.die(job.lease, code="internal", detail=detail))
        return JobState.DEAD if dead else None

    async def _retry(self, job: ClaimedJob, code: str, detail: str) -> JobState | None:
        """Exponential backoff with full jitter, so that a storm does not come back as one."""
        delay = random.uniform(0.5, 1) * min(_LONGEST_BACKOFF_S, 2.0 ** min(job.attempt, 6))
        return await self._db(lambda: self._queue.retry(job.lease, code=code, detail=detail, delay_s=delay))

    # -- the rest --------------------------------------------------------------------------------------

    async def _flush_progress(self) -> None:
        """Stage changes are news, not truth: they go out in batches, and are dropped with an outage.

        Of the bulk lane only those that last: nobody follows each one of thousands, and each costs a write.
        """
        while True:
            await asyncio.sleep(_PROGRESS_EVERY_S)
            now = time.monotonic()
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
                    await self._loop.run_in_executor(self._database, self._queue.progress, news)
                except DatabaseUnavailable:
                    continue

    async def _db(self, call: Callable[..., T], *args: Any) -> T:
        """Run a blocking database call; while PostgreSQL is away, try again and again."""
        pause_s = _AGAIN_S
        while True:
            try:
                return await self._loop.run_in_executor(self._database, call, *args)
            except DatabaseUnavailable:
                await asyncio.sleep(pause_s)
                pause_s = min(_LATEST_AGAIN_S, 2 * pause_s)

    def _abandon(self, leases: set[Lease]) -> None:
        """Let go of jobs that are no longer ours; a packet of which nothing is left ends."""
        for lease in leases:
            drive = self._driving.pop(lease, None)
            self._progress.pop(lease, None)
            if drive is not None:
                meters.count(LEASES_LOST)
                if not self._left(drive) and drive.task is not None:
                    drive.task.cancel()

    def _call_soon(self, call: Callable[..., object], *args: Any) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(call, *args)

    def _report(self, job: ClaimedJob, state: JobState | None, seconds: float) -> None:
        name = state.value if state else "lease_lost"
        meters.observe(JOURNEY_SECONDS, seconds, lane=job.lane.value, state=name)
        meters.count(SETTLED, state=name)
        if state is None:
            meters.count(LEASES_LOST)
        log.info(
            "settled",
            extra={
                "application_id": str(job.lease.application_id),
                "state": name,
                "attempt": job.attempt,
                "ms": round(seconds * 1000),
            },
        )


def _tell_why(task: asyncio.Task[None]) -> None:
    """A loop that was not meant to end: stages are no longer shown, and somebody has to know."""
    if not task.cancelled() and task.exception() is not None:
        log.error("progress is no longer shown", exc_info=task.exception())
