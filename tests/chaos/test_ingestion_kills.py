"""A bulk ingestion under random kill -9: every count adds up, no member is there twice, none is lost."""

from __future__ import annotations

import os
import random
import time
import zipfile
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine

from benchmarks.resume_maker import iter_resumes
from benchmarks.service import Service
from pipeline.adapters.postgres.ingestions import Ingestions
from pipeline.domain.errors import DatabaseUnavailable
from pipeline.domain.ingestion import IngestionState
from pipeline.domain.journey import Status
from pipeline.orchestration import wiring
from tests.chaos import living
from tests.chaos.killer import RUNNING_JOBS, Killer, wait_until

#: `RESUMES_CHAOS_MEMBERS=2000 pytest -m long tests/chaos/test_ingestion_kills.py` is the full run.
MEMBERS = int(os.environ.get("RESUMES_CHAOS_MEMBERS", "500"))
SEED = int(os.environ.get("RESUMES_CHAOS_SEED", "4"))
KILLS = 10
DUPLICATES, STRANGERS = 20, 5

RUNNING_SHARDS = "SELECT count(*) FROM ingestion_shards WHERE state = 'running'"
#: What is killed, and what must be going on at that moment.
TARGETS = {
    "Ingestor": RUNNING_SHARDS,
    "store_shard": RUNNING_SHARDS,
    "Dispatcher": RUNNING_JOBS,
    "TextReader": RUNNING_JOBS,
    "ProfileNormaliser": RUNNING_JOBS,
    "ChunkEmbedder": RUNNING_JOBS,
    "ResumeWriter": RUNNING_JOBS,
    "postgres": RUNNING_JOBS,
}
#: Without these the run proves nothing: however long a successor takes to start on a busy machine, it is waited for.
NEEDED = {"Ingestor", "store_shard", "Dispatcher", "postgres"}


#: Its backlog is kept short: members are stored all the time, not only at the beginning.
service = living.service(max_bulk_backlog=max(60, MEMBERS // 10), ingest_tasks=1)
engine = living.witness


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made resumes, some of them twice, and some members that are none."""
    path = tmp_path_factory.mktemp("bulk") / "archive.zip"
    made = list(iter_resumes(MEMBERS - DUPLICATES - STRANGERS, 99))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for number, one in enumerate(made):
            out.writestr(f"{number}.pdf", one.pdf)
        for number in range(DUPLICATES):
            out.writestr(f"again/{number}.pdf", made[number].pdf)
        for number in range(STRANGERS):
            out.writestr(f"{number}.json", '{"no": "resume"}')
    return path


@pytest.mark.long
@pytest.mark.timeout(3000)
def test_ten_random_kills_lose_nothing_and_double_nothing(
    service: Service, engine: Engine, archive: Path
) -> None:
    """Driver, ingest task, dispatcher, stages and PostgreSQL die at work, in an order that the seed decides."""
    ingestions = Ingestions(engine)
    id_ = ingestions.create(str(archive), as_of_date=date(2026, 11, 25))
    chance = random.Random(SEED)
    killer = Killer(service, engine, TARGETS)
    killed: list[str] = []
    tried: set[str] = set()
    order = [*TARGETS, *chance.choices(list(TARGETS), k=4 * KILLS)]

    def ended() -> bool:
        try:
            progress = ingestions.progress(id_)
        except DatabaseUnavailable:
            return False
        return progress is not None and progress.row.completed_at is not None

    while len(killed) < KILLS:
        assert not ended(), f"the ingestion was over after {len(killed)} kills: give it more members"
        target = order.pop(0)
        # Each once, in the time its successor takes to start; then whatever is at work.
        patience_s = 2 if target in tried else 180 if target in NEEDED else 20
        if killer.kill_at_work(target, patience_s=patience_s):
            killed.append(target)
        tried.add(target)
        time.sleep(chance.uniform(0.2, 1))
    wait_until(ended, seconds=60 + 2.0 * MEMBERS, what="the ingestion ends")
    progress = ingestions.progress(id_)
    assert progress is not None
    assert progress.row.state is IngestionState.COMPLETED, progress
    assert set(killed) >= NEEDED, killed
    distinct = MEMBERS - DUPLICATES - STRANGERS
    assert (
        progress.accepted,
        progress.duplicate,
        progress.skipped,
        progress.failed,
        progress.not_started,
    ) == (
        distinct,
        DUPLICATES,
        STRANGERS,
        0,
        0,
    )
    assert progress.resumes == {Status.COMPLETED: distinct}
    counts = {name: living.one(engine, sql) for name, sql in COUNTS.items()}
    assert counts.pop("interrupted") > 0, "no kill interrupted a job: the run proved nothing"
    assert counts == {"members": distinct, "successes": distinct, "doubled chunks": 0, "without chunks": 0}
    assert len(list(wiring.object_store(service.settings).older_than(-10))) >= distinct


COUNTS = {
    "members": "SELECT count(DISTINCT ingestion_member) FROM applications",
    "successes": "SELECT count(*) FROM events WHERE to_state = 'succeeded'",
    "doubled chunks": "SELECT count(*) - count(DISTINCT (application_id, chunk_no)) FROM chunks",
    "without chunks": "SELECT count(*) FROM applications a "
    "WHERE NOT EXISTS (SELECT 1 FROM chunks c WHERE c.application_id = a.id)",
    "interrupted": "SELECT count(*) FROM events WHERE from_state = 'running' AND to_state = 'retry_wait'",
}
