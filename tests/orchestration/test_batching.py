"""Continuous batching."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from pipeline.domain.errors import DatabaseUnavailable
from pipeline.orchestration.core.batching import ContinuousBatch


def batch_of(work, *, max_items: int = 8) -> ContinuousBatch:
    return ContinuousBatch(work, max_items=max_items, executor=ThreadPoolExecutor(1))


def test_items_that_wait_while_the_worker_is_busy_go_together() -> None:
    """The second batch takes everything that arrived during the first."""
    sizes: list[int] = []
    gate = threading.Event()

    def work(items: Sequence[int]) -> list[int]:
        sizes.append(len(items))
        gate.wait(5)
        return [item * 2 for item in items]

    async def main() -> list[int]:
        batch = batch_of(work)
        first = asyncio.create_task(batch.submit(0))
        await asyncio.sleep(0.05)
        rest = [asyncio.create_task(batch.submit(item)) for item in range(1, 6)]
        await asyncio.sleep(0.05)
        gate.set()
        return [await task for task in (first, *rest)]

    assert asyncio.run(main()) == [0, 2, 4, 6, 8, 10]
    assert sizes == [1, 5]


def test_a_batch_never_exceeds_its_limit() -> None:
    """Twenty items at four a batch are five batches."""
    sizes: list[int] = []

    def work(items: Sequence[int]) -> Sequence[int]:
        sizes.append(len(items))
        return items

    async def main() -> None:
        batch = batch_of(work, max_items=4)
        await asyncio.gather(*(batch.submit(item) for item in range(20)))

    asyncio.run(main())
    assert sum(sizes) == 20
    assert max(sizes) == 4


def test_an_item_that_raises_costs_no_neighbour() -> None:
    """The bad one gets its own exception, the others their answers."""

    def work(items: Sequence[int]) -> list[float]:
        return [1 / item for item in items]

    async def main() -> list[float | BaseException]:
        batch = batch_of(work)
        return await asyncio.gather(*(batch.submit(i) for i in (1, 0, 2)), return_exceptions=True)

    first, bad, last = asyncio.run(main())
    assert (first, last) == (1.0, 0.5)
    assert isinstance(bad, ZeroDivisionError)


def test_an_item_whose_caller_left_is_not_computed() -> None:
    """A cancelled request leaves the queue."""
    seen: list[str] = []
    gate = threading.Event()

    def work(items: Sequence[str]) -> Sequence[str]:
        gate.wait(5)
        seen.extend(items)
        return items

    async def main() -> None:
        batch = batch_of(work, max_items=1)
        first = asyncio.create_task(batch.submit("stays"))
        await asyncio.sleep(0.05)
        gone = asyncio.create_task(batch.submit("gone"))
        await asyncio.sleep(0.05)
        gone.cancel()
        gate.set()
        await first
        with pytest.raises(asyncio.CancelledError):
            await gone

    asyncio.run(main())
    assert seen == ["stays"]


def test_an_outage_is_everybodys_and_asked_for_once() -> None:
    """Sixty-four items of a database that is away are one call, not sixty-five, one after the other."""
    calls: list[int] = []

    def away(items: Sequence[int]) -> Sequence[int]:
        calls.append(len(items))
        raise DatabaseUnavailable("PostgreSQL is away.")

    async def run() -> list[object]:
        batch = batch_of(away, max_items=64)
        return await asyncio.gather(*(batch.submit(n) for n in range(64)), return_exceptions=True)

    answers = asyncio.run(run())
    assert [type(answer) for answer in answers] == [DatabaseUnavailable] * 64
    assert calls == [64]


def test_a_bad_item_is_found_by_halves() -> None:
    """Its neighbours are answered, and a batch of 64 is not worked on 64 times more."""
    calls: list[int] = []

    def work(items: Sequence[int]) -> Sequence[int]:
        calls.append(len(items))
        if 17 in items:
            raise ValueError("a bad one")
        return list(items)

    async def run() -> list[object]:
        batch = batch_of(work, max_items=64)
        return await asyncio.gather(*(batch.submit(n) for n in range(64)), return_exceptions=True)

    answers = asyncio.run(run())
    assert [n for n, answer in enumerate(answers) if answer != n] == [17]
    assert len(calls) == 13


def test_whose_caller_left_while_halves_were_tried_is_not_computed() -> None:
    """The one that asked for it is gone: its half is tried without it, and the others are answered."""
    seen: list[list[int]] = []
    callers: list[asyncio.Task[int]] = []

    async def main() -> list[object]:
        loop = asyncio.get_running_loop()

        def work(items: Sequence[int]) -> Sequence[int]:
            seen.append(list(items))
            if len(items) == 4:
                loop.call_soon_threadsafe(callers[1].cancel)
                raise ValueError("try halves")
            return items

        batch = batch_of(work, max_items=4)
        callers.extend(asyncio.create_task(batch.submit(n)) for n in range(4))
        return await asyncio.gather(*callers, return_exceptions=True)

    answers = asyncio.run(main())
    assert seen == [[0, 1, 2, 3], [0], [2, 3]]
    assert [type(answer) for answer in answers] == [int, asyncio.CancelledError, int, int]
