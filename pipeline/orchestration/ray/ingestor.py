"""The ingestor: claims listings and shards from PostgreSQL and runs each as a Ray task, a few at a time.

It holds nothing that matters: killed at any line, its advisory lock is free, and a peer or its successor claims
again what it had; a shard goes on behind its last committed batch.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import ray

from pipeline.domain.errors import DatabaseUnavailable, SourceMissing
from pipeline.domain.ingestion import IngestionClaim, Listing, Shard
from pipeline.domain.journey import Lane
from pipeline.orchestration import wiring
from pipeline.orchestration.core.leases import LeaseKeeper
from pipeline.orchestration.core.retry import backoff_s, until_answered
from pipeline.orchestration.ray.ingestion import (
    GET_READY,
    LIST_SOURCE,
    STORE_SHARD,
    Again,
    Moved,
    Rejected,
    TaskReceipt,
)
from pipeline.orchestration.ray.priorities import process_gives_way
from pipeline.settings import load_settings

log = logging.getLogger(__name__)

T = TypeVar("T")

_TICK_S = 1.0
#: A source that cannot be listed (its store is away, or the task dies of it) is given up after so many tries.
_LISTINGS = 20
#: Counting a long backlog reads all of it.
_COUNT_EVERY_S = 5.0
_RENEW_EVERY_S = 2.0


class Ingestor:
    """Runs bulk ingestions. Several may run beside each other: what one has claimed, no other has."""

    async def __init__(self, *started_with: Any, alone: bool = False) -> None:  # type: ignore[misc]  # Serve awaits it
        """`started_with`: deployments that Serve is to start with this one. `alone`: ingesting is all that the
        application does, so its tasks' processes are started with it, and not when the first ingestion waits."""
        self._settings = load_settings()
        wiring.configure_logging(self._settings)
        process_gives_way(self._settings.pipeline_niceness)
        engine = wiring.database(self._settings, name="ingestor", pool_size=3)
        self._work = wiring.ingestion_work(engine)
        self._applications = wiring.applications(engine)
        self._lock = wiring.owner_lock(self._settings, ingests=True)
        self._threads = ThreadPoolExecutor(2, "database")
        self._tasks: dict[asyncio.Task[None], tuple[UUID, bool]] = {}
        self._held: set[IngestionClaim] = set()
        # What is lost needs no telling: a task finds its claim fenced.
        self._keeper = LeaseKeeper(
            self._work,
            self._lock,
            heartbeat_s=_RENEW_EVERY_S,
            give_up_s=self._settings.give_up_s,
            works_on=self._works_on,
            on_reaped=lambda count: log.warning("ingestion work taken back", extra={"count": count}),
        )
        self._noted: set[UUID] = set()
        self._troubles: dict[UUID, int] = {}
        self._room, self._counted = True, float("-inf")
        self._wake = asyncio.Event()
        self._stopping = False
        loop = asyncio.get_running_loop()
        self._listener = wiring.ingestion_notices(self._settings, lambda: self._call_soon(loop))
        self._ready = [GET_READY.remote() for _ in range(self._settings.ingest_tasks if alone else 0)]
        self._main = asyncio.create_task(self._run())

    async def check_health(self) -> None:
        """Whether the loop still runs; never asks the database, whose outage is no reason to restart."""
        if self._main.done():
            raise RuntimeError("the ingestor's loop has ended")

    async def __del__(self) -> None:
        """Claim nothing more; shards that run finish their batch or are claimed again."""
        self._stopping = True
        self._listener.stop()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._settings.drain_s)
        self._main.cancel()
        self._lock.close()

    async def _run(self) -> None:
        self._listener.start()
        while not self._stopping:
            self._wake.clear()
            try:
                open_ = await self._tick()
            except DatabaseUnavailable:
                open_ = True
            await self._sleep(open_)

    async def _tick(self) -> bool:
        """Look once at everything there is to do: whether any ingestion is open."""
        await self._off_loop(self._lock.acquire)
        if not await self._off_loop(self._work.any_open):
            return False
        await self._off_loop(self._keeper.tick)
        for id_ in await self._off_loop(self._work.end_finished):
            log.info("ingestion completed", extra={"ingestion_id": str(id_)})
        free = self._settings.ingest_tasks - len(self._tasks)
        if free > 0 and (listing := await self._off_loop(self._work.claim_listing, self._lock.owner)):
            self._start(IngestionClaim(listing.ingestion_id, None), self._list(listing))
            free -= 1
        if free > 0 and await self._off_loop(self._has_room):
            await self._claim_shards(free)
        return True

    async def _claim_shards(self, free: int) -> None:
        sequential = [id_ for id_, whole in self._tasks.values() if whole]
        claim = partial(self._work.claim_shards, self._lock.owner, free, but=sequential)
        for shard in await self._off_loop(claim):
            held = IngestionClaim(shard.ingestion_id, shard.shard_no)
            self._start(held, self._store(shard), whole=shard.sequential)

    def _has_room(self) -> bool:
        """Whether the queue takes more: what is stored faster than it is processed waits in its archive."""
        if time.monotonic() - self._counted > _COUNT_EVERY_S:
            most = self._settings.max_bulk_backlog
            self._room = self._applications.backlog(Lane.BULK, most) < most
            self._counted = time.monotonic()
        return self._room

    def _works_on(self, held: IngestionClaim) -> bool:
        return held in self._held or any(
            whole and id_ == held.ingestion_id and held.shard_no is not None
            for id_, whole in self._tasks.copy().values()
        )

    async def _list(self, listing: Listing) -> None:
        receipt = await self._outcome(LIST_SOURCE, listing)
        if isinstance(receipt, Again) and listing.attempt >= _LISTINGS:
            receipt = Rejected("source-missing", receipt.reason)
        if isinstance(receipt, Rejected):
            await self._reject(listing, receipt)
        elif isinstance(receipt, Again):
            delay = backoff_s(listing.attempt)
            await self._until_done(lambda: self._work.list_again(listing, seconds=delay))

    async def _store(self, shard: Shard) -> None:
        started = time.monotonic()
        receipt = await self._outcome(STORE_SHARD, shard)
        if isinstance(receipt, Moved):
            if shard.ingestion_id in self._noted:
                await self._note(shard, None)
            log.info(
                "shard stored",
                extra={
                    "ingestion_id": str(shard.ingestion_id),
                    "shard": shard.shard_no,
                    "members": receipt.members,
                    "ms": round((time.monotonic() - started) * 1000),
                },
            )
        elif isinstance(receipt, Rejected) and receipt.code != SourceMissing.code:
            await self._reject(shard, receipt)
        elif isinstance(receipt, Rejected | Again):
            # A source that was there when it was listed may come back: a mount, a token, a store.
            if not isinstance(receipt, Again) or receipt.told:
                await self._note(shard, receipt)
            delay = backoff_s(self._troubles.get(shard.ingestion_id, shard.attempt))
            died = receipt is _DIED
            await self._until_done(lambda: self._work.give_back(shard, seconds=delay, burn=died))

    async def _note(self, shard: Shard, trouble: Rejected | Again | None) -> None:
        """Show what an ingestion waits for, or that it goes on."""
        code = detail = None
        if trouble is None:
            self._noted.discard(shard.ingestion_id)
            self._troubles.pop(shard.ingestion_id, None)
        else:
            self._noted.add(shard.ingestion_id)
            self._troubles[shard.ingestion_id] = self._troubles.get(shard.ingestion_id, 0) + 1
            code, detail = (
                (trouble.code, trouble.detail)
                if isinstance(trouble, Rejected)
                else ("waiting", trouble.reason)
            )
        await self._until_done(lambda: self._work.note(shard.ingestion_id, code=code, detail=detail))

    async def _outcome(self, task: Any, work: Listing | Shard) -> TaskReceipt:
        """What the task answers; a task that died, or has a bug, is tried again."""
        try:
            return await task.remote(work)
        except ray.exceptions.RayError as error:
            log.error(
                "ingest task died",
                extra={"ingestion_id": str(work.ingestion_id), "error": type(error).__name__},
            )
            return _DIED if isinstance(error, _OF_THE_TASKS_OWN) else _LOST

    async def _reject(self, claim: Listing | Shard, receipt: Rejected) -> None:
        log.warning(
            "ingestion rejected", extra={"ingestion_id": str(claim.ingestion_id), "code": receipt.code}
        )
        await self._until_done(lambda: self._work.reject(claim, code=receipt.code, detail=receipt.detail))

    def _start(self, held: IngestionClaim, work: Any, *, whole: bool = False) -> None:
        """`whole`: the task goes through all later shards of the ingestion too."""
        task = asyncio.create_task(work)
        self._tasks[task] = held.ingestion_id, whole
        self._held.add(held)
        task.add_done_callback(partial(self._ended, held))

    def _ended(self, held: IngestionClaim, task: asyncio.Task[None]) -> None:
        self._tasks.pop(task, None)
        self._held.discard(held)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("ingest work ended", extra={"error": type(error).__name__})
        self._wake.set()

    def _call_soon(self, loop: asyncio.AbstractEventLoop) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(self._wake.set)

    async def _sleep(self, open_: bool) -> None:
        """Until something happened; while an ingestion is open, no longer than a tick."""
        try:
            await asyncio.wait_for(self._wake.wait(), _TICK_S if open_ else self._settings.poll_s)
        except TimeoutError:
            return

    async def _off_loop(self, call: Callable[..., T], *args: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call, *args)

    async def _until_done(self, call: Callable[[], T]) -> T:
        return await until_answered(lambda: self._off_loop(call))


#: What speaks against a shard: a member may be what its process dies of. A node, or Ray itself, may be lost of
#: anything.
_OF_THE_TASKS_OWN = (
    ray.exceptions.WorkerCrashedError,
    ray.exceptions.OutOfMemoryError,
    ray.exceptions.RayTaskError,
)
_DIED = Again("the process that ran the task died", told=False)
_LOST = Again("the task was lost with its node", told=False)
