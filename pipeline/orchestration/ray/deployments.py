"""One thin Serve wrapper a stage. Each takes a packet of jobs and answers receipts and values (`domain/receipt.py`).

The wrappers are plain classes: Serve makes deployments of them (`graph.py`), and the isolated worker for
suspects runs the very same ones in a process of its own (`isolation.py`). A deployment exists only where
resources differ, so reading and grouping share one, and so do normalising and verifying.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from pipeline.adapters.postgres.engine import StatementRefused
from pipeline.adapters.postgres.search import Search
from pipeline.domain.checkpoint import CheckpointKey, Claimed
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
from pipeline.domain.job import ClaimedJob
from pipeline.domain.journey import Lane, Lease
from pipeline.domain.metrics import BATCH_SIZE, STAGE_SECONDS
from pipeline.domain.profile import Profile
from pipeline.domain.receipt import Answers, Broken, Done, Failed, Lost, Receipt, Waiting
from pipeline.domain.result import ResumeResult, Verdict
from pipeline.domain.sections import SectionedText
from pipeline.domain.trace import carried, within
from pipeline.orchestration import wiring
from pipeline.orchestration.core.batching import ContinuousBatch
from pipeline.orchestration.core.checkpoints import pack_vectors, unpack_vectors, vectors_key, wait_for
from pipeline.orchestration.core.drive import PACKET
from pipeline.orchestration.ray import meters, packets
from pipeline.orchestration.ray.priorities import process_gives_way, thread_that_gives_way
from pipeline.ports import Embedder, Tracer
from pipeline.settings import Settings, load_settings
from pipeline.stages.embed_chunks import EmbedChunks

log = logging.getLogger(__name__)

T = TypeVar("T")

_INDEX_AGAIN_S = 5.0
#: Queries that the model answers together: sixteen of sixteen tokens take it little longer than one.
_QUERIES_AT_ONCE = 16


#: Python looks for reference cycles after so many new objects, not after 700: a resume has tens of thousands, and few
#: cycles. Half a millisecond of CPU a resume in each stage of Python.
_OBJECTS_UNTIL_COLLECTED = 50_000


def _begin(*, gives_way: bool = True) -> Settings:
    """What every stage's process begins with: its settings, logs, garbage collection, and its place behind callers."""
    settings = load_settings()
    wiring.configure_logging(settings)
    gc.set_threshold(_OBJECTS_UNTIL_COLLECTED, *gc.get_threshold()[1:])
    if gives_way:
        process_gives_way(settings.pipeline_niceness)
    return settings


class _Clock:
    """Seconds by stage, as a profile's `meta` and the metrics show them, and the stages' places in the job's trace."""

    def __init__(self, tracer: Tracer, job: ClaimedJob) -> None:
        self._tracer, self._job = tracer, job
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        with _traced(self._tracer, self._job, name):
            started = time.perf_counter()
            yield
            self.seconds[name] = round(time.perf_counter() - started, 6)
        meters.observe(STAGE_SECONDS, self.seconds[name], stage=name)


@contextmanager
def _traced(tracer: Tracer, job: ClaimedJob, stage: str) -> Iterator[None]:
    """A stage of a job as a span of its trace, and a line in the log. An archive's resumes have none."""
    if job.trace is None:
        yield
        return
    ids: dict[str, str | int] = {
        "resumes.resume_id": str(job.lease.resume_id),
        "resumes.attempt": job.attempt,
    }
    with tracer.span(stage, job.trace, ids):
        yield
        log.info("stage done", extra={"resume_id": str(job.lease.resume_id), "stage": stage})


async def _answers(
    jobs: Sequence[ClaimedJob],
    work: Callable[[ClaimedJob], Awaitable[tuple[Any, Done]]],
    *,
    at_once: int,
) -> tuple[tuple[Receipt, ...], dict[UUID, Any]]:
    """Work on a packet's jobs, so many at once: a receipt each, and the values of those that are done."""
    values: dict[UUID, Any] = {}
    room = asyncio.Semaphore(at_once)

    async def one(job: ClaimedJob) -> Receipt:
        async with room:
            try:
                value, done = await work(job)
            except Exception as error:  # noqa: BLE001 - a stage's boundary: no job may cost its neighbours theirs
                with within(job.trace):
                    return _receipt(job, error)
            values[job.lease.resume_id] = value
            return done

    receipts = await asyncio.gather(*(one(job) for job in jobs))
    return tuple(receipts), values


