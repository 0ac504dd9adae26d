"""One thin Serve wrapper a stage. Each answers a receipt; results stay in Ray's object store.

The wrappers are plain classes: Serve makes deployments of them (`graph.py`), and the isolated worker for
suspects runs the very same ones in a process of its own (`isolation.py`). A deployment exists only where
resources differ, so reading and grouping share one, and so do normalising and verifying.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import ray

from pipeline.adapters.postgres.jobs import ClaimedJob
from pipeline.adapters.postgres.search import Search
from pipeline.domain.chunk import Chunk, EmbeddedChunks, Vector
from pipeline.domain.errors import (
    DatabaseUnavailable,
    DocumentError,
    LeaseLost,
    NotYet,
    ObjectMissing,
    ProfileUnavailable,
    TransientError,
    VendorTimeout,
)
from pipeline.domain.metrics import BATCH_SIZE, STAGE_SECONDS
from pipeline.domain.profile import Meta, Profile
from pipeline.domain.receipt import Done, Failed, Lost, Receipt, Waiting
from pipeline.domain.result import ResumeResult, Verdict
from pipeline.domain.sections import SectionedText
from pipeline.orchestration import meters, wiring
from pipeline.orchestration.batching import ContinuousBatch
from pipeline.orchestration.checkpoints import pack_vectors, unpack_vectors, vectors_key, wait_for
from pipeline.settings import load_settings
from pipeline.stages.embed_chunks import EmbedChunks

_INDEX_AGAIN_S = 5.0


class _Clock:
    """Seconds by stage, as a profile's `meta` and the metrics show them."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - started, 6)
        meters.observe(STAGE_SECONDS, self.seconds[name], stage=name)


async def _receipt(work: Awaitable[Receipt]) -> Receipt:
    """A stage's boundary: what the error tree names becomes a receipt, anything else is a bug and raises."""
    try:
        return await work
    except NotYet as error:
        return Waiting(error.key or "unknown", error.seconds)
    except (DocumentError, ProfileUnavailable, VendorTimeout) as error:
        return Failed(error.code, error.message, retryable=False)
    except (TransientError, ObjectMissing) as error:
        return Failed(error.code, error.message, retryable=True)
    except LeaseLost:
        return Lost()


class TextReader:
    """Reads and groups: CPU, with the parsing in killable child processes."""

    def __init__(self) -> None:
        settings = load_settings()
        wiring.configure_logging(settings)
        self._read = wiring.read_text(settings)
        self._paid = wiring.paid_desk(settings, name="reader")
        self._group = wiring.group_sections()
        self._cpu = ThreadPoolExecutor(1, "group")

    async def run(self, job: ClaimedJob) -> Receipt:
        """Done with a reference to a SectionedText."""
        return await _receipt(self._run(job))

    async def _run(self, job: ClaimedJob) -> Receipt:
        clock = _Clock()
        with clock.stage("read"):
            text = await self._read.run(job.upload, self._paid.work_of(job.lease, job.upload.sha256))
        with clock.stage("group"):
            sections = await asyncio.get_running_loop().run_in_executor(self._cpu, self._group.run, text)
        return Done(ray.put(sections), {"read": text.engine, "group": self._group.version}, clock.seconds)


class ProfileNormaliser:
    """Normalises and verifies: waits on a vendor, or runs the rules."""

    def __init__(self) -> None:
        settings = load_settings()
        wiring.configure_logging(settings)
        self._normalise = wiring.normalise_profile(settings)
        self._paid = wiring.paid_desk(settings, name="normaliser")
        self._verify = wiring.verify_profile(settings)

    async def run(self, job: ClaimedJob, sections: SectionedText) -> Receipt:
        """Done with a reference to a verified Profile."""
        return await _receipt(self._run(job, sections))

    async def _run(self, job: ClaimedJob, sections: SectionedText) -> Receipt:
        clock = _Clock()
        with clock.stage("normalise"):
            draft = await self._normalise.run(sections, self._paid.work_of(job.lease, job.upload.sha256))
        with clock.stage("verify"):
            profile = self._verify.run(draft, sections, job.upload)
        versions = {"normalise": self._normalise.version, "verify": self._verify.version}
        return Done(ray.put(profile), versions, clock.seconds)


