"""Trying again: how long to wait, and what is worth waiting for. The one back-off of the orchestration."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from pipeline.domain.errors import DatabaseUnavailable

T = TypeVar("T")

#: Work that failed is tried again after two seconds, four, eight and so on, up to a minute.
LONGEST_BACKOFF_S = 60.0
_DOUBLINGS = 6
#: What PostgreSQL did not answer is tried again soon, for a connection that ended is replaced at once; then ever later.
_AGAIN_S, _LATEST_AGAIN_S = 0.05, 0.8


def backoff_s(attempt: int) -> float:
    """Seconds before the try after `attempt`, which counts from 1.

    Exponential, with as much jitter again, so that a storm does not come back as one.
    """
    return random.uniform(0.5, 1) * min(LONGEST_BACKOFF_S, 2.0 ** min(attempt, _DOUBLINGS))


class Pauses:
    """The pauses between tries at something that is away: short ones first, twice as long each time."""

    def __init__(self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._sleep = sleep
        self._next_s = _AGAIN_S

    async def pause(self) -> None:
        """Sleep until the next try."""
        await self._sleep(self._next_s)
        self._next_s = min(_LATEST_AGAIN_S, 2 * self._next_s)


async def until_answered(
    ask: Callable[[], Awaitable[T]],
    *,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    give_up: Callable[[], bool] = lambda: False,
) -> T:
    """What `ask` answers, asked again and again while PostgreSQL is away.

    Raises DatabaseUnavailable once `give_up` says so, and whatever else `ask` raises.
    """
    pauses = Pauses(sleep)
    while True:
        try:
            return await ask()
        except DatabaseUnavailable:
            if give_up():
                raise
            await pauses.pause()
