"""What one process takes on at once: requests per key, uploads, waits, and the backlog behind it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from serve_app.problems import Problem

_FULL_BUCKETS_KEPT = 10_000
_BACKLOG_FRESH_S = 1.0


class Rates:
    """A token bucket per API key: `per_minute` requests at once, refilled evenly over a minute."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._capacity = float(per_minute)
        self._per_second = per_minute / 60
        self._clock = clock
        self._buckets: dict[UUID, tuple[float, float]] = {}

    def take(self, key_id: UUID) -> None:
        """Count one request. Raises Problem `rate-limited` with the time until the next one."""
        now = self._clock()
        tokens, since = self._buckets.get(key_id, (self._capacity, now))
        tokens = min(self._capacity, tokens + (now - since) * self._per_second)
        if tokens < 1:
            raise Problem(
                "rate-limited",
                f"This key may make {self._capacity:.0f} requests a minute: wait as long as Retry-After says.",
                retry_after_s=(1 - tokens) / self._per_second,
            )
        if len(self._buckets) > _FULL_BUCKETS_KEPT:
            self._buckets.clear()  # forgetting a bucket only ever refills it
        self._buckets[key_id] = (tokens - 1, now)


class RequestSlots:
    """A bound on how many of one thing are under way; whoever finds none free is told, not queued."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.taken = 0

    @contextmanager
    def hold(self) -> Iterator[bool]:
        """Whether a slot was free; it is given back at the end of the block."""
        free = self.taken < self.limit
        self.taken += free
        try:
            yield free
        finally:
            self.taken -= free


class Backlog:
    """The online lane's unfinished jobs, asked of the database once a second at most."""

    def __init__(self, limit: int, count: Callable[[], Awaitable[int]]) -> None:
        self._limit = limit
        self._count = count
        self._lock = asyncio.Lock()
        self._value = 0
        self._fresh_until = 0.0

    async def check(self) -> None:
        """Raises Problem `rate-limited` when too many resumes wait, DatabaseUnavailable when none can tell."""
        if time.monotonic() >= self._fresh_until:
            async with self._lock:
                if time.monotonic() >= self._fresh_until:
                    self._value = await self._count()
                    self._fresh_until = time.monotonic() + _BACKLOG_FRESH_S
        if self._value >= self._limit:
            raise Problem(
                "rate-limited",
                f"{self._limit} resumes wait to be processed: send this one after the seconds in Retry-After.",
            )
