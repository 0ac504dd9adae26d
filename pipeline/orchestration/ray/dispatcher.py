"""The dispatcher as a Serve deployment: `core/dispatch.py` with PostgreSQL, Ray's stages and this process around it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ray import serve

from pipeline.domain.journey import Lane, Stage
from pipeline.domain.metrics import REAPED
from pipeline.orchestration import wiring
from pipeline.orchestration.core.dispatch import Dispatch, Sizes
from pipeline.orchestration.core.leases import KeeperThread, LeaseKeeper
from pipeline.orchestration.core.retry import until_answered
from pipeline.orchestration.core.sweep_keeper import SweepKeeper
from pipeline.orchestration.ray import meters, scaling
from pipeline.orchestration.ray.isolation import IsolatedStages
from pipeline.orchestration.ray.load_watch import LoadWatch
from pipeline.orchestration.ray.priorities import process_gives_way
from pipeline.orchestration.ray.stages import SharedStages, SharedWriter
from pipeline.settings import load_settings

log = logging.getLogger(__name__)

_THREADS = 4  # claims, settlements and news at once; a statement takes a millisecond or two


class Dispatcher:
    """Drives jobs. `user_config` is `{"slots": {stage: max_ongoing}, "replicas": {stage: how many at least},
    "scans": slots of a reader for scans, "lanes": [lane, …], "scales": whether any stage follows the backlog}`."""

    async def __init__(self, reader: Any, normaliser: Any, embedder: Any, writer: Any) -> None:  # type: ignore[misc]  # Serve awaits it
        self._settings = load_settings()
        wiring.configure_logging(self._settings)
        process_gives_way(self._settings.pipeline_niceness)
        self._loop = asyncio.get_running_loop()
        self._threads = ThreadPoolExecutor(_THREADS, "database")
        engine = wiring.database(self._settings, name="dispatcher", pool_size=6)
        self._queue = wiring.job_queue(self._settings, engine)
        self._lock = wiring.owner_lock(self._settings)
        self._suspects = IsolatedStages()
        self._dispatch = Dispatch(
            self._queue,
            self._lock.owner,
            SharedStages(reader, normaliser, embedder),
            self._suspects,
            SharedWriter(writer),
            meters,
            poll_s=self._settings.poll_s,
            executor=self._threads,
        )
        keeper = LeaseKeeper(
            self._queue,
            self._lock,
            heartbeat_s=self._settings.heartbeat_s,
            give_up_s=self._settings.give_up_s,
            works_on=self._dispatch.works_on,
            at_work=self._dispatch.at_work,
            on_lost=lambda leases: self._call_soon(self._dispatch.lose, leases),
            on_reaped=_tell_reaped,
        )
        self._keeper = KeeperThread(keeper, self._lock)
        handles = {"read": reader, "normalise": normaliser, "embed": embedder, "save": writer}
        self._stages = {handle.deployment_name: Stage(stage) for stage, handle in handles.items()}
        self._watch = LoadWatch(
            self._queue, on_replicas=lambda running: self._call_soon(self._follow, running)
        )
        self._notices = wiring.textract_notices(self._settings, self._queue.wake)
        self._sweeps = SweepKeeper(wiring.sweeper(self._settings, engine))
        self._listener = wiring.job_notices(self._settings, lambda: self._call_soon(self._dispatch.wake))
        self._started = False
        self._main = asyncio.create_task(self._run())

    def reconfigure(self, config: dict[str, Any]) -> None:
        """Take the stages' slots and our lanes; called by Serve at the start and when the configuration changes."""
        lanes = tuple(lane for lane in Lane if lane.value in config["lanes"])
        self._watch.count(lanes if config["scales"] else ())
        self._dispatch.resize(Sizes(config["slots"], config["replicas"], config["scans"], lanes))

    def _follow(self, running: Mapping[str, int]) -> None:
        """Size by what runs. A stage without a replica has one soon: its calls wait for that."""
        self._dispatch.follow(
            {stage.value: max(1, running.get(name, 1)) for name, stage in self._stages.items()}
        )

    def record_autoscaling_stats(self) -> dict[str, float]:
        """What Serve's autoscaling of the stages goes by (`scaling.py`)."""
        return {scaling.DUE: self._watch.due(), scaling.IN_HAND: self._dispatch.in_hand()}

    async def check_health(self) -> None:
        """Whether the loops still run; never asks the database, whose outage is no reason to restart."""
        if self._main.done() or (self._started and not (self._keeper.alive() and self._watch.alive())):
            raise RuntimeError("the dispatcher's loop has ended")

    async def _run(self) -> None:
        await self._insist(self._lock.acquire)
        self._keeper.start()
        self._listener.start()
        # Its jobs look again: the service may have been started anew with a higher budget.
        await self._insist(self._queue.wake, "budget")
        self._sweeps.start()
        self._watch.start(serve.get_replica_context().app_name)
        if self._notices is not None:
            self._notices.start()
        self._started = True
        await self._dispatch.run()

    async def __del__(self) -> None:
        """Drain: claim nothing more, finish what the grace period allows, requeue the rest unpenalised."""
        self._listener.stop()
        self._sweeps.stop()
        if self._notices is not None:
            self._notices.stop()
        await self._dispatch.drain(self._settings.drain_s)
        self._main.cancel()
        self._watch.stop()
        self._suspects.discard()
        await self._insist(self._keeper.stop)

    async def _insist(self, call: Callable[..., Any], *args: Any) -> None:
        """A blocking call, in a thread, again and again while PostgreSQL is away."""
        await until_answered(lambda: self._loop.run_in_executor(self._threads, call, *args))

    def _call_soon(self, call: Callable[..., object], *args: Any) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(call, *args)


def _tell_reaped(jobs: int) -> None:
    meters.count(REAPED, jobs)
    log.warning("jobs reaped", extra={"count": jobs})