def _receipt(job: ClaimedJob, error: Exception) -> Receipt:
    """What the error tree names, as the receipt that it means; anything else is a bug."""
    if isinstance(error, NotYet):
        return Waiting(error.key or "unknown", error.seconds)
    if isinstance(error, DocumentError | ProfileUnavailable | VendorTimeout):
        return Failed(error.code, error.message, retryable=False)
    if isinstance(error, TransientError | ObjectMissing):
        return Failed(error.code, error.message, retryable=True)
    if isinstance(error, LeaseLost):
        return Lost()
    log.error(
        "stage raised",
        exc_info=error,
        extra={"resume_id": str(job.lease.resume_id), "attempt": job.attempt},
    )
    return Broken(type(error).__name__)


def _thread_of(lane: Lane, name: str, settings: Settings) -> ThreadPoolExecutor:
    """A thread for the lane's own work: it gives way to callers, and bulk to uploads too."""
    niceness = settings.pipeline_niceness + (settings.bulk_niceness if lane is Lane.BULK else 0)
    return thread_that_gives_way(f"{name}-{lane}", niceness)


async def _on(executor: ThreadPoolExecutor, call: Callable[..., T], *args: Any) -> T:
    return await asyncio.get_running_loop().run_in_executor(executor, carried(call, *args))


class TextReader:
    """Reads and groups: CPU, with the parsing in killable child processes, those of each lane its own."""

    def __init__(self) -> None:
        settings = _begin()
        self._read = {
            Lane.ONLINE: wiring.read_text(settings),
            Lane.BULK: wiring.read_text(settings, nice=settings.bulk_niceness),
        }
        self._paid = wiring.paid_desk(settings, meters, name="reader")
        self._group = wiring.group_sections()
        self._tracer = wiring.tracer(settings)
        self._cpu = {lane: _thread_of(lane, "group", settings) for lane in Lane}
        # One more than there are parsers, so that none is idle; or as many as may wait for OCR.
        self._at_once = PACKET if settings.uses_textract else settings.parser_processes + 1

    async def run(self, jobs: Sequence[ClaimedJob]) -> Answers:
        """A SectionedText for each job that is done."""
        receipts, values = await _answers(jobs, self._one, at_once=self._at_once)
        return Answers(receipts, packets.packed(values))

    async def _one(self, job: ClaimedJob) -> tuple[SectionedText, Done]:
        clock = _Clock(self._tracer, job)
        with clock.stage("read"):
            paid = self._paid.work_of(job.lease, job.upload.sha256)
            text = await self._read[job.lane].run(job.upload, paid)
        with clock.stage("group"):
            sections = await _on(self._cpu[job.lane], self._group.run, text)
        return sections, Done({"read": text.engine, "group": self._group.version}, clock.seconds)


class ProfileNormaliser:
    """Normalises and verifies: waits on a vendor or not, and thinks on a thread of the lane's own."""

    def __init__(self) -> None:
        settings = _begin()
        self._normalise = wiring.normalise_profile(settings)
        self._paid = wiring.paid_desk(settings, meters, name="normaliser")
        self._verify = wiring.verify_profile(settings)
        self._tracer = wiring.tracer(settings)
        self._cpu = {lane: _thread_of(lane, "normalise", settings) for lane in Lane}

    async def run(self, jobs: Sequence[ClaimedJob], texts: Answers) -> Answers:
        """The verified Profile of each job that is done, as JSON. `texts` are the reader's answers."""
        read = packets.unpacked(texts.values)
        receipts, values = await _answers(
            jobs, lambda job: self._one(job, read[job.lease.resume_id]), at_once=PACKET
        )
        return Answers(receipts, packets.packed(values))

    async def _one(self, job: ClaimedJob, sections: SectionedText) -> tuple[str, Done]:
        clock = _Clock(self._tracer, job)
        cpu = self._cpu[job.lane]
        with clock.stage("normalise"):
            paid = self._paid.work_of(job.lease, job.upload.sha256)
            draft = await self._normalise.run(sections, paid, cpu)
        with clock.stage("verify"):
            profile = await _on(cpu, self._verify.run, draft, sections, job.upload)
        versions = {"normalise": self._normalise.version, "verify": self._verify.version}
        # Pickled, its many small models take four times as long to be there again.
        return profile.model_dump_json(), Done(versions, clock.seconds)


