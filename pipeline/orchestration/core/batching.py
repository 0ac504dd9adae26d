"""Continuous batching: whenever the worker is free it takes everything that waits.

`@serve.batch` closes a batch on a timer before its semaphore: with the embedder 99 % busy its mean batch
was 2.1 of 16. This queue never waits for a batch to fill, and fills by itself under load.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

from pipeline.domain.errors import TransientError

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class ContinuousBatch(Generic[Item, Answer]):
    """One worker thread, one queue, in the order in which items came.

    `work` takes up to `max_items` items and answers one answer each, in order. When it raises, the batch is tried again
    in halves, so that an exception costs its own item and no other. An outage (a TransientError) is nobody's own: every
    item of the batch has it, for asking item by item would hold the worker once for each.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Item]], Sequence[Answer]],
        *,
        max_items: int,
        executor: ThreadPoolExecutor,
        on_batch: Callable[[int], None] = lambda size: None,
    ) -> None:
        self._work, self._max_items, self._executor, self._on_batch = work, max_items, executor, on_batch
        self._waiting: deque[tuple[Item, asyncio.Future[Answer]]] = deque()
        self._worker: asyncio.Task[None] | None = None

    async def submit(self, item: Item) -> Answer:
        """The item's own answer; raises what `work` raised for this item alone."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._drain())
        return await future

    async def _drain(self) -> None:
        while self._waiting:
            size = min(self._max_items, len(self._waiting))
            batch = [self._waiting.popleft() for _ in range(size)]
            live = [(item, future) for item, future in batch if not future.done()]
            if live:
                self._on_batch(len(live))
            await self._answer(live)

    async def _answer(self, batch: list[tuple[Item, asyncio.Future[Answer]]]) -> None:
        batch = [one for one in batch if not one[1].done()]  # callers may have gone while halves were tried
        if not batch:
            return
        loop = asyncio.get_running_loop()
        try:
            answers = await loop.run_in_executor(self._executor, self._work, [item for item, _ in batch])
        except TransientError as error:
            for _, future in batch:
                _settle(future, error=error)
            return
        except Exception as error:  # noqa: BLE001 - an item's fault must not cost its neighbours
            if len(batch) == 1:
                _settle(batch[0][1], error=error)
                return
            half = len(batch) // 2
            await self._answer(batch[:half])
            await self._answer(batch[half:])
            return
        for (_, future), answer in zip(batch, answers, strict=True):
            _settle(future, answer)


def _settle(
    future: asyncio.Future[Answer], answer: Answer | None = None, *, error: Exception | None = None
) -> None:
    if future.done():  # its caller went away
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(answer)  # type: ignore[arg-type]
