"""What the embedding deployment makes of its device: its chunks a second ÷ those of `SentenceTransformer.encode`.

The deployment is the service's own, with its replicas, batching and remembered vectors; resumes come to it as the
dispatcher sends them, and it cuts them into chunks itself. The peer encodes the same chunks, cut already, in one
call, with the same model, device, precision and threads, in the batch that suits it best.

    python -m benchmarks.embedding [--n 200] [--device cuda --gpus 1 --replicas 1]

The last line is a JSON object: `embedding_ratio`, and what it is of.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import shutil
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine

from benchmarks.resume_maker import iter_resumes
from benchmarks.storing import store
from pipeline.adapters.postgres.jobs import JobQueue
from pipeline.domain.job import ClaimedJob
from pipeline.domain.journey import Lane
from pipeline.domain.media_type import PDF
from pipeline.domain.receipt import Answers, Done
from pipeline.domain.sections import SectionedText
from pipeline.orchestration import wiring
from pipeline.orchestration.ray import packets
from pipeline.orchestration.ray.graph import build_graph
from pipeline.orchestration.ray.local import free_port, service_running
from pipeline.settings import Settings, load_settings
from pipeline.stages.embed_chunks import EmbedChunks

_RAW_BATCHES = {"cpu": (8, 32), "cuda": (64, 256, 1024)}
_IN_FLIGHT = 4  #: × what the replicas take at once: a next batch always waits
_WARM_UP = 8
_OWNER = 1
_LEASE_S = 3600.0


@dataclass(frozen=True, slots=True)
class EmbeddingFigures:
    """Chunks a second; `raw_batch` is the peer's best."""

    device: str
    model: str
    resumes: int
    chunks: int
    raw_per_s: float
    raw_batch: int
    ours_per_s: float

    @property
    def ratio(self) -> float:
        """Ours ÷ raw."""
        return self.ours_per_s / self.raw_per_s


@dataclass(frozen=True, slots=True)
class _Raw:
    device: str
    model: str
    chunks: int
    per_s: float
    batch: int


def measure(resumes: Sequence[bytes], *, settings: Settings) -> EmbeddingFigures:
    """The peer first, in a process that gives the device back, then the deployment. DATA_DIR is a new one."""
    sections = asyncio.run(_sections(resumes, settings))
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        raw = pool.submit(_raw, sections, settings).result()
    with service_running(settings, _embedder, front=nullcontext, say=lambda line: None) as service:
        ours = asyncio.run(_ours(resumes, sections, service.settings))
    return EmbeddingFigures(
        raw.device, raw.model, len(resumes), raw.chunks, raw.per_s, raw.batch, raw.chunks / ours
    )


async def _sections(resumes: Sequence[bytes], settings: Settings) -> list[SectionedText]:
    engine, group = wiring.text_engine(settings), wiring.group_sections()
    try:
        return [group.run(await engine.read(content, PDF)) for content in resumes]
    finally:
        engine.close()


def _raw(sections: Sequence[SectionedText], settings: Settings) -> _Raw:
    """In a process of its own: `encode` over all chunks, by its best batch."""
    from pipeline.adapters.sentence_transformer import SentenceTransformerEmbedder

    embedder = wiring.embedder(settings)
    assert isinstance(embedder, SentenceTransformerEmbedder)
    stage = EmbedChunks(embedder)
    texts = [chunk.text for one in sections for chunk in stage.chunk(one)]
    transformer = embedder._transformer  # the model that the adapter drives by itself
    device = embedder.device
    best = (0.0, 0)
    for batch in _RAW_BATCHES[device.split(":")[0]]:
        transformer.encode(texts[: 2 * batch], batch_size=batch, show_progress_bar=False)
        started = time.perf_counter()
        transformer.encode(texts, batch_size=batch, normalize_embeddings=True, show_progress_bar=False)
        best = max(best, (len(texts) / (time.perf_counter() - started), batch))
    return _Raw(device, embedder.model, len(texts), *best)