class ChunkEmbedder:
    """Embeds chunks of waiting resumes together, and queries before them."""

    def __init__(self) -> None:
        settings = load_settings()
        wiring.configure_logging(settings)
        self._embedder = wiring.embedder(settings)
        self._stage = EmbedChunks(self._embedder)
        engine = wiring.database(settings, name="embedder")
        self._checkpoints = wiring.checkpoint_store(engine)
        self._database = ThreadPoolExecutor(2, "database")
        threading.Thread(target=self._ensure_index, args=(wiring.search(engine),), daemon=True).start()
        # The model and its tokenizer serve one caller at a time: this thread is that caller.
        self._model = ThreadPoolExecutor(1, "model")
        self._batch: ContinuousBatch[tuple[Chunk, ...], EmbeddedChunks] = ContinuousBatch(
            self._stage.run,
            max_items=max(4, (settings.embedding_batch or 8) // 2),
            executor=self._model,
            on_batch=lambda size: meters.observe(BATCH_SIZE, size, stage="embed"),
        )

    async def run(self, job: ClaimedJob, sections: SectionedText) -> Receipt:
        """Done with a reference to EmbeddedChunks, computed at most once for equal bytes and versions."""
        return await _receipt(self._run(job, sections))

    async def embed_query(self, text: str) -> Vector:
        """The query's vector, float32 of shape (dimension,): ahead of every resume that waits."""
        query = Chunk(0, "query", (), text)
        return (await self._batch.submit((query,), urgent=True)).vectors[0]

    async def model(self) -> tuple[str, int]:
        """The model's name (with its precision) and the dimension of its vectors."""
        return self._embedder.model, self._embedder.dimension

    def _ensure_index(self, search: Search) -> None:
        """Make the model's vector index, however long PostgreSQL is away: searches are right without it, and slow."""
        while True:
            try:
                search.ensure_index(self._embedder.model, self._embedder.dimension)
            except DatabaseUnavailable:
                time.sleep(_INDEX_AGAIN_S)
            else:
                return

    async def _run(self, job: ClaimedJob, sections: SectionedText) -> Receipt:
        clock = _Clock()
        with clock.stage("embed"):
            embedded = await self._embedded(job, sections)
        return Done(ray.put(embedded), {"embed": self._stage.version}, clock.seconds)

    async def _embedded(self, job: ClaimedJob, sections: SectionedText) -> EmbeddedChunks:
        chunks = await self._on(self._model, self._stage.chunk, sections)
        key = vectors_key(job.upload.sha256, self._stage.version, chunks)
        found = await self._on(self._database, self._checkpoints.take, key, job.lease)
        if found is None:
            raise wait_for(key)
        if isinstance(found, bytes):
            return unpack_vectors(found, model=self._embedder.model, chunks=chunks)
        embedded = await self._batch.submit(chunks)
        await self._on(self._database, self._checkpoints.put, key, job.lease, pack_vectors(embedded))
        return embedded

    @staticmethod
    async def _on(executor: ThreadPoolExecutor, call: Callable[..., Any], *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(executor, call, *args)


class ResumeWriter:
    """Saves finished resumes, as many in one transaction as have arrived meanwhile."""

    def __init__(self) -> None:
        settings = load_settings()
        wiring.configure_logging(settings)
        self._stage = wiring.save_resume(wiring.database(settings, name="writer"))
        self._batch: ContinuousBatch[ResumeResult, Verdict] = ContinuousBatch(
            self._stage.run,
            max_items=256,
            executor=ThreadPoolExecutor(1, "writer"),
            on_batch=lambda size: meters.observe(BATCH_SIZE, size, stage="save"),
        )

    async def run(
        self,
        job: ClaimedJob,
        sections: SectionedText,
        profile: Profile,
        embedded: EmbeddedChunks,
        versions: dict[str, str],
        seconds: dict[str, float],
    ) -> Verdict | Failed:
        """What became of the save; Failed where PostgreSQL did not answer and nothing was saved."""
        profile.meta = Meta(versions=versions, seconds=seconds, facts_dropped=profile.meta.facts_dropped)
        result = ResumeResult(job.lease, job.upload, sections, profile, embedded, versions, seconds)
        try:
            return await self._batch.submit(result)
        except TransientError as error:
            return Failed(error.code, error.message, retryable=True)
