"""The dispatcher: claims jobs, drives each through the stages, and settles it.

One coroutine a resume. It sees receipts only; results travel between the stages as references. Whatever
happens here, PostgreSQL is the truth: a dispatcher may be killed at any line, and its jobs are taken back by
a peer or by its successor.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from ray.exceptions import RayActorError, RayError, RayTaskError
from ray.serve.exceptions import RayServeException

from pipeline.adapters.postgres.jobs import ClaimedJob
from pipeline.adapters.postgres.listen import Listener
from pipeline.adapters.postgres.moves import JOBS
from pipeline.adapters.postgres.owner import OwnerLock
from pipeline.domain.errors import DatabaseUnavailable
from pipeline.domain.journey import JobState, Lane, Lease, Stage
from pipeline.domain.metrics import IN_FLIGHT, JOURNEY_SECONDS, LEASES_LOST, SETTLED
from pipeline.domain.receipt import Done, Failed, Lost, Receipt, Waiting
from pipeline.domain.result import Verdict
from pipeline.orchestration import meters, wiring
from pipeline.orchestration.isolation import IsolatedStages, NotIsolated
from pipeline.orchestration.keeper import LeaseKeeper
from pipeline.orchestration.sweep_keeper import SweepKeeper
from pipeline.settings import load_settings

log = logging.getLogger(__name__)

T = TypeVar("T")

#: In flight = this × the slots of all stages: enough that every stage has a next one waiting, and that
#: autoscaling sees demand; not so much that a resume waits in a replica instead of in PostgreSQL.
_OVERCOMMIT = 1.5
_PROGRESS_EVERY_S = 0.2
_SAVE_AGAIN_S = 1.0
_LONGEST_BACKOFF_S = 60.0
#: A stage that raises what the error tree does not name has a bug: a third run would find it again.
_RUNS_OF_A_BUG = 3


class _Settled(Exception):
    """The journey ended before its last stage."""

    def __init__(self, state: JobState | None) -> None:
        self.state = state


class SharedStages:
    """The stages as Serve deployments, one handle each."""

    def __init__(self, reader: Any, normaliser: Any, embedder: Any) -> None:
        self._reader, self._normaliser, self._embedder = reader, normaliser, embedder

    async def read(self, job: ClaimedJob) -> Receipt:
        return await self._reader.run.remote(job)

    async def normalise(self, job: ClaimedJob, sections: Any) -> Receipt:
        return await self._normaliser.run.remote(job, sections)

    async def embed(self, job: ClaimedJob, sections: Any) -> Receipt:
        return await self._embedder.run.remote(job, sections)


class Dispatcher:
    """Drives jobs. `user_config` is `{"slots": {stage: replicas × max_ongoing}, "lanes": [lane, …]}`."""

    async def __init__(self, reader: Any, normaliser: Any, embedder: Any, writer: Any) -> None:  # type: ignore[misc]  # Serve awaits it
        self._settings = load_settings()
        wiring.configure_logging(self._settings)
        self._shared = SharedStages(reader, normaliser, embedder)
        self._isolated = IsolatedStages()
        self._writer = writer
        self._database = ThreadPoolExecutor(4, "database")
        engine = wiring.database(self._settings, name="dispatcher", pool_size=6)
        self._queue = wiring.job_queue(self._settings, engine)
        self._notices = wiring.textract_notices(self._settings, self._queue.wake)
        self._sweeps = SweepKeeper(wiring.sweeper(self._settings, engine))
        self._lock = OwnerLock(wiring.database_url(self._settings))
        self._driving: dict[Lease, tuple[Lane, bool, asyncio.Task[None]]] = {}
        self._progress: list[tuple[Lease, Stage]] = []
        self._limits: dict[Lane, int] = {}
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
        slots = config["slots"]
        lanes = {Lane(lane) for lane in config["lanes"]}
        # Bulk never queues in a stage, and leaves one slot of each to whoever waits for an answer.
        kept = 1 if Lane.ONLINE in lanes else 0
        limits = {
            Lane.ONLINE: int(_OVERCOMMIT * sum(slots.values())),
            Lane.BULK: max(1, sum(slots.values()) - kept * len(slots)),
        }
        self._limits = {lane: limits[lane] for lane in Lane if lane in lanes}
        self._bulk_slots = {stage: asyncio.Semaphore(max(1, n - kept)) for stage, n in slots.items()}
        self._wake.set()

    async def check_health(self) -> None:
        """Whether the loops still run; never asks the database, whose outage is no reason to restart."""
        if self._main.done() or (self._main_started and not self._keeper.alive()):
            raise RuntimeError("the dispatcher's loop has ended")

    async def __del__(self) -> None:
        """Drain: claim nothing more, finish what the grace period allows, requeue the rest unpenalised."""
        self._stopping = True
        self._wake.set()
        self._listener.stop()
        self._sweeps.stop()
        if self._notices is not None:
            self._notices.stop()
        if tasks := [task for _, _, task in self._driving.values()]:
            await asyncio.wait(tasks, timeout=self._settings.drain_s)
        left = set(self._driving)
        self._abandon(left)
        if left:
            await self._db(self._queue.release, left)
        self._main.cancel()
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
        if self._notices is not None:
            self._notices.start()
        self._main_started = True
        flusher = asyncio.create_task(self._flush_progress())
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
        if free <= 0 or self._stopping:
            self._backlog = True
            return 0
        jobs = await self._db(lambda: self._queue.claim(self._lock.owner, lane, free, suspects=suspects))
        self._backlog |= len(jobs) == free
        for job in jobs:
            task = asyncio.create_task(self._drive(job))
            self._driving[job.lease] = (lane, suspects, task)
        if jobs:
            meters.observe(IN_FLIGHT, self._count(lane, alone=False), lane=lane.value)
        return len(jobs)

    def _count(self, lane: Lane | None, *, alone: bool) -> int:
        return sum(
            1
            for its_lane, its_alone, _ in self._driving.values()
            if its_alone == alone and lane in (None, its_lane)
        )

    async def _sleep_until_woken(self) -> None:
        due = await self._db(self._queue.seconds_to_next)
        seconds = self._settings.poll_s if due is None else min(self._settings.poll_s, max(due, 0.01))
        try:
            await asyncio.wait_for(self._wake.wait(), seconds)
        except TimeoutError:
            return

    # -- driving ---------------------------------------------------------------------------------------

    async def _drive(self, job: ClaimedJob) -> None:
        """One resume from its claim to its settlement. Never raises, except for its own cancellation."""
        started = time.monotonic()
        alone = job.suspicions > 0
        state: JobState | None = None
        try:
            state = await self._journey(job, self._isolated if alone else self._shared)
        except _Settled as settled:
            state = settled.state
        except RayActorError:
            state = await self._worker_died(job, alone=alone)
        except Exception as error:  # noqa: BLE001 - the last boundary: a bug of ours must settle its job
            state = await self._stumbled(job, error)
        finally:
            self._driving.pop(job.lease, None)
            meters.observe(IN_FLIGHT, self._count(job.lane, alone=False), lane=job.lane.value)
            if self._backlog:  # else whoever comes next is announced: no need to ask the database
                self._wake.set()
        self._report(job, state, time.monotonic() - started)

    async def _journey(self, job: ClaimedJob, stages: SharedStages | IsolatedStages) -> JobState | None:
        read = await self._stage(job, Stage.READ, lambda: stages.read(job))
        normalised = await self._stage(job, Stage.NORMALISE, lambda: stages.normalise(job, read.value))
        embedded = await self._stage(job, Stage.EMBED, lambda: stages.embed(job, read.value))
        versions = read.versions | normalised.versions | embedded.versions
        seconds = read.seconds | normalised.seconds | embedded.seconds
        self._progress.append((job.lease, Stage.SAVE))
        values = read.value, normalised.value, embedded.value
        while True:
            try:
                async with self._slot(job, Stage.SAVE):
                    verdict = await self._writer.run.remote(job, *values, versions, seconds)
            except RayActorError:
                verdict = None  # the writer died, perhaps after its commit: the fence makes a second try safe
            if isinstance(verdict, Verdict):
                return await self._saved(job, verdict)
            # Everything is computed already: try again for as long as the lease is ours.
            await asyncio.sleep(_SAVE_AGAIN_S)

    async def _stage(self, job: ClaimedJob, stage: Stage, call: Callable[[], Any]) -> Done:
        self._progress.append((job.lease, stage))
        async with self._slot(job, stage):
            receipt: Receipt = await call()
        if isinstance(receipt, Done):
            return receipt
        raise _Settled(await self._settle(job, receipt))

    def _slot(self, job: ClaimedJob, stage: Stage) -> Any:
        return self._bulk_slots[stage.value] if job.lane is Lane.BULK else _FREE

    # -- settling --------------------------------------------------------------------------------------

    async def _settle(self, job: ClaimedJob, receipt: Failed | Waiting | Lost) -> JobState | None:
        lease = job.lease
        if isinstance(receipt, Lost):
            return None
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
            "stage raised",
            exc_info=cause,
            extra={"application_id": str(job.lease.application_id), "attempt": job.attempt},
        )
        detail = f"The service failed on this document ({type(cause).__name__}); the original is kept."
        # A reference whose owner died after it had answered is nobody's bug, however often it happens.
        if job.attempt < _RUNS_OF_A_BUG or rays_own:
            return await self._retry(job, "internal", detail)
        dead = await self._db(lambda: self._queue.die(job.lease, code="internal", detail=detail))
        return JobState.DEAD if dead else None

    async def _retry(self, job: ClaimedJob, code: str, detail: str) -> JobState | None:
        """Exponential backoff with full jitter, so that a storm does not come back as one."""
        delay = random.uniform(0.5, 1) * min(_LONGEST_BACKOFF_S, 2.0 ** min(job.attempt, 6))
        return await self._db(lambda: self._queue.retry(job.lease, code=code, detail=detail, delay_s=delay))

    # -- the rest --------------------------------------------------------------------------------------

    async def _flush_progress(self) -> None:
        """Stage changes are news, not truth: they go out in batches, and are dropped with an outage."""
        while True:
            await asyncio.sleep(_PROGRESS_EVERY_S)
            moves, self._progress = self._progress, []
            live = [move for move in moves if move[0] in self._driving]
            if live:
                try:
                    await self._loop.run_in_executor(self._database, self._queue.progress, live)
                except DatabaseUnavailable:
                    continue

    async def _db(self, call: Callable[..., T], *args: Any) -> T:
        """Run a blocking database call; while PostgreSQL is away, try again every half second."""
        while True:
            try:
                return await self._loop.run_in_executor(self._database, call, *args)
            except DatabaseUnavailable:
                await asyncio.sleep(0.5)

    def _abandon(self, leases: set[Lease]) -> None:
        for lease in leases:
            if lease in self._driving:
                self._driving[lease][2].cancel()
                meters.count(LEASES_LOST)

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


class _Free:
    """A slot that never waits: the online lane's."""

    async def __aenter__(self) -> None: ...

    async def __aexit__(self, *exc: object) -> None: ...


_FREE = _Free()
