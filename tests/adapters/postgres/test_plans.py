"""The plans that the hot queries get on tables of a realistic shape: the index, and no scan of the table.

The statements are recorded from the public methods and explained as they were sent. The planner is left
alone: enough rows and an ANALYZE, no switched-off scans.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine, event, text

from pipeline.adapters.postgres import migrate
from pipeline.adapters.postgres.applications import Applications
from pipeline.adapters.postgres.embedded import EmbeddedPostgres
from pipeline.adapters.postgres.engine import open_engine
from pipeline.adapters.postgres.jobs import JobQueue
from pipeline.adapters.postgres.retention import RetentionPeriods
from pipeline.adapters.postgres.search import Search, index_name
from pipeline.domain.journey import Lane, Status
from pipeline.domain.retention import Retention
from tests.adapters.postgres.factories import OWNER, sha256, sql
from tests.conftest import administer, database_of

MODEL, DIMENSION = "toy/fp32", 32
FILL = (
    """INSERT INTO applications (id, object_key, content_sha256, size, mime, as_of_date, status, job_post_id,
        email, external_id, created_at, updated_at)
    SELECT gen_random_uuid(), 'k', encode(sha256(n::text::bytea), 'hex'), 1, 'application/pdf', '2026-01-01',
        CASE WHEN n % 200 = 0 THEN 'failed' WHEN n % 10 = 0 THEN 'queued' ELSE 'completed' END,
        'post-' || n % 100, 'person' || n || '@example.org', 'x-' || n, now() - n * interval '1 minute',
        now() - n * interval '1 minute'
    FROM generate_series(1, 30000) n""",
    """INSERT INTO jobs (application_id, lane, state, run_at, suspicions, lease_epoch)
    SELECT id, CASE WHEN id::text < '8' THEN 'online' ELSE 'bulk' END,
        CASE status WHEN 'completed' THEN 'succeeded' ELSE status END, created_at,
        CASE WHEN id::text < '01' THEN 1 ELSE 0 END, 1
    FROM applications""",
    """UPDATE jobs SET state = 'running', lease_owner = 7 + length(lane), lease_until = now() + interval '1 minute'
    WHERE application_id IN (SELECT application_id FROM jobs WHERE state = 'queued' LIMIT 60)""",
    """UPDATE jobs SET state = 'waiting', reason = 'quota', run_at = now() + interval '1 hour'
    WHERE application_id IN (SELECT application_id FROM jobs WHERE state = 'queued' LIMIT 60)""",
)
CHUNKS = """
    INSERT INTO chunks (application_id, model, chunk_no, section, line_ids, text, tsv, embedding, job_post_id,
        created_at)
    SELECT id, 'toy/fp32', 0, 'work', '{1}', 'text', CASE WHEN job_post_id = 'post-7' THEN '''rare'':1'::tsvector
        ELSE '''usual'':1'::tsvector END, (SELECT array_agg(sin(i * (random() + length(mime)))) FROM
        generate_series(1, 32) i WHERE mime IS NOT NULL)::halfvec, job_post_id, created_at
    FROM applications WHERE status = 'completed' AND job_post_id ~ '[3579]$'"""


@pytest.fixture(scope="module")
def filled(postgres_server: EmbeddedPostgres, template_url: str) -> Iterator[Engine]:
    """30,000 applications, of which a tenth is queued; some 10,000 vectors."""
    assert migrate.current(template_url) == migrate.head()
    administer(postgres_server.url, "CREATE DATABASE plans TEMPLATE template_resumes")
    engine = open_engine(database_of(postgres_server.url, "plans"), application_name="plans")
    for statement in (*FILL, CHUNKS):
        sql(engine, statement.replace("::", "\\:\\:").replace("':1", "'\\:1"))
    Search(engine).ensure_index(MODEL, DIMENSION)
    sql(engine, "ANALYZE")
    yield engine
    engine.dispose()
    administer(postgres_server.url, "DROP DATABASE plans WITH (FORCE)")


@contextmanager
def recorded(engine: Engine) -> Iterator[list[tuple[str, Any]]]:
    """The statements that the block sends, with their parameters."""
    sent: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        sent.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


def plan(engine: Engine, call: Callable[[], object]) -> tuple[set[str], set[str]]:
    """(the indexes used, the tables scanned in full) by all the statements that `call` sends."""
    with recorded(engine) as sent:
        call()
    indexes: set[str] = set()
    scanned: set[str] = set()
    with engine.connect() as connection:
        for statement, parameters in sent:
            if statement.lstrip().startswith("SET"):
                connection.exec_driver_sql(statement)
                continue
            answer = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters).scalar_one()
            _walk((json.loads(answer) if isinstance(answer, str) else answer)[0]["Plan"], indexes, scanned)
        connection.rollback()
    return indexes, scanned


def _walk(node: dict[str, Any], indexes: set[str], scanned: set[str]) -> None:
    if "Index Name" in node:
        indexes.add(node["Index Name"])
    if node["Node Type"] == "Seq Scan":
        scanned.add(node["Relation Name"])
    for child in node.get("Plans", []):
        _walk(child, indexes, scanned)


@pytest.mark.parametrize(("suspects", "index"), [(False, "jobs_claim"), (True, "jobs_claim_suspects")])
def test_claims_walk_their_partial_index(filled: Engine, suspects: bool, index: str) -> None:
    """In the order of the index, stopping at the limit."""
    indexes, scanned = plan(filled, lambda: JobQueue(filled).claim(OWNER, Lane.ONLINE, 2, suspects=suspects))
    assert index in indexes
    assert scanned == set()


def test_due_jobs_are_counted_in_the_claims_index(filled: Engine) -> None:
    """Where more are due than are counted, the index that a claim walks answers; nothing is sorted."""
    queue = JobQueue(filled)
    assert queue.due(Lane.BULK, most=100) == 100
    assert plan(filled, lambda: queue.due(Lane.BULK, most=100)) == ({"jobs_claim"}, set())


@pytest.mark.parametrize(
    "call",
    [
        lambda jobs: jobs.renew(OWNER),
        lambda jobs: jobs.held(OWNER),
        lambda jobs: jobs.dead_owners(),
        lambda jobs: jobs.reap({1, 2}),
    ],
    ids=["heartbeat", "held", "dead_owners", "reap"],
)
def test_what_looks_at_running_jobs_reads_only_running_jobs(
    filled: Engine, call: Callable[[JobQueue], object]
) -> None:
    """Heartbeat, reaping and the search for dead owners cost what runs, not what was ever accepted."""
    indexes, scanned = plan(filled, lambda: call(JobQueue(filled)))
    assert "jobs_running" in indexes
    assert "jobs" not in scanned


def test_a_sweep_passes_by_what_was_erased(engine: Engine) -> None:
    """Receipts stay for good: of years of them, only what is not erased and old is looked at."""
    sql(
        engine,
        """INSERT INTO applications (id, object_key, content_sha256, size, mime, as_of_date, status, job_post_id,
            created_at, erased_at)
        SELECT gen_random_uuid(), CASE WHEN n <= 1000 THEN 'k' END, repeat('0', 64), 1, 'a/b', '2026-01-01',
            CASE WHEN n <= 1000 THEN 'completed' ELSE 'erased' END, 'post-' || n % 100,
            now() - n * interval '1 hour', CASE WHEN n > 1000 THEN now() END
        FROM generate_series(1, 20000) n""",
    )
    sql(engine, "ANALYZE")
    periods = RetentionPeriods(engine, Retention(30, {"post-7": 20, "post-9": None}))
    indexes, scanned = plan(engine, lambda: periods.expired(500))
    led_by_status = {"applications_status_created_at", "applications_status"}
    assert indexes & led_by_status
    assert indexes <= led_by_status | {"applications_job_post_id_status"}
    assert scanned == set()


def test_waking_and_waiting_use_their_indexes(filled: Engine) -> None:
    """By reason, and by the time that comes next."""
    woken, woken_scans = plan(filled, lambda: JobQueue(filled).wake("textract"))
    due, due_scans = plan(filled, lambda: JobQueue(filled).seconds_to_next())
    assert "jobs_waiting" in woken
    assert "jobs_due" in due
    assert woken_scans | due_scans == set()


def test_the_backlog_is_counted_in_an_index(filled: Engine) -> None:
    """It is asked at every upload."""
    indexes, scanned = plan(filled, lambda: Applications(filled).backlog(Lane.ONLINE))
    assert indexes & {"jobs_unfinished", "jobs_claim"}
    assert scanned == set()


def test_a_place_in_the_queue_is_counted_in_an_index(filled: Engine) -> None:
    """Whoever polls a queued resume asks it each time."""
    with filled.connect() as connection:
        queued = (
            "SELECT application_id FROM jobs WHERE state = 'queued' AND lane = 'bulk' ORDER BY run_at LIMIT 1"
        )
        id_ = connection.execute(text(queued)).scalar_one()
    indexes, scanned = plan(filled, lambda: Applications(filled).ahead(id_))
    assert "jobs_claim" in indexes
    assert scanned == set()


@pytest.mark.parametrize(
    ("filters", "index"),
    [
        ({"status": [Status.FAILED]}, "applications_status"),
        ({"status": [Status.FAILED, Status.CANCELLED]}, "applications_status"),
        ({"email": "person77@example.org"}, "applications_email_status"),
        ({"email": "person77@example.org", "status": [Status.COMPLETED]}, "applications_email_status"),
        ({"external_id": "x-77"}, "applications_external_id"),
        ({"updated_after": datetime(2026, 1, 1, tzinfo=UTC)}, "applications_updated_at_id"),
        ({}, "applications_created_at"),
    ],
    ids=["status", "statuses", "email", "email and status", "external id", "changes", "nothing"],
)
def test_listings_use_the_index_of_their_filter(filled: Engine, filters: dict[str, Any], index: str) -> None:
    """The order comes out of the index; no listing reads the whole table."""
    indexes, scanned = plan(filled, lambda: Applications(filled).list(**filters))
    assert any(name.startswith(index) for name in indexes)
    assert scanned <= {"pg_database"}  # of pg_stat_activity, which the changes ask


@pytest.mark.parametrize("status", [[], [Status.FAILED]])
def test_listing_a_job_post_reads_an_index(filled: Engine, status: list[Status]) -> None:
    """By job post alone or with a status; which index is the planner's choice."""
    indexes, scanned = plan(filled, lambda: Applications(filled).list(job_post_id="post-7", status=status))
    assert any(name.startswith("applications_") for name in indexes)
    assert scanned == set()


