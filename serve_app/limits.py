"""What one process takes on at once: uploads, waits, and the backlog behind it."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from serve_app.problems import Problem

_BACKLOG_FRESH_S = 1.0
_BACKLOG_SEEN_S = 30.0
_PACE_UNKNOWN_S, _LONGEST_WAIT_S = 5.0, 60.0


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


class UploadSlots:
    """As `RequestSlots`, shared by API keys: none may hold more than three quarters, so that slow uploads of one leave
    room for all others."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.of_a_key = limit - limit // 4
        self._all = RequestSlots(limit)
        self._taken: Counter[UUID] = Counter()

    @property
    def taken(self) -> int:
        """Slots taken by all keys."""
        return self._all.taken

    @contextmanager
    def hold(self, key_id: UUID) -> Iterator[None]:
        """A slot for the block. Raises Problem `rate-limited` where none is free for this key."""
        with self._all.hold() as free:
            if not free or self._taken[key_id] >= self.of_a_key:
                most = f"{self.of_a_key} uploads of this key" if free else f"{self.limit} uploads"
                raise Problem(
                    "rate-limited",
                    f"{most} are under way: send this one after the seconds in Retry-After.",
                    retry_after_s=1,
                )
            self._taken[key_id] += 1
            try:
                yield
            finally:
                self._taken[key_id] -= 1
                if not self._taken[key_id]:
                    del self._taken[key_id]


class Backlog:
    """The online lane's unfinished jobs, asked of the database once a second at most.

    While uploads are refused nothing is added, so how fast it falls tells when there is room again.
    """

    def __init__(
        self,
        limit: int,
        count: Callable[[], Awaitable[int]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit = limit
        self._count = count
        self._clock = clock
        #: (time, backlog) of the last half minute of refusals, oldest first.
        self._refused: deque[tuple[float, int]] = deque()
        self._lock = asyncio.Lock()
        self._value = 0
        self._fresh_until = 0.0

    async def check(self) -> None:
        """Raises Problem `rate-limited` when too many resumes wait, DatabaseUnavailable when none can tell."""
        if self._clock() >= self._fresh_until:
            async with self._lock:
                if self._clock() >= self._fresh_until:
                    self._value = await self._count()
                    self._fresh_until = self._clock() + _BACKLOG_FRESH_S
                    self._note()
        if self._value >= self._limit:
            raise Problem(
                "rate-limited",
                f"{self._limit} resumes wait to be processed: send this one after the seconds in Retry-After.",
                retry_after_s=self._room_in_s(),
            )

    def _note(self) -> None:
        if self._value < self._limit:
            self._refused.clear()
            return
        self._refused.append((self._clock(), self._value))
        while self._clock() - self._refused[0][0] > _BACKLOG_SEEN_S:
            self._refused.popleft()

    def _room_in_s(self) -> float:
        """Seconds until a twentieth of the limit is free, at the pace seen while uploads were refused."""
        (since, before), (until, now) = self._refused[0], self._refused[-1]
        done = before - now
        if done <= 0:
            return _PACE_UNKNOWN_S if until - since < _BACKLOG_SEEN_S / 2 else _LONGEST_WAIT_S
        wanted = now - self._limit + max(1, self._limit // 20)
        return min(_LONGEST_WAIT_S, wanted * (until - since) / done)