def _embedder() -> object:
    """What Serve runs: the embedder of the service's own graph, alone."""
    return build_graph(load_settings()).embedder


async def _ours(resumes: Sequence[bytes], sections: Sequence[SectionedText], settings: Settings) -> float:
    """Seconds that the deployment takes for all resumes, each known to PostgreSQL as a running job."""
    import ray
    from ray import serve

    from pipeline.orchestration.ray.calls import call

    engine = wiring.database(settings, name="embedding-benchmark")
    warm = min(_WARM_UP, len(resumes))
    jobs = _jobs(engine, settings, [*_warm_ups(resumes[:warm]), *resumes])
    texts = zip(jobs, [*sections[:warm], *sections], strict=True)
    values = [ray.put(Answers((), packets.packed({job.lease.resume_id: one}))) for job, one in texts]
    run = serve.get_app_handle("resumes").run
    slots = asyncio.Semaphore(_IN_FLIGHT * settings.embedding_replicas * 2 * settings.embedding_at_once)

    async def embed(job: ClaimedJob, value: object) -> None:
        async with slots:
            answers, _ = await call(run, [job], value)
        if not isinstance(answers.receipts[0], Done):
            raise RuntimeError(f"a resume was not embedded: {answers.receipts[0]}")

    await asyncio.gather(*map(embed, jobs[:warm], values[:warm]))
    started = time.perf_counter()
    await asyncio.gather(*map(embed, jobs[warm:], values[warm:]))
    seconds = time.perf_counter() - started
    engine.dispose()
    return seconds


def _warm_ups(resumes: Sequence[bytes]) -> list[bytes]:
    """Other bytes than the measured ones, so that no vector is remembered."""
    return [content + b"\n% warm-up\n" for content in resumes]


def _jobs(engine: Engine, settings: Settings, resumes: Sequence[bytes]) -> list[ClaimedJob]:
    objects = wiring.object_store(settings)
    ids = store(engine, objects, [(f"{number}.pdf", content) for number, content in enumerate(resumes)])
    queue = JobQueue(engine, lease_s=_LEASE_S)
    jobs = {job.lease.resume_id: job for job in queue.claim(_OWNER, Lane.BULK, len(ids))}
    return [jobs[id_] for id_ in ids]


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m benchmarks.embedding", description=__doc__)
    arguments.add_argument("--n", type=int, default=200, help="resumes")
    arguments.add_argument("--seed", type=int, default=7)
    arguments.add_argument("--device", help="EMBEDDING_DEVICE, where it is not the environment's")
    arguments.add_argument("--gpus", type=float, help="EMBEDDING_NUM_GPUS")
    arguments.add_argument("--replicas", type=int, help="EMBEDDING_REPLICAS")
    arguments.add_argument("--batch-tokens", type=int, help="EMBEDDING_BATCH_TOKENS")
    given = arguments.parse_args()
    told = {
        "embedding_device": given.device, "embedding_num_gpus": given.gpus, "embedding_replicas": given.replicas,
        "embedding_batch_tokens": given.batch_tokens,
    }  # fmt: skip
    data_dir = Path(tempfile.mkdtemp(prefix="resumes-embedding-"))
    settings = load_settings(
        data_dir=data_dir,
        db_url=None,
        port=free_port(),
        aws_s3_bucket_name=None,
        **{name: value for name, value in told.items() if value is not None},
    )
    try:
        figures = measure([made.pdf for made in iter_resumes(given.n, given.seed)], settings=settings)
    finally:
        shutil.rmtree(data_dir, ignore_errors=True)
    table = Table(
        "", "chunks/s", title=f"{figures.chunks} chunks of {figures.resumes} resumes, {figures.device}"
    )
    table.add_row(f"SentenceTransformer.encode, {figures.raw_batch} a batch", f"{figures.raw_per_s:.1f}")
    table.add_row("the embedding deployment", f"{figures.ours_per_s:.1f}")
    Console(width=90).print(table)
    print(json.dumps({"embedding_ratio": round(figures.ratio, 3), **asdict(figures)}))


if __name__ == "__main__":
    main()
