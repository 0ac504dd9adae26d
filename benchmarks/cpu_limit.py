"""How fast this machine could be at most: its cores ÷ the CPU seconds that the stages need for a resume.

Each stage is measured alone and at its best, on the same made resumes: reading with the CPU of its parser child,
saving in batches of 256 with the CPU of PostgreSQL, embedding with the threads and the batch across resumes that
take the least. Cores share memory bandwidth, and often more than that: the second column is the same work with one
process on every core at once, which is what any system that uses all of them has to live with.

    python -m benchmarks.cpu_limit [--n 100] [--seed 7]

The last line is a JSON object; `limit_resumes_per_s` is of the first column, `limit_crowded_resumes_per_s` of the
second.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.resume_maker import iter_resumes
from benchmarks.sampling import tree_cpu_s
from benchmarks.storing import Storing, store
from pipeline.adapters.postgres.embedded import EmbeddedPostgres
from pipeline.domain.chunk import EmbeddedChunks
from pipeline.domain.job import ClaimedJob
from pipeline.domain.journey import Lane
from pipeline.domain.profile import Profile
from pipeline.domain.result import ResumeResult, Verdict
from pipeline.domain.sections import SectionedText
from pipeline.domain.upload import StoredUpload
from pipeline.orchestration import wiring
from pipeline.orchestration.ray.local import database_running
from pipeline.settings import Settings, load_settings
from pipeline.stages.embed_chunks import EmbedChunks
from pipeline.stages.read_text import ReadText

SAVE_BATCH = 256
_WARM_UP = 4  #: resumes before the measured ones, for what only the first pays
_THREADS = (1, 2)
_BATCHES = (1, 4, 16, 64)
_OWNER = 1


@dataclass(frozen=True, slots=True)
class Embedding:
    """One way of embedding: seconds a resume, cutting into chunks included; `batch` counts resumes."""

    threads: int
    batch: int
    cpu_s: float
    wall_s: float


@dataclass(frozen=True, slots=True)
class CpuLimit:
    """CPU seconds a resume by stage, measured alone, and with every core at the same stage (`crowded`)."""

    resumes: int
    pages: int
    cores: int
    alone: dict[str, float]
    crowded: dict[str, float]
    embeddings: tuple[Embedding, ...]

    @property
    def limit_resumes_per_s(self) -> float:
        """What all cores could do if none disturbed another."""
        return self.cores / sum(self.alone.values())

    @property
    def limit_crowded_resumes_per_s(self) -> float:
        """What they can do, disturbing one another."""
        return self.cores / sum(self.crowded.values())


@dataclass(slots=True)
class _Measured:
    """What one process measured, and what came of the stages: all lists are in the order of the uploads."""

    cpu_s: dict[str, float] = field(default_factory=dict)
    embeddings: list[Embedding] = field(default_factory=list)
    sections: list[SectionedText] = field(default_factory=list)
    profiles: list[Profile] = field(default_factory=list)
    embedded: list[EmbeddedChunks] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)


def measure(
    resumes: Sequence[bytes],
    *,
    data_dir: Path,
    storing: Storing = store,
    threads: Sequence[int] = _THREADS,
    batches: Sequence[int] = _BATCHES,
) -> CpuLimit:
    """The limit of this machine for these resumes; `data_dir` is empty, and left to its caller.

    `storing` is how members are accepted. The first resumes are also used to warm up.
    """
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    count, cores = len(resumes), len(os.sched_getaffinity(0))
    warm_up = min(_WARM_UP, count)
    local = load_settings(
        data_dir=data_dir, db_url=None, aws_s3_bucket_name=None, text_engine="local", profile_engine="rules",
        embedding_device="cpu",
    )  # fmt: skip
    with database_running(local, say=lambda line: None) as settings:
        database = _Database(settings, storing)
        store_s, jobs = database.store([*resumes[:warm_up], *resumes], skip=warm_up)
        uploads = [job.upload for job in jobs]
        work = _Work(settings, uploads, warm_up, tuple(threads), tuple(batches))
        (first,) = _in_processes(work, 1)
        best = min(first.embeddings, key=lambda one: one.cpu_s)
        crowd = _in_processes(replace(work, threads=(1,), batches=(best.batch,)), cores)
        save_s = database.save(_results(jobs, first), skip=warm_up)
    database_s = {"save": save_s / count, "store": store_s / count}
    alone = {**first.cpu_s, "embed": best.cpu_s, **database_s}
    shared = {stage: sum(one.cpu_s[stage] for one in crowd) / cores for stage in first.cpu_s}
    crowded_embed = sum(one.embeddings[0].cpu_s for one in crowd) / cores
    pages = sum(len(sections.text.pages) for sections in first.sections[-count:])
    crowded = {**shared, "embed": crowded_embed, **database_s}
    return CpuLimit(count, pages, cores, alone, crowded, tuple(first.embeddings))


# -- storing and saving --------------------------------------------------------------------------------


class _Database:
    """The two stages that use PostgreSQL, whose own CPU is counted."""

    def __init__(self, settings: Settings, storing: Storing) -> None:
        self._storing = storing
        self._engine = wiring.database(settings, name="cpu-limit")
        self._objects = wiring.object_store(settings)
        self._queue = wiring.job_queue(settings, self._engine)
        self._stage = wiring.save_resume(self._engine)
        pid = EmbeddedPostgres(settings.postgres_dir).pid()
        assert pid is not None
        self._server = psutil.Process(pid)

    def _cpu_s(self, work: Callable[[], None]) -> float:
        before = time.process_time() + tree_cpu_s(self._server)
        work()
        return time.process_time() + tree_cpu_s(self._server) - before

    def store(self, resumes: Sequence[bytes], *, skip: int) -> tuple[float, list[ClaimedJob]]:
        """CPU seconds for all but the first `skip`; the jobs of all, claimed, in the order given."""
        members = [(f"{number}.pdf", content) for number, content in enumerate(resumes)]
        ids = list(self._storing(self._engine, self._objects, members[:skip]))

        def work() -> None:
            for start in range(skip, len(members), SAVE_BATCH):
                ids.extend(self._storing(self._engine, self._objects, members[start : start + SAVE_BATCH]))

        seconds = self._cpu_s(work)
        jobs = {job.lease.resume_id: job for job in self._queue.claim(_OWNER, Lane.BULK, len(members))}
        return seconds, [jobs[id_] for id_ in ids]

    def save(self, results: Sequence[ResumeResult], *, skip: int) -> float:
        """CPU seconds for all but the first `skip`, into the index that searches need, as a service's saves are.

        Raises RuntimeError when one is not saved.
        """
        vectors = results[0].embedded
        wiring.search(self._engine).ensure_index(vectors.model, vectors.vectors.shape[1])
        verdicts = self._stage.run(results[:skip])

        def work() -> None:
            for start in range(skip, len(results), SAVE_BATCH):
                verdicts.extend(self._stage.run(results[start : start + SAVE_BATCH]))

        self._queue.renew(_OWNER)
        seconds = self._cpu_s(work)
        if set(verdicts) != {Verdict.SAVED}:
            raise RuntimeError(f"not every resume was saved: {sorted(set(verdicts))}")
        return seconds


def _results(jobs: Sequence[ClaimedJob], measured: _Measured) -> list[ResumeResult]:
    parts = zip(jobs, measured.sections, measured.profiles, measured.embedded, strict=True)
    return [
        ResumeResult(job.lease, job.upload, sections, profile, embedded, measured.versions, {})
        for job, sections, profile, embedded in parts
    ]


# -- the stages that need no database, in processes of their own ---------------------------------------


@dataclass(frozen=True, slots=True)
class _Work:
    """What a measuring process is told."""

    settings: Settings
    uploads: list[StoredUpload]
    warm_up: int  #: how many of the uploads, the first ones, are not measured
    threads: tuple[int, ...]
    batches: tuple[int, ...]


_barrier: Barrier


def _in_processes(work: _Work, processes: int) -> list[_Measured]:
    """The same work in so many processes, each stage begun by all at once."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(processes)
    with ProcessPoolExecutor(processes, context, initializer=_share, initargs=(barrier,)) as pool:
        return [task.result() for task in [pool.submit(_measure, work) for _ in range(processes)]]