@dataclass(slots=True)
class _Vectors:
    """A job's chunks, what was found stored of their vectors (or why nothing can be), and those made here."""

    key: CheckpointKey | None
    chunks: tuple[Chunk, ...]
    found: bytes | Claimed | Exception | None
    made: EmbeddedChunks | None = None


class _Model:
    """The embedding model as a lane or the queries use it: on a thread that is its tokenizer's only caller."""

    def __init__(self, embedder: Embedder, thread: ThreadPoolExecutor, at_once: int) -> None:
        self.stage = EmbedChunks(embedder)
        self.thread = thread
        self.batch: ContinuousBatch[tuple[Chunk, ...], EmbeddedChunks] = ContinuousBatch(
            self.stage.run,
            max_items=at_once,
            executor=thread,
            on_batch=lambda size: meters.observe(BATCH_SIZE, size, stage="embed"),
        )


class ChunkEmbedder:
    """Embeds chunks of waiting resumes together, those of each lane by themselves, and queries beside them."""

    def __init__(self) -> None:
        settings = _begin(gives_way=False)  # queries come this way too: only the documents' threads do
        self._embedder = wiring.embedder(settings)
        self._tracer = wiring.tracer(settings)
        at_once = settings.embedding_at_once
        self._models = {
            Lane.ONLINE: _Model(self._embedder, _thread_of(Lane.ONLINE, "model", settings), at_once // 2),
            Lane.BULK: _Model(self._embedder.twin(), _thread_of(Lane.BULK, "model", settings), at_once),
        }
        # On one thread: two, on cores that documents keep busy, would wait for each other at every layer.
        queries = self._embedder.twin(threads=1)
        self._queries = _Model(queries, ThreadPoolExecutor(1, "model-query"), _QUERIES_AT_ONCE)
        engine = wiring.database(settings, name="embedder")
        self._checkpoints = wiring.checkpoint_store(engine)
        self._database = ThreadPoolExecutor(2, "database")
        threading.Thread(target=self._ensure_index, args=(wiring.search(engine),), daemon=True).start()

    async def run(self, jobs: Sequence[ClaimedJob], texts: Answers) -> Answers:
        """The EmbeddedChunks of each job that is done. `texts` are the reader's answers.

        Equal bytes are embedded at most once by equal versions.
        """
        read = packets.unpacked(texts.values)
        work = {job.lease: await self._prepared(job, read[job.lease.resume_id]) for job in jobs}
        await self._take(work)
        receipts, values = await _answers(
            jobs, lambda job: self._one(job, work[job.lease]), at_once=len(jobs)
        )
        await self._store(work)
        return Answers(receipts, packets.packed(values))

    async def embed_query(self, text: str) -> Vector:
        """The query's vector, float32 of shape (dimension,): it waits for other queries, never for a resume."""
        query = Chunk(0, "query", (), text)
        return (await self._queries.batch.submit((query,))).vectors[0]

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

    async def _prepared(self, job: ClaimedJob, sections: SectionedText) -> _Vectors:
        model = self._models[job.lane]
        try:
            chunks = await _on(model.thread, model.stage.chunk, sections)
            key = vectors_key(job.upload.sha256, self._embedder.model, chunks)
        except Exception as error:  # noqa: BLE001 - this job's own, told when its turn comes
            return _Vectors(None, (), error)
        return _Vectors(key, chunks, None)

    async def _take(self, work: dict[Lease, _Vectors]) -> None:
        """Look for, or claim, the vectors of every job that has got so far."""
        wanted = [(one.key, lease) for lease, one in work.items() if one.key is not None]
        found: list[bytes | Claimed | Exception | None]
        try:
            found = [*await _on(self._database, self._checkpoints.take_many, wanted)]
        except (DatabaseUnavailable, StatementRefused) as error:
            found = [error] * len(wanted)
        for (_, lease), answer in zip(wanted, found, strict=True):
            work[lease].found = answer

    async def _one(self, job: ClaimedJob, work: _Vectors) -> tuple[EmbeddedChunks, Done]:
        clock = _Clock(self._tracer, job)
        model = self._models[job.lane]
        with clock.stage("embed"):
            if isinstance(work.found, Exception):
                raise work.found
            if work.found is None:
                assert work.key is not None
                raise wait_for(work.key)
            if isinstance(work.found, bytes):
                embedded = unpack_vectors(work.found, model=self._embedder.model, chunks=work.chunks)
            else:
                embedded = work.made = await model.batch.submit(work.chunks)
        return embedded, Done({"embed": model.stage.version}, clock.seconds)

    async def _store(self, work: dict[Lease, _Vectors]) -> None:
        """Store what was computed here. It only saves a later run the same work: an outage costs no job its result."""
        values = [
            (one.key, lease, pack_vectors(one.made))
            for lease, one in work.items()
            if one.key is not None and one.made is not None
        ]
        if values:
            try:
                await _on(self._database, self._checkpoints.put_many, values)
            except (DatabaseUnavailable, StatementRefused) as error:
                log.warning("vectors not kept", extra={"count": len(values), "error": type(error).__name__})


class ResumeWriter:
    """Saves finished resumes, as many in one transaction as have arrived meanwhile."""

    def __init__(self) -> None:
        settings = _begin()
        self._stage = wiring.save_resume(wiring.database(settings, name="writer"))
        self._tracer = wiring.tracer(settings)
        self._batch: ContinuousBatch[ResumeResult, Verdict] = ContinuousBatch(
            self._stage.run,
            max_items=256,
            executor=ThreadPoolExecutor(1, "writer"),
            on_batch=lambda size: meters.observe(BATCH_SIZE, size, stage="save"),
        )

    async def run(
        self,
        jobs: Sequence[ClaimedJob],
        texts: Answers,
        profiles: Answers,
        embedded: Answers,
        done: Sequence[Done],
    ) -> list[Verdict | Failed]:
        """What became of each save; Failed where PostgreSQL did not answer and perhaps nothing was saved.

        `done` is, for each job, what its stages took, together; the others are the stages' answers.
        """
        read, drafted, chunks = (packets.unpacked(stage.values) for stage in (texts, profiles, embedded))

        async def one(job: ClaimedJob, took: Done) -> Verdict:
            id_ = job.lease.resume_id
            with _traced(self._tracer, job, "save"):
                return await self._batch.submit(_result(job, read[id_], drafted[id_], chunks[id_], took))

        saves = (one(job, took) for job, took in zip(jobs, done, strict=True))
        saved = await asyncio.gather(*saves, return_exceptions=True)
        return [_verdict(job, answer) for job, answer in zip(jobs, saved, strict=True)]


def _verdict(job: ClaimedJob, saved: Verdict | BaseException) -> Verdict | Failed:
    """What became of one save: what it raised is its own, an outage or else a bug."""
    if isinstance(saved, Verdict):
        return saved
    if isinstance(saved, TransientError):
        return Failed(saved.code, saved.message, retryable=True)
    if not isinstance(saved, Exception):  # cancelled with its replica
        raise saved
    id_ = str(job.lease.resume_id)
    with within(job.trace):
        log.error("save raised", exc_info=saved, extra={"resume_id": id_})
    return Verdict.REFUSED


def _result(
    job: ClaimedJob, sections: SectionedText, profile_json: str, embedded: EmbeddedChunks, done: Done
) -> ResumeResult:
    profile = Profile.model_validate_json(profile_json)
    return ResumeResult(job.lease, job.upload, sections, profile, embedded, done.versions, done.seconds)