def test_duplicates_are_found_by_digest(filled: Engine) -> None:
    """One look into the index of digests."""
    indexes, scanned = plan(
        filled,
        lambda: Applications(filled).find_duplicate(sha256("x"), job_post_id="post-7", external_id=None),
    )
    assert indexes == {"applications_content_sha256"}
    assert scanned == set()


def test_an_unfiltered_search_uses_the_models_index_and_the_words_theirs(filled: Engine) -> None:
    """HNSW for the vectors, GIN for the terms."""
    vector = np.linspace(-1, 1, DIMENSION, dtype=np.float32)
    indexes, scanned = plan(filled, lambda: Search(filled).hybrid("rare", vector, MODEL))
    assert {index_name(MODEL), "chunks_tsv"} <= indexes
    assert "chunks" not in scanned


def test_a_narrow_search_compares_every_vector_of_its_job_post(filled: Engine) -> None:
    """The filter's own btree, and no approximate index in sight."""
    vector = np.linspace(-1, 1, DIMENSION, dtype=np.float32)
    indexes, scanned = plan(filled, lambda: Search(filled).hybrid("", vector, MODEL, job_post_id="post-7"))
    assert "chunks_job_post_id_created_at" in indexes
    assert index_name(MODEL) not in indexes
    assert "chunks" not in scanned
