"""How long to wait, and for what."""

from __future__ import annotations

import asyncio

import pytest

from pipeline.domain.errors import DatabaseUnavailable, ObjectStoreUnavailable
from pipeline.orchestration.core.retry import LONGEST_BACKOFF_S, backoff_s, until_answered


def test_a_storm_does_not_come_back_as_one() -> None:
    """Delays of equal attempts differ, by as much as half."""
    delays = [backoff_s(4) for _ in range(200)]
    assert min(delays) >= 8
    assert max(delays) <= 16
    assert max(delays) - min(delays) > 4
    assert backoff_s(1000) <= LONGEST_BACKOFF_S


def test_an_outage_is_asked_soon_and_then_ever_later() -> None:
    """A connection that ended is replaced at once; a server that restarts is not asked in a busy loop."""
    slept: list[float] = []
    answers = iter([*[DatabaseUnavailable("away")] * 6, "there"])

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async def ask() -> str:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert asyncio.run(until_answered(ask, sleep=sleep)) == "there"
    assert slept == [0.05, 0.1, 0.2, 0.4, 0.8, 0.8]


def test_nothing_but_an_outage_of_the_database_is_waited_out() -> None:
    async def ask() -> None:
        raise ObjectStoreUnavailable("The store is away.")

    with pytest.raises(ObjectStoreUnavailable):
        asyncio.run(until_answered(ask))


def test_whoever_gives_up_is_told_of_the_outage() -> None:
    """After as many tries as it wants."""
    tries = 0

    async def ask() -> None:
        nonlocal tries
        tries += 1
        raise DatabaseUnavailable("away")

    async def sleep(seconds: float) -> None: ...

    with pytest.raises(DatabaseUnavailable):
        asyncio.run(until_answered(ask, sleep=sleep, give_up=lambda: tries >= 3))
    assert tries == 3
