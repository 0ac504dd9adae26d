"""The lease keeper: a dispatcher's heartbeat, owner lock and reaper, in a thread of their own.

A thread, because a dispatcher whose event loop is busy or blocked must still renew its leases, and one that
cannot renew must notice. The rules are decision 2 of the design: only the database's clock counts leases,
and the worker itself counts only how long it has not been able to renew.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from pipeline.adapters.postgres.jobs import JobQueue
from pipeline.adapters.postgres.owner import OwnerLock
from pipeline.domain.errors import DatabaseUnavailable
from pipeline.domain.journey import Lease
from pipeline.domain.metrics import REAPED
from pipeline.orchestration.ray import meters
from pipeline.settings import Settings

log = logging.getLogger(__name__)

_TICK_S = 1.0
_REAP_EVERY_S = 2.0


class LeaseKeeper:
    """Keeps this owner's leases alive, and gives those of dead owners back.

    `in_flight` answers the leases that this dispatcher drives now; `on_lost` is called (from the keeper's
    thread) with those that it no longer holds.
    """

    def __init__(
        self,
        queue: JobQueue,
        lock: OwnerLock,
        settings: Settings,
        *,
        in_flight: Callable[[], set[Lease]],
        on_lost: Callable[[set[Lease]], None],
    ) -> None:
        self._queue, self._lock, self._settings = queue, lock, settings
        self._in_flight, self._on_lost = in_flight, on_lost
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lease-keeper", daemon=True)
        self._renewed = self._reaped = time.monotonic()
        self._seen_dead: set[int] = set()
        self._strays: set[Lease] = set()

    def start(self) -> None:
        """Begin; the lock must be held already."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread and let the lock go."""
        self._stop.set()
        self._thread.join(timeout=10)
        self._lock.close()

    def alive(self) -> bool:
        """Whether the thread still runs."""
        return self._thread.is_alive()

    def _run(self) -> None:
        while not self._stop.wait(_TICK_S):
            try:
                self._tick()
            except DatabaseUnavailable:
                if time.monotonic() - self._renewed > self._settings.give_up_s:
                    # The leases may have expired: whoever claims the jobs next must find nobody at work.
                    self._on_lost(self._in_flight())

    def _tick(self) -> None:
        if not self._lock.held():
            self._lock.acquire()
            self._renew()
        now = time.monotonic()
        if now - self._renewed >= self._settings.heartbeat_s:
            self._renew()
        if now - self._reaped >= _REAP_EVERY_S:
            self._reap()
            self._reaped = now

    def _renew(self) -> None:
        driven = self._in_flight()
        held = self._queue.heartbeat(self._lock.owner)
        self._renewed = time.monotonic()
        if lost := driven - held:
            log.warning("leases lost", extra={"count": len(lost)})
            self._on_lost(lost)
        # Held but not driven: claimed in a transaction whose answer was lost, or given up during an outage.
        # A claim on its way here looks the same for a moment, so only what strayed twice is released.
        strays = held - driven - self._in_flight()
        if again := strays & self._strays:
            self._queue.release(again)
        self._strays = strays - again

    def _reap(self) -> None:
        """Return what dead owners held. An owner is dead when its lock is free twice in a row.

        Once is not enough: a live owner whose connection broke takes its lock again within a second.
        """
        dead = self._queue.dead_owners() - {self._lock.owner}
        reaped = self._queue.reap(dead & self._seen_dead)
        self._seen_dead = dead
        if reaped:
            meters.count(REAPED, reaped)
            log.warning("jobs reaped", extra={"count": reaped})
