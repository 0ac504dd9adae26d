"""An archive of very many very small members: how fast it is listed, how fast members become rows and objects.

N tiny files that look like PDFs, all different, in one zip. Listed in this process; then ingested by the bulk
application while it works on what is stored already, until everything is stored; the rest of the work is cancelled.

    python -m benchmarks.members [--n 200000]

The last line is a JSON object: `listed_per_s` (asked: 20,000), `stored_per_s` (asked: 500), and the most memory that
one of the processes that list, store and drive had, `driver_peak_mib` (asked: below 500).
"""

from __future__ import annotations

import argparse
import tempfile
import time
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from benchmarks.report import tell
from benchmarks.sampling import title_of
from benchmarks.service import Service, bulk_application
from pipeline.adapters.postgres.ingestions import Ingestions
from pipeline.domain.ingestion import IngestionState
from pipeline.orchestration import wiring
from pipeline.orchestration.sources import open_source
from pipeline.settings import load_settings

_MIB = 1024 * 1024
_DRIVERS = ("Ingestor", "Dispatcher", "list_source", "store_shard", "driver", "IDLE")
_LOOK_S = 0.5


def run(count: int) -> dict[str, Any]:
    """The figures of one archive."""
    with tempfile.TemporaryDirectory() as folder:
        archive = tiny_members(Path(folder) / "tiny.zip", count)
        begun = time.perf_counter()
        listed = sum(1 for _ in open_source(str(archive), load_settings()).members())
        listing_s = time.perf_counter() - begun
        with bulk_application(text_engine="local", profile_engine="rules") as service:
            seconds, peaks = _stored(service, archive)
    return {
        "members": listed,
        "listed_per_s": round(listed / listing_s),
        "stored_per_s": round(count / seconds),
        "driver_peak_mib": round(max(peaks.values()) / _MIB),
        "peak_mib": {name: round(peak / _MIB) for name, peak in sorted(peaks.items())},
    }


def tiny_members(path: Path, count: int) -> Path:
    """A zip of so many different members of some fifty bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for number in range(count):
            archive.writestr(f"{number // 1000:04}/{number:07}.pdf", b"%%PDF-1.4\n%% member %d\n" % number)
    return path


def _stored(service: Service, archive: Path) -> tuple[float, dict[str, int]]:
    """Seconds from the listing's end until all is stored, and the peak resident memory by process."""
    engine = wiring.database(service.settings, name="witness", pool_size=1)
    ingestions = Ingestions(engine)
    id_ = ingestions.create(str(archive), as_of_date=datetime.now(UTC).date())
    peaks: dict[str, int] = {}
    while True:
        row = ingestions.get(id_)
        assert row is not None
        if row.state not in (IngestionState.LISTING, IngestionState.RUNNING):
            raise RuntimeError(f"the ingestion ended as {row.state}: {row.error_detail}")
        if row.stored_at is not None and row.listed_at is not None:
            break
        for process in service.processes():
            _weigh(process, peaks)
        time.sleep(_LOOK_S)
    ingestions.cancel(id_)
    engine.dispose()
    return (row.stored_at - row.listed_at).total_seconds(), peaks


def _weigh(process: psutil.Process, peaks: dict[str, int]) -> None:
    name = title_of(process)
    if name in _DRIVERS:
        try:
            peaks[name] = max(peaks.get(name, 0), process.memory_info().rss)
        except psutil.Error:  # it ended meanwhile
            return


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.members", description=__doc__)
    parser.add_argument("--n", type=int, default=200_000, help="members")
    figures = run(parser.parse_args().n)
    tell("Very many members", figures)


if __name__ == "__main__":
    main()
