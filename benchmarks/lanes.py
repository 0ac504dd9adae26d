"""Two lanes on one service: what an archive costs whoever uploads meanwhile, and what the uploads cost the archive.

One service with its default settings. Uploads one at a time while nothing else runs; then the ingestion of an archive
alone; then another of the same size with an upload every few seconds. The medians from the 202 to `completed` are
compared, and the rates of the two archives while both were in full swing.

    python -m benchmarks.lanes [--n 300] [--every 2] [--seed 7]

The last line is a JSON object: `latency_ratio` (asked: at most 2) and `bulk_share` (asked: at least .7).
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from benchmarks.bulk import zip_of
from benchmarks.latency import measure, short_resumes
from benchmarks.report import tell
from benchmarks.resume_maker import iter_resumes
from benchmarks.service import Service, running
from pipeline.adapters.postgres.ingestions import Ingestions
from pipeline.domain.journey import Status
from pipeline.orchestration import wiring
from resumes_client import Client

_WARM_UP = 5
_IDLE = 20
#: A rate is taken between these shares of an archive: neither the start nor the end of it.
_FROM, _TO = 0.1, 0.9


def run(count: int, every_s: float, seed: int) -> dict[str, Any]:
    """The figures."""
    with tempfile.TemporaryDirectory() as folder, running() as service:
        root = Path(folder)
        files = short_resumes(root, 400, seed)
        made = list(iter_resumes(2 * count, seed + 1))
        archives = [zip_of(made[:count], root / "alone.zip"), zip_of(made[count:], root / "shared.zip")]
        with _ingestions(service) as ingestions:
            client = service.client()
            for _ in range(_WARM_UP):
                measure(client, next(files))
            idle = [measure(client, next(files))["journey"] for _ in range(_IDLE)]
            alone, _ = _ingest(ingestions, archives[0], count, lambda: time.sleep(0.25))
            shared, busy = _ingest(ingestions, archives[1], count, lambda: _upload(client, files, every_s))
            client.close()
    return {
        "uploads_during_bulk": len(busy),
        "idle_p50_s": round(statistics.median(idle), 3),
        "busy_p50_s": round(statistics.median(busy), 3),
        "busy_worst_s": round(max(busy), 3),
        "latency_ratio": round(statistics.median(busy) / statistics.median(idle), 2),
        "bulk_alone_per_s": round(alone, 2),
        "bulk_shared_per_s": round(shared, 2),
        "bulk_share": round(shared / alone, 3),
    }


@contextmanager
def _ingestions(service: Service) -> Iterator[Ingestions]:
    engine = wiring.database(service.settings, name="witness", pool_size=1)
    yield Ingestions(engine)
    engine.dispose()


def _ingest(
    ingestions: Ingestions, archive: Path, count: int, meanwhile: Callable[[], float | None]
) -> tuple[float, list[float]]:
    """Resumes a second in full swing, and what `meanwhile` answered then, again and again."""
    id_ = ingestions.create(str(archive), as_of_date=datetime.now(UTC).date())
    marks: dict[float, tuple[float, int]] = {}
    answers: list[float] = []
    while _TO not in marks:
        answer = meanwhile()
        done, now = _completed(ingestions, id_), time.monotonic()
        for share in (_FROM, _TO):
            if share not in marks and done >= share * count:
                marks[share] = (now, done)
        if answer is not None and _FROM in marks:
            answers.append(answer)
    while _completed(ingestions, id_) < count:
        time.sleep(0.5)
    (from_s, from_done), (to_s, to_done) = marks[_FROM], marks[_TO]
    return (to_done - from_done) / (to_s - from_s), answers


def _completed(ingestions: Ingestions, id_: UUID) -> int:
    progress = ingestions.progress(id_)
    assert progress is not None
    return progress.resumes.get(Status.COMPLETED, 0)


def _upload(client: Client, files: Iterator[Path], every_s: float) -> float:
    began = time.monotonic()
    journey = measure(client, next(files))["journey"]
    time.sleep(max(0.0, every_s - (time.monotonic() - began)))
    return journey


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lanes", description=__doc__)
    parser.add_argument("--n", type=int, default=300, help="resumes in each archive")
    parser.add_argument("--every", type=float, default=2.0, help="seconds from one upload to the next")
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    figures = run(given.n, given.every, given.seed)
    tell("Uploads beside an archive", figures)


if __name__ == "__main__":
    main()
