"""The lease keeper: an owner's heartbeat, lock and reaper, for jobs and for the work of ingestions.

The rules are decision 2 of the design: only the database's clock counts leases, and the worker itself counts only how
long it has not been able to renew.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from pipeline.domain.errors import DatabaseUnavailable
from pipeline.orchestration.core.ports import Leases, Lock

log = logging.getLogger(__name__)

C = TypeVar("C")

_TICK_S = 1.0
_REAP_EVERY_S = 2.0
_ENDS_WITHIN_S = 10.0


class LeaseKeeper(Generic[C]):
    """Keeps this owner's leases alive, and gives those of dead owners back.

    `works_on` answers whether a claim is being worked on here; `at_work` those that could be lost: worked on, and not
    just being told to the database, whose own answer says what became of them. `on_lost` is called with those that are
    no longer held, `on_reaped` with how many were taken back from others.
    """

    def __init__(
        self,
        leases: Leases[C],
        lock: Lock,
        *,
        heartbeat_s: float,
        give_up_s: float,
        works_on: Callable[[C], bool],
        at_work: Callable[[], set[C]] = set,
        on_lost: Callable[[set[C]], None] = lambda lost: None,
        on_reaped: Callable[[int], None] = lambda count: None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`give_up_s`: after so long without a renewal the leases may have expired, and everything at work is lost."""
        self._leases, self._lock = leases, lock
        self._heartbeat_s, self._give_up_s = heartbeat_s, give_up_s
        self._works_on, self._at_work = works_on, at_work
        self._on_lost, self._on_reaped = on_lost, on_reaped
        self._monotonic = monotonic
        self._renewed = self._reaped = monotonic()
        self._seen_dead: set[int] = set()
        self._strays: set[C] = set()

    def tick(self) -> None:
        """Do what is due: the lock, a renewal, a reaping. Never raises; an outage is waited out. Blocking."""
        try:
            self._tick()
        except DatabaseUnavailable:
            if self._monotonic() - self._renewed > self._give_up_s:
                # The leases may have expired: whoever claims the work next must find nobody at it.
                self._on_lost(self._at_work())

    def _tick(self) -> None:
        if not self._lock.held():
            self._lock.acquire()
            self._renew()
        now = self._monotonic()
        if now - self._renewed >= self._heartbeat_s:
            self._renew()
        if now - self._reaped >= _REAP_EVERY_S:
            self._reap()
            self._reaped = now

    def _renew(self) -> None:
        before = self._at_work()
        held = self._leases.renew(self._lock.owner)
        self._renewed = self._monotonic()
        # What has ended since, or is just being told to the database, is not held any more, and not lost.
        if lost := (before - held) & self._at_work():
            log.warning("leases lost", extra={"count": len(lost)})
            self._on_lost(lost)
        # Held but not worked on: claimed in a transaction whose answer was lost, or given up during an outage.
        # A claim on its way here looks the same for a moment, so only what strayed twice is released.
        strays = {claim for claim in held if not self._works_on(claim)}
        if again := strays & self._strays:
            self._leases.release(self._lock.owner, again)
        self._strays = strays - again

    def _reap(self) -> None:
        """Return what dead owners held. An owner is dead when its lock is free twice in a row.

        Once is not enough: a live owner whose connection broke takes its lock again within a second.
        """
        dead = self._leases.dead_owners() - {self._lock.owner}
        reaped = self._leases.reap(dead & self._seen_dead)
        self._seen_dead = dead
        if reaped:
            self._on_reaped(reaped)


class KeeperThread:
    """A keeper's ticks in a thread of their own: who is too busy to renew its leases must renew them all the same, and
    who cannot must notice."""

    def __init__(self, keeper: LeaseKeeper[C], lock: Lock) -> None:
        self._keeper, self._lock = keeper, lock
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lease-keeper", daemon=True)

    def start(self) -> None:
        """Begin; the lock must be held already."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread and let the lock go."""
        self._stop.set()
        if self._thread.is_alive():  # else PostgreSQL was away from the start
            self._thread.join(timeout=_ENDS_WITHIN_S)
        self._lock.close()

    def alive(self) -> bool:
        """Whether the thread still runs."""
        return self._thread.is_alive()

    def _run(self) -> None:
        while not self._stop.wait(_TICK_S):
            self._keeper.tick()
