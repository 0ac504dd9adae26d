"""Feeds the queue from an archive: `python -m benchmarks.celery_baseline.producer ARCHIVE`.

The last line is a JSON object: how many tasks were enqueued, and when the first was (seconds since 1970).
"""

from __future__ import annotations

import json
import sys
import time
import zipfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from benchmarks.celery_baseline.app import app, process
from benchmarks.storing import Member, store
from pipeline.orchestration import wiring
from pipeline.settings import load_settings

_BATCH = 50


def feed(archive: Path) -> tuple[int, float]:
    """Store every member and enqueue its task; how many there were, and when the first was enqueued."""
    settings = load_settings()
    engine = wiring.database(settings, name="producer", pool_size=1)
    objects = wiring.object_store(settings)
    enqueued, first = 0, 0.0
    with app.producer_pool.acquire(block=True) as connection:
        members = _members(archive)
        while batch := list(islice(members, _BATCH)):
            ids = store(engine, objects, batch)
            first = first or time.time()
            for id_ in ids:
                process.apply_async((str(id_),), producer=connection)
            enqueued += len(ids)
    engine.dispose()
    return enqueued, first


def _members(archive: Path) -> Iterator[Member]:
    with zipfile.ZipFile(archive) as opened:
        for entry in opened.infolist():
            if not entry.is_dir():
                yield Path(entry.filename).name, opened.read(entry)


if __name__ == "__main__":
    number, at = feed(Path(sys.argv[1]))
    print(json.dumps({"enqueued": number, "first_at": at}))
