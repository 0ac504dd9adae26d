"""Bulk ingestion against the limit of the machine, and against a Celery worker made of the same stages.

N made resumes in one zip, from a seed; in one run:

- the CPU limit: cores ÷ the CPU seconds of each stage alone at its best, on the same documents;
- the bulk application, from the ingestion's beginning to the last resume's end (it is up before, as it is in a
  cluster);
- the same archive by FastAPI + Celery + Redis with the same stages, local engines, once with as many worker
  processes as cores and once with as many as we have replicas of stages: the faster of the two counts;
- both again with vendors that take their time (Textract 3 s, Gemini 4 s), Celery with as many worker processes as
  we have replicas of stages.

    python -m benchmarks.bulk --n 1000 [--vendors 60] [--without celery] [--seed 7]

Celery and Redis come with `pip install '.[bench]'` and Debian's redis-server.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
import time
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table
from sqlalchemy import text

from benchmarks import cpu_limit
from benchmarks.celery_baseline.run import BaselineFigures
from benchmarks.celery_baseline.run import run as run_celery
from benchmarks.resume_maker import Made, iter_resumes
from benchmarks.sampling import Costs, Sampler
from benchmarks.service import Service, bulk_application
from benchmarks.vendors import vendors_running
from pipeline.adapters.postgres.ingestions import Ingestions
from pipeline.domain.ingestion import IngestionState
from pipeline.domain.journey import Status
from pipeline.orchestration import wiring

_MIB = 1024 * 1024
_LIMIT_OF = 150  #: resumes that the limit is measured on: every so many of all, for they differ
#: Which of `cpu_limit`'s ways of embedding are tried: those that won there, whatever else the machine did.
_THREADS, _BATCHES = (1,), (4, 16)
#: Replicas of ours that work on documents: reader, normaliser, two embedders, writer.
REPLICAS = ("TextReader", "ProfileNormaliser", "ChunkEmbedder", "ResumeWriter")
_DRIVERS = ("Ingestor", "Dispatcher")
_POLL_S = 2.0
_WARM_S = 3.0


@dataclass(frozen=True, slots=True)
class BulkFigures:
    """One ingestion: seconds from its beginning to its last resume's end, its cost, how the drivers' memory grew."""

    resumes: int
    completed: int
    seconds: float
    stored_s: float
    replicas: int
    costs: Costs
    driver_growth_mib: float

    @property
    def resumes_per_s(self) -> float:
        """Completed resumes a second."""
        return self.completed / self.seconds


def ingest(archive: Path, count: int, **settings: Any) -> BulkFigures:
    """The bulk application over a zip of `count` resumes."""
    with bulk_application(**settings) as service:
        engine = wiring.database(service.settings, name="witness", pool_size=1)
        ingestions = Ingestions(engine)
        time.sleep(_WARM_S)
        replicas = sum(len(service.replicas(name)) for name in REPLICAS)
        growth = _Growth(service)
        with Sampler(service.processes) as sampler:
            id_ = ingestions.create(str(archive), as_of_date=datetime.now(UTC).date())
            while True:
                progress = ingestions.progress(id_)
                assert progress is not None
                if progress.row.state not in (IngestionState.LISTING, IngestionState.RUNNING):
                    break
                growth.look(progress.ended / count)
                time.sleep(_POLL_S)
        row = progress.row
        if row.state is not IngestionState.COMPLETED or row.stored_at is None:
            raise RuntimeError(f"the ingestion ended as {row.state}: {row.error_detail}")
        with engine.connect() as connection:  # as the baseline is timed: by the database's clock
            last_at = connection.execute(text("SELECT max(completed_at) FROM applications")).scalar_one()
        engine.dispose()
        return BulkFigures(
            resumes=count,
            completed=progress.resumes.get(Status.COMPLETED, 0),
            seconds=(last_at - row.created_at).total_seconds(),
            stored_s=(row.stored_at - row.created_at).total_seconds(),
            replicas=replicas,
            costs=sampler.costs(),
            driver_growth_mib=growth.mib(),
        )


class _Growth:
    """Resident memory of whatever drives, from a tenth of the run on."""

    def __init__(self, service: Service) -> None:
        self._drivers = [psutil.Process(), *(one for name in _DRIVERS for one in service.replicas(name))]
        self._first: dict[int, int] = {}
        self._last: dict[int, int] = {}

    def look(self, share: float) -> None:
        now = {one.pid: one.memory_info().rss for one in self._drivers}
        if share >= 0.1 and not self._first:
            self._first = now
        self._last = now

    def mib(self) -> float:
        """The growth of the one that grew most, in MiB."""
        return max((self._last[pid] - rss for pid, rss in self._first.items()), default=0) / _MIB


def zip_of(made: Sequence[Made], path: Path) -> Path:
    """The resumes in one archive."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, one in enumerate(made):
            archive.writestr(f"{number:06}.pdf", one.pdf)
    return path