def _share(barrier: Barrier) -> None:
    global _barrier
    _barrier = barrier


def _measure(work: _Work) -> _Measured:
    """In a measuring process: each stage over all resumes, then the next."""
    try:
        return _Stages(work).run()
    except BaseException:  # whatever ended it: the others would wait for ever
        _barrier.abort()
        raise


class _Stages:
    """The stages in a row, in this process; the first resumes warm each of them up, and are not counted."""

    def __init__(self, work: _Work) -> None:
        self._work, self._measured = work, _Measured()
        self._count = len(work.uploads) - work.warm_up

    def run(self) -> _Measured:
        settings, measured = self._work.settings, self._measured
        reader = wiring.read_text(settings)
        group, verify = wiring.group_sections(), wiring.verify_profile(settings)
        normalise = wiring.normalise_profile(settings)
        with asyncio.Runner() as loop:
            texts = self._read(loop, reader)
            reader.close()
            measured.sections = self._each("group", group.run, texts)
            drafts = self._each(
                "normalise", lambda sections: loop.run(normalise.run(sections, _FREE)), measured.sections
            )
        cited = list(zip(drafts, measured.sections, self._work.uploads, strict=True))
        measured.profiles = self._each("verify", lambda one: verify.run(*one), cited)
        self._embed()
        measured.versions = {
            "read": texts[0].engine, "group": group.version, "normalise": normalise.version,
            "verify": verify.version,
        }  # fmt: skip
        return measured

    def _read(self, loop: asyncio.Runner, reader: ReadText) -> list[Any]:
        """Reading's CPU is that of its parser child too, who has a clock of 10 ms."""
        me = psutil.Process()

        def read(upload: StoredUpload) -> Any:
            return loop.run(reader.run(upload, _FREE))

        return self._each("read", read, self._work.uploads, clock=lambda: tree_cpu_s(me))

    def _each(
        self,
        stage: str,
        work: Callable[[Any], Any],
        inputs: Sequence[Any],
        clock: Callable[[], float] = time.process_time,
    ) -> list[Any]:
        warm = len(inputs) - self._count
        done = [work(one) for one in inputs[:warm]]
        _barrier.wait()
        before = clock()
        done += [work(one) for one in inputs[warm:]]
        self._measured.cpu_s[stage] = (clock() - before) / self._count
        return done

    def _embed(self) -> None:
        for threads in self._work.threads:
            embedder = wiring.embedder(self._work.settings.model_copy(update={"embedding_threads": threads}))
            stage = EmbedChunks(embedder)
            for batch in self._work.batches:
                self._measured.embeddings.append(self._embed_by(stage, threads, batch))
            self._measured.versions["embed"] = stage.version

    def _embed_by(self, stage: EmbedChunks, threads: int, batch: int) -> Embedding:
        sections = self._measured.sections
        warm = len(sections) - self._count
        embedded = stage.run([stage.chunk(one) for one in sections[:warm]])
        _barrier.wait()
        wall, cpu = time.perf_counter(), time.process_time()
        for start in range(warm, len(sections), batch):
            embedded += stage.run([stage.chunk(one) for one in sections[start : start + batch]])
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        self._measured.embedded = embedded
        return Embedding(threads, batch, cpu / self._count, wall / self._count)


