"""The stages as the dispatcher drives them: Serve deployments, and what Ray raises in the words of `core/ports.py`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ray.exceptions import RayActorError, RayError, RayTaskError
from ray.serve.exceptions import RayServeException

from pipeline.domain.job import ClaimedJob
from pipeline.domain.receipt import Done, Failed
from pipeline.domain.result import Verdict
from pipeline.orchestration.core.ports import Handed, LostOnTheWay, WorkerDied
from pipeline.orchestration.ray.calls import call


class SharedStages:
    """The stages as Serve deployments, one handle each."""

    def __init__(self, reader: Any, normaliser: Any, embedder: Any) -> None:
        self._reader, self._normaliser, self._embedder = reader.run, normaliser.run, embedder.run

    async def read(self, jobs: Sequence[ClaimedJob]) -> Handed:
        """As `Stages.read`."""
        return await self._call(self._reader, jobs)

    async def normalise(self, jobs: Sequence[ClaimedJob], texts: Any) -> Handed:
        """As `Stages.normalise`."""
        return await self._call(self._normaliser, jobs, texts)

    async def embed(self, jobs: Sequence[ClaimedJob], texts: Any) -> Handed:
        """As `Stages.embed`."""
        return await self._call(self._embedder, jobs, texts)

    async def _call(self, method: Any, *args: Any) -> Handed:
        with in_our_words():
            answers, response = await call(method, *args)
        return answers.receipts, response


class SharedWriter:
    """The writer as a Serve deployment."""

    def __init__(self, writer: Any) -> None:
        self._writer = writer.run

    async def save(
        self, jobs: Sequence[ClaimedJob], texts: Any, profiles: Any, embedded: Any, done: Sequence[Done]
    ) -> Sequence[Verdict | Failed]:
        """As `Writer.save`."""
        with in_our_words():
            verdicts, _ = await call(self._writer, jobs, texts, profiles, embedded, done)
        saved: Sequence[Verdict | Failed] = verdicts
        return saved


@contextmanager
def in_our_words() -> Iterator[None]:
    """Raise WorkerDied and LostOnTheWay for what Ray and Serve raise; what a stage raised is raised as it was."""
    try:
        yield
    except RayActorError as error:
        raise WorkerDied from error
    except RayTaskError as error:
        # A reference whose owner died after it had answered is nobody's bug, however often it happens.
        if isinstance(error.cause, RayError | RayServeException):
            raise LostOnTheWay(type(error.cause).__name__) from error.cause
        raise error.cause from None
    except (RayError, RayServeException) as error:
        raise LostOnTheWay(type(error).__name__) from error
