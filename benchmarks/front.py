"""The front door: how fast callers are answered, idle and beside a backlog of uploads.

    python -m benchmarks.front [--only search|uploads|refusals] [--backlog 400] [--seconds 20] [--seed 7]

Each part starts a service of its own with default settings. `search` asks it queries by one client and by 16, first
idle, then while so many uploads wait for the pipeline, which works on them meanwhile. `uploads` compares with plain
uvicorn, and `refusals` has 200 clients refused (`benchmarks.front_uploads`).

The last line is a JSON object: `search_idle_p95_ms`, `search_busy_p95_ms` (asked: at most 150) and
`search_busy_16_p95_ms` (asked: at most 500), what they rest on, and how fast the backlog was worked off meanwhile;
`uploads_ratio_idle` (asked: at least .65) and `uploads_ratio_busy` (.35) with 16 clients, and `refusals_p95_ms` (100).
"""

from __future__ import annotations

import argparse
import itertools
import math
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import front_uploads
from benchmarks.latency import short_resumes
from benchmarks.report import tell
from benchmarks.service import Service, running
from pipeline.adapters.postgres.applications import Applications
from pipeline.domain.journey import Lane
from pipeline.orchestration import wiring
from resumes_client import Client

_DISTINCT = 60
_CLIENTS = 16
_UPLOADERS = 8
_WARM_UP = 20
_QUERIES = (
    "palliative care nurse",
    "welder with TIG certificates",
    "Python developer who knows PostgreSQL",
    "accountant, month-end closing",
    "teaches mathematics at a secondary school",
    "civil engineer for bridges",
    "speaks Spanish and works in logistics",
    "head chef",
)


@dataclass(frozen=True, slots=True)
class Load:
    """How much of it: uploads that wait, seconds of each measurement, and the seed of the made resumes."""

    backlog: int
    seconds: float
    seed: int


def search(load: Load) -> dict[str, Any]:
    """The part `search`: its figures."""
    with tempfile.TemporaryDirectory() as folder, running() as service, _backlog_of(service) as unfinished:
        uploads = _uploads(Path(folder), load.seed)
        with ThreadPoolExecutor(_UPLOADERS) as pool, _clients(service, _CLIENTS) as clients:
            _fill(pool, service, uploads, _DISTINCT, unfinished)
            while unfinished():
                time.sleep(0.5)
            _ask(clients[:1], load.seconds, most=_WARM_UP)
            figures = _told("search_idle", _ask(clients[:1], load.seconds))
            figures |= _told("search_idle_16", _ask(clients, load.seconds))
            for name, askers in (("search_busy", clients[:1]), ("search_busy_16", clients)):
                _fill(pool, service, uploads, load.backlog, unfinished)
                began, waiting = time.monotonic(), unfinished()
                figures |= _told(name, _ask(askers, load.seconds))
                left, took = unfinished(), time.monotonic() - began
                figures |= {f"{name}_left": left, f"{name}_resumes_per_s": round((waiting - left) / took, 2)}
            _fill(pool, service, uploads, load.backlog, unfinished)
            waiting, began = unfinished(), time.monotonic()
            time.sleep(load.seconds)
            figures["alone_resumes_per_s"] = round((waiting - unfinished()) / (time.monotonic() - began), 2)
    return figures


#: Each part by its name: what `--only` takes.
PARTS: Mapping[str, Callable[[Load], dict[str, Any]]] = {
    "search": search,
    "uploads": lambda load: front_uploads.uploads(load.seconds, load.seed),
    "refusals": lambda load: front_uploads.refusals(load.seconds),
}


def _uploads(folder: Path, seed: int) -> Iterator[Path]:
    """Files that differ without end: made resumes, each with another comment after its last line."""
    made = [path.read_bytes() for path in short_resumes(folder, _DISTINCT, seed)]
    path = folder / "resume.pdf"
    for number, pdf in enumerate(itertools.cycle(made)):
        path = folder / f"upload-{number}.pdf"
        path.write_bytes(pdf + b"\n%% %d\n" % number)
        yield path


def _fill(
    pool: ThreadPoolExecutor,
    service: Service,
    uploads: Iterator[Path],
    wanted: int,
    unfinished: Callable[[], int],
) -> None:
    """Upload until so many are unfinished."""
    client = service.client()
    while (missing := wanted - unfinished()) > 0:
        files = list(itertools.islice(uploads, missing))
        list(pool.map(client.upload, files))
        for file in files:
            file.unlink()
    client.close()


@contextmanager
def _backlog_of(service: Service) -> Iterator[Callable[[], int]]:
    """What counts the uploads that have not ended."""
    engine = wiring.database(service.settings, name="witness", pool_size=1)
    applications = Applications(engine)
    yield lambda: applications.backlog(Lane.ONLINE)
    engine.dispose()


@contextmanager
def _clients(service: Service, count: int) -> Iterator[list[Client]]:
    clients = [service.client() for _ in range(count)]
    yield clients
    for client in clients:
        client.close()


def _ask(clients: Sequence[Client], seconds: float, most: int | None = None) -> list[float]:
    """Queries, one after the other by each client, for so long: the seconds of each answer."""
    until = time.monotonic() + seconds
    took: list[float] = []
    lock = threading.Lock()

    def one(client: Client) -> None:
        for query in itertools.islice(itertools.cycle(_QUERIES), most):
            began = time.monotonic()
            if began >= until:
                return
            client.search(query)
            with lock:
                took.append(time.monotonic() - began)

    with ThreadPoolExecutor(len(clients)) as pool:
        list(pool.map(one, clients))
    return took


def _told(name: str, took: Sequence[float]) -> dict[str, Any]:
    """The median and the 95th percentile, and how many there were."""
    ordered = sorted(took)
    return {
        f"{name}_p50_ms": round(1000 * statistics.median(ordered), 1),
        f"{name}_p95_ms": round(1000 * ordered[math.ceil(0.95 * len(ordered)) - 1], 1),
        f"{name}_queries": len(ordered),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.front", description=__doc__)
    parser.add_argument("--only", choices=sorted(PARTS), help="one part alone")
    parser.add_argument("--backlog", type=int, default=400, help="uploads that wait")
    parser.add_argument("--seconds", type=float, default=20.0, help="seconds of each measurement")
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    load = Load(given.backlog, given.seconds, given.seed)
    figures: dict[str, Any] = {}
    for name in [given.only] if given.only else PARTS:
        figures |= PARTS[name](load)
    tell("The front door", figures)


if __name__ == "__main__":
    main()