class _Free:
    """PaidWork where nothing is paid for: the rules and a text layer ask for none."""

    async def once(self, stage: str, digest: str, make: Any) -> bytes:
        raise RuntimeError(f"{stage} wants to pay for something: the limit is that of the local engines")


_FREE = _Free()


# -- the command ---------------------------------------------------------------------------------------


def as_json(limit: CpuLimit) -> dict[str, Any]:
    """The figures as a JSON object holds them; times are CPU milliseconds a resume."""
    best = min(limit.embeddings, key=lambda one: one.cpu_s)
    return {
        "resumes": limit.resumes,
        "pages": limit.pages,
        "cores": limit.cores,
        "cpu_ms": {stage: round(1000 * seconds, 2) for stage, seconds in limit.alone.items()},
        "cpu_crowded_ms": {stage: round(1000 * seconds, 2) for stage, seconds in limit.crowded.items()},
        "embedding_best": {name: round(value, 5) for name, value in asdict(best).items()},
        "limit_resumes_per_s": round(limit.limit_resumes_per_s, 2),
        "limit_crowded_resumes_per_s": round(limit.limit_crowded_resumes_per_s, 2),
    }


def show(limit: CpuLimit, console: Console) -> None:
    """Both tables."""
    table = Table(
        "stage", "alone", f"{limit.cores} at once", title=f"CPU ms a resume, over {limit.resumes} resumes"
    )
    for stage, seconds in limit.alone.items():
        table.add_row(stage, f"{1000 * seconds:.2f}", f"{1000 * limit.crowded[stage]:.2f}")
    sums = (sum(limit.alone.values()), sum(limit.crowded.values()))
    table.add_row("all", *(f"{1000 * seconds:.2f}" for seconds in sums), style="bold")
    limits = (limit.limit_resumes_per_s, limit.limit_crowded_resumes_per_s)
    table.add_row(f"{limit.cores} cores: resumes/s", *(f"{rate:.2f}" for rate in limits), style="bold")
    console.print(table)
    ways = Table("threads", "resumes a batch", "CPU ms", "wall ms", title="Embedding, by resume")
    for one in limit.embeddings:
        ways.add_row(str(one.threads), str(one.batch), f"{1000 * one.cpu_s:.1f}", f"{1000 * one.wall_s:.1f}")
    console.print(ways)


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m benchmarks.cpu_limit", description=__doc__)
    arguments.add_argument("--n", type=int, default=100, help="resumes measured")
    arguments.add_argument("--seed", type=int, default=7)
    given = arguments.parse_args()
    resumes = [made.pdf for made in iter_resumes(given.n, given.seed)]
    data_dir = Path(tempfile.mkdtemp(prefix="resumes-limit-"))
    try:
        limit = measure(resumes, data_dir=data_dir)
    finally:
        shutil.rmtree(data_dir, ignore_errors=True)
    show(limit, Console(width=90))
    print(json.dumps(as_json(limit)))


if __name__ == "__main__":
    main()