@contextmanager
def _scratch() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="resumes-bench-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _celery(
    archive: Path, count: int, processes: int, vendors: dict[str, Any] | None = None
) -> BaselineFigures:
    with _scratch() as data_dir:
        return run_celery(archive, count, data_dir=data_dir, vendors=vendors, processes=processes)


def compare(
    count: int, seed: int, console: Console, *, vendors: int, without: Sequence[str]
) -> dict[str, Any]:
    """Everything, in one run; the figures of the JSON object."""
    made = list(iter_resumes(count, seed))
    with _scratch() as folder:
        archive = zip_of(made, folder / "archive.zip")
        with _scratch() as data_dir:
            some = [one.pdf for one in made[:: max(1, count // _LIMIT_OF)]]
            limit = cpu_limit.measure(some, data_dir=data_dir, threads=_THREADS, batches=_BATCHES)
        cpu_limit.show(limit, console)
        ours = ingest(archive, count, text_engine="local", profile_engine="rules")
        console.print(ours.costs.table(f"Bulk application, {count} resumes", count))
        baselines: list[BaselineFigures] = []
        if "celery" not in without:
            counts = sorted({os.cpu_count() or 1, ours.replicas})
            for processes in counts:
                baselines.append(_celery(archive, count, processes))
                rate = f"{baselines[-1].resumes_per_s:.2f} resumes/s"
                console.print(
                    f"Bulk {ours.resumes_per_s:.2f} resumes/s, Celery with {processes} workers {rate}"
                )
        slow = (
            _with_vendors(made[:vendors], folder, ours.replicas)
            if vendors and "celery" not in without
            else None
        )
    return _figures(limit, ours, baselines, slow, console)


def _with_vendors(made: Sequence[Made], folder: Path, processes: int) -> tuple[BulkFigures, BaselineFigures]:
    from benchmarks.celery_baseline.run import warm_up_resumes

    archive = zip_of(made, folder / "vendors.zip")
    with vendors_running([*made, *warm_up_resumes(processes)]) as settings:
        ours = ingest(archive, len(made), **settings)
        return ours, _celery(archive, len(made), processes, settings)


def _figures(
    limit: cpu_limit.CpuLimit,
    ours: BulkFigures,
    baselines: Sequence[BaselineFigures],
    slow: tuple[BulkFigures, BaselineFigures] | None,
    console: Console,
) -> dict[str, Any]:
    best = max(baselines, key=lambda one: one.resumes_per_s, default=None)
    stages_ms = 1000 * sum(limit.alone.values())
    figures: dict[str, Any] = {
        "resumes": ours.resumes,
        "completed": ours.completed,
        "resumes_per_s": round(ours.resumes_per_s, 2),
        "stored_per_s": round(ours.resumes / ours.stored_s, 1),
        "limit_resumes_per_s": round(limit.limit_resumes_per_s, 2),
        "limit_crowded_resumes_per_s": round(limit.limit_crowded_resumes_per_s, 2),
        "ratio_to_cpu_limit": round(ours.resumes_per_s / limit.limit_resumes_per_s, 3),
        "ratio_to_crowded_cpu_limit": round(ours.resumes_per_s / limit.limit_crowded_resumes_per_s, 3),
        "overhead_cpu_ms_per_resume": round(1000 * ours.costs.cpu_s / ours.resumes - stages_ms, 1),
        "driver_rss_growth_mib": round(ours.driver_growth_mib, 1),
        "peak_mib": round(ours.costs.peak_mib),
    }
    if best is not None:
        figures |= {
            "celery_local_resumes_per_s": {one.processes: round(one.resumes_per_s, 2) for one in baselines},
            "celery_peak_mib": {one.processes: round(one.costs.peak_mib) for one in baselines},
            "ratio_to_celery_local": round(ours.resumes_per_s / best.resumes_per_s, 3),
        }
    if slow is not None:
        figures |= {
            "vendors_resumes_per_s": round(slow[0].resumes_per_s, 2),
            "celery_vendors_resumes_per_s": round(slow[1].resumes_per_s, 2),
            "ratio_to_celery_vendors": round(slow[0].resumes_per_s / slow[1].resumes_per_s, 2),
        }
    table = Table("figure", "value", title="Bulk ingestion", title_justify="left")
    for name, value in figures.items():
        table.add_row(name.replace("_", " "), str(value))
    console.print(table)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bulk", description=__doc__)
    parser.add_argument("--n", type=int, default=1000, help="resumes")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--vendors", type=int, default=60, help="resumes with vendors; 0 leaves them out")
    parser.add_argument("--without", action="append", default=[], choices=["celery"])
    given = parser.parse_args()
    console = Console()
    figures = compare(given.n, given.seed, console, vendors=given.vendors, without=given.without)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
