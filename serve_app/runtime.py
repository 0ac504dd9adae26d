"""What one process of the API holds: its thread pools, its limits, its listener, its unfinished business."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from pipeline.domain.chunk import Vector
from pipeline.domain.errors import DatabaseUnavailable, ObjectStoreUnavailable, TransientError
from pipeline.domain.journey import Lane
from pipeline.domain.trace import carried
from pipeline.ports import ObjectStore, Tracer
from pipeline.settings import Settings
from serve_app.auth import Authenticator
from serve_app.limits import Backlog, RequestSlots, UploadSlots
from serve_app.rates import Rates
from serve_app.waits import ListenerFactory, StatusWaits

if TYPE_CHECKING:
    from pipeline.adapters.postgres.api_keys import ApiKeys
    from pipeline.adapters.postgres.applications import Applications
    from pipeline.adapters.postgres.idempotency import Idempotency
    from pipeline.adapters.postgres.ingestions import Ingestions
    from pipeline.adapters.postgres.key_rates import KeyRates
    from pipeline.adapters.postgres.reprocessing import Reprocessing
    from pipeline.adapters.postgres.search import Search

logger = logging.getLogger("serve_app.runtime")

P = ParamSpec("P")
R = TypeVar("R")

#: A caller is never kept longer than this by a database or an object store that hangs.
DATABASE_TIMEOUT_S = 15.0
STORAGE_TIMEOUT_S = 30.0
EMBED_TIMEOUT_S = 20.0
_LAST_WORK_S = 10.0
_STREAM_THREADS = 2


@dataclass(frozen=True)
class Services:
    """What the API is made of.

    `database_threads` is how many blocking calls run at once: no more than the engine's pool has connections.
    `embed_query` answers one unit vector of the model that `embedding_model` names. `listener` makes the
    listener of status changes from `(on_notify, on_reconnect)`. `legacy_word` is whether Word files of before 2007
    are read here. `front_answers_request_id` is for Ray Serve, whose proxy adds X-Request-Id to every answer: a second
    one from here would double the header.
    """

    settings: Settings
    applications: Applications
    keys: ApiKeys
    key_rates: KeyRates
    idempotency: Idempotency
    search: Search
    reprocessing: Reprocessing
    ingestions: Ingestions
    objects: ObjectStore
    embed_query: Callable[[str], Awaitable[Vector]]
    embedding_model: Callable[[], Awaitable[str]]
    listener: ListenerFactory
    tracer: Tracer
    legacy_word: bool = False
    database_threads: int = 8
    storage_threads: int = 8
    front_answers_request_id: bool = False


class Runtime:
    """Made with the application, alive between `start` and `stop`."""

    def __init__(self, services: Services) -> None:
        settings = services.settings
        self.services = services
        self.settings = settings
        self.rates = Rates(
            settings.rate_limit_per_minute, lambda *lease: self.database(services.key_rates.lease, *lease)
        )
        self.uploads = UploadSlots(settings.max_concurrent_uploads)
        # Their own, few: an archive that takes half an hour to arrive keeps no resume waiting.
        self.archives = RequestSlots(settings.max_concurrent_archive_uploads)
        self.waiters = RequestSlots(settings.max_concurrent_waits)
        self._background: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        """Open the pools and listen; call from the event loop that will serve."""
        services = self.services
        self._database = ThreadPoolExecutor(services.database_threads, "api-database")
        self._storage = ThreadPoolExecutor(services.storage_threads, "api-storage")
        self._probes = ThreadPoolExecutor(2, "api-probe")
        # Few: batches of long streams keep a core busy, and ordinary reads must not queue behind them.
        self._streams = ThreadPoolExecutor(_STREAM_THREADS, "api-stream")
        self.authenticator = Authenticator(lambda token: self.database(services.keys.authenticate, token))
        self.backlog = Backlog(
            self.settings.max_online_backlog,
            lambda: self.database(services.applications.backlog, Lane.ONLINE),
        )
        self.waits = StatusWaits(services.listener)
        await self.waits.start()

    async def stop(self) -> None:
        """Finish what was accepted, then let go of everything."""
        await self.waits.stop()
        if self._background:
            await asyncio.wait(self._background, timeout=_LAST_WORK_S)
        for task in self._background:
            task.cancel()
        for pool in (self._database, self._storage, self._probes, self._streams):
            pool.shutdown(wait=False, cancel_futures=True)

    async def database(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """A blocking database call, off the loop. Raises DatabaseUnavailable after 15 s, and what it raises."""
        error = DatabaseUnavailable("The database did not answer in time.")
        return await self._bounded(self._database, DATABASE_TIMEOUT_S, error, partial(call, *args, **kwargs))

    async def streams(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """As `database`, for a batch of a long answer, in threads of its own. Waits for its turn without a limit."""
        return await asyncio.get_running_loop().run_in_executor(self._streams, carried(call, *args, **kwargs))

    async def write_database(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """As `database`, for a write whose outcome must be known: the server's own timeouts bound it."""
        return await asyncio.get_running_loop().run_in_executor(
            self._database, carried(call, *args, **kwargs)
        )

    async def storage(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """A blocking object store call. Raises ObjectStoreUnavailable after 30 s, and what the call raises."""
        error = ObjectStoreUnavailable("The object store did not answer in time.")
        return await self._bounded(self._storage, STORAGE_TIMEOUT_S, error, partial(call, *args, **kwargs))

    async def probe(self, call: Callable[[], None], seconds: float) -> None:
        """A health check, in threads of its own: a busy pool is no outage. Raises TransientError."""
        await self._bounded(self._probes, seconds, TransientError("No answer in time."), call)

    def storage_pool(self) -> ThreadPoolExecutor:
        """The object store's threads, for writers whose calls must stay in order."""
        return self._storage

    async def embed(self, query: str) -> tuple[Vector, str]:
        """The query's vector and its model's name. Raises TransientError."""
        try:
            async with asyncio.timeout(EMBED_TIMEOUT_S):
                return await self.services.embed_query(query), await self.services.embedding_model()
        except TimeoutError:
            raise TransientError("The embedding model did not answer in time.") from None

    def detach(self, work: Coroutine[Any, Any, R]) -> asyncio.Task[R]:
        """Run work that outlives the request that began it: a client that goes away cancels only its wait."""
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._settled)
        return task

    def _settled(self, task: asyncio.Task[Any]) -> None:
        self._background.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.info("background work ended", extra={"error": type(error).__name__})

    async def _bounded(
        self, pool: ThreadPoolExecutor, seconds: float, late: Exception, call: Callable[[], R]
    ) -> R:
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.get_running_loop().run_in_executor(pool, carried(call))
        except TimeoutError:
            raise late from None
