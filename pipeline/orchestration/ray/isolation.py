"""Suspects run alone: one document in a process that holds nothing else.

A replica's death suspects every document that it held. Run again one at a time in this worker, a healthy one
completes, and one that kills its process is known by that: its neighbours never pay for it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any, TypeVar

import ray

from pipeline.domain.job import ClaimedJob
from pipeline.domain.receipt import Answers
from pipeline.orchestration.core.ports import Handed, LostOnTheWay
from pipeline.orchestration.ray.deployments import ChunkEmbedder, ProfileNormaliser, TextReader
from pipeline.orchestration.ray.stages import in_our_words

T = TypeVar("T")

#: A worker that had no suspect for so long gives its memory back.
IDLE_S = 30.0


class _IsolatedWorker:
    """The stages that touch a document's content, in one process; each is loaded when first needed."""

    def __init__(self) -> None:
        self._stages: dict[str, Any] = {}

    async def ready(self) -> None:
        """Answer: the process lives, and holds no document."""

    async def read(self, jobs: Sequence[ClaimedJob]) -> Answers:
        return await self._stage(TextReader).run(jobs)

    async def normalise(self, jobs: Sequence[ClaimedJob], texts: Answers) -> Answers:
        return await self._stage(ProfileNormaliser).run(jobs, texts)

    async def embed(self, jobs: Sequence[ClaimedJob], texts: Answers) -> Answers:
        return await self._stage(ChunkEmbedder).run(jobs, texts)

    def _stage(self, kind: type[T]) -> T:
        if kind.__name__ not in self._stages:
            self._stages[kind.__name__] = kind()
        stage: T = self._stages[kind.__name__]
        return stage


#: A little of a CPU keeps it off a cluster's head, which offers none and must not die of a document.
_ISOLATED: Any = ray.remote(num_cpus=0.01, max_restarts=0, max_task_retries=0)(_IsolatedWorker)


class IsolatedStages:
    """The shared stages' methods, on a worker that is started when needed and ended when idle or dead."""

    def __init__(self) -> None:
        self._worker: Any = None
        self._retirement: asyncio.TimerHandle | None = None

    async def read(self, jobs: Sequence[ClaimedJob]) -> Handed:
        await self._ensure_worker()
        return await self._call("read", jobs)

    async def normalise(self, jobs: Sequence[ClaimedJob], texts: Any) -> Handed:
        return await self._call("normalise", jobs, texts)

    async def embed(self, jobs: Sequence[ClaimedJob], texts: Any) -> Handed:
        return await self._call("embed", jobs, texts)

    def discard(self) -> None:
        """End the worker; the next suspect gets a new one."""
        if self._worker is not None:
            with contextlib.suppress(ray.exceptions.RayError):  # it may be dead already
                ray.kill(self._worker)
            self._worker = None

    async def _ensure_worker(self) -> None:
        """A worker that answers, before it is given a document: a death from then on is the document's.

        Raises LostOnTheWay: the document was not run, and no death of a worker speaks against it.
        """
        self._stay()
        for _ in range(2):  # the one at hand may have died idle
            if self._worker is None:
                self._worker = _ISOLATED.remote()
            try:
                await self._worker.ready.remote()
            except ray.exceptions.RayError:
                self.discard()
            else:
                return
        raise LostOnTheWay("NotIsolated")

    def _stay(self) -> None:
        """Not idle: whoever calls this sets the timer again afterwards."""
        if self._retirement is not None:
            self._retirement.cancel()

    async def _call(self, method: str, *args: Any) -> Handed:
        self._stay()
        try:
            with in_our_words():
                reference = getattr(self._worker, method).remote(*args)
                answers: Answers = await reference
            return answers.receipts, reference
        finally:
            self._retirement = asyncio.get_running_loop().call_later(IDLE_S, self.discard)
