"""The plans of bulk ingestion's queries on tables of a realistic shape: what they cost is what they answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
from sqlalchemy import Engine

from pipeline.adapters.postgres import shards
from pipeline.adapters.postgres.embedded import EmbeddedPostgres
from pipeline.adapters.postgres.engine import open_engine
from pipeline.adapters.postgres.ingestion_work import IngestionWork
from pipeline.adapters.postgres.ingestions import Ingestions
from pipeline.domain.ingestion import Shard, SourceKind
from tests.adapters.postgres.factories import OWNER, sql
from tests.adapters.postgres.ingestion_factories import DAY, member
from tests.adapters.postgres.test_plans import plan
from tests.conftest import administer, database_of

#: 40 ingestions, of which one is open: 20,000 shards, 200 of them still to be stored; 40,000 resumes and errors.
FILL = (
    """INSERT INTO ingestions (id, source, kind, as_of_date, state, members, source_key, created_at, stored_at)
    SELECT CAST(lpad(n::text, 32, '0') AS uuid), 's3://b/' || n, 'prefix', '2026-01-01',
        CASE WHEN n = 40 THEN 'running' ELSE 'completed' END, 51200, 'key-' || n, now() + n * interval '1 hour',
        CASE WHEN n < 40 THEN now() END
    FROM generate_series(1, 40) n""",
    """INSERT INTO ingestion_shards (ingestion_id, shard_no, state, size, position, accepted, owner)
    SELECT i.id, n, CASE WHEN i.state = 'completed' OR n >= 200 THEN 'done' WHEN n < 4 THEN 'running' ELSE 'queued' END,
        256, CASE WHEN i.state = 'completed' OR n >= 200 THEN 256 ELSE 0 END,
        CASE WHEN i.state = 'completed' OR n >= 200 THEN 256 ELSE 0 END,
        CASE WHEN i.state = 'running' AND n < 4 THEN 7 END
    FROM ingestions i, generate_series(0, 499) n""",
    """INSERT INTO applications (id, object_key, content_sha256, size, mime, as_of_date, status, ingestion_id,
        ingestion_member, completed_at)
    SELECT gen_random_uuid(), 'k', encode(sha256((i.id || '-' || n)::bytea), 'hex'), 1, 'application/pdf', '2026-01-01',
        CASE WHEN n % 50 = 0 THEN 'failed' WHEN i.state = 'running' AND n % 5 = 0 THEN 'queued' ELSE 'completed' END,
        i.id, n::text, now() - n * interval '1 second'
    FROM ingestions i, generate_series(1, 1000) n""",
    """INSERT INTO ingestion_errors (ingestion_id, ordinal, name, outcome, code, detail)
    SELECT i.id, 1000 + n, 'a.pdf', CASE WHEN n % 3 = 0 THEN 'failed' ELSE 'skipped' END, 'symlink', 'It is a link.'
    FROM ingestions i, generate_series(1, 1000) n""",
    """INSERT INTO ledger (application_id, vendor, model, usd)
    SELECT id, 'gemini', 'm', 0.01 FROM applications WHERE status = 'completed'""",
)
OPEN = UUID(int=0x40)
SHARD = Shard(OPEN, 0, 7, 0, 0, 1, False, "s3://b/40", None, None, DAY, SourceKind.PREFIX, None)


@pytest.fixture(scope="module")
def filled(postgres_server: EmbeddedPostgres, template_url: str) -> Iterator[Engine]:
    """The tables of `FILL`."""
    assert template_url
    administer(postgres_server.url, "CREATE DATABASE ingestion_plans TEMPLATE template_resumes")
    engine = open_engine(database_of(postgres_server.url, "ingestion_plans"), application_name="plans")
    for statement in FILL:
        sql(engine, statement.replace("::", "\\:\\:"))
    packed = shards.pack([member(0)])
    sql(engine, "UPDATE ingestion_shards SET members = :packed WHERE state <> 'done'", packed=packed)
    sql(engine, "ANALYZE")
    yield engine
    engine.dispose()
    administer(postgres_server.url, "DROP DATABASE ingestion_plans WITH (FORCE)")


def test_claims_read_the_shards_that_wait(filled: Engine) -> None:
    """Not the many that are done."""
    indexes, scanned = plan(filled, lambda: IngestionWork(filled).claim_shards(OWNER, 2))
    assert indexes & {"ingestion_shards_claim", "ingestion_shards_open"}
    assert not scanned & {"ingestion_shards", "applications", "ingestion_errors"}


@pytest.mark.parametrize(
    ("call", "index"),
    [
        (lambda work: work.claim_listing(OWNER), "ingestions_open"),
        (lambda work: work.any_open(), "ingestions_open"),
        (lambda work: work.reap({1, 2}), "ingestion_shards_running"),
        (lambda work: work.dead_owners(), "ingestion_shards_running"),
        (lambda work: work.members(SHARD), "ingestion_shards_pkey"),
        (lambda work: work.known(SHARD, [("0" * 64, None, None)]), "applications_content_sha256"),
        (lambda work: work.end_finished(), "ingestion_shards_open"),
    ],
    ids=["claim_listing", "any_open", "reap", "dead_owners", "members", "known", "end_finished"],
)
def test_what_an_ingestor_asks_all_day_reads_what_is_open(
    filled: Engine, call: Callable[[IngestionWork], object], index: str
) -> None:
    """Each by its own small index, however much was ever ingested."""
    indexes, scanned = plan(filled, lambda: call(IngestionWork(filled)))
    # The ingestions themselves are a few dozen rows: reading them all is as good as any index.
    assert index in indexes or (index == "ingestions_open" and scanned == {"ingestions"})
    assert not scanned & {"ingestion_shards", "applications", "ingestion_errors"}


def test_progress_counts_its_own_ingestion_in_indexes(filled: Engine) -> None:
    """Shards, resumes and errors of one ingestion; of the other thirty-nine nothing."""
    indexes, scanned = plan(filled, lambda: Ingestions(filled).progress(OPEN))
    assert "applications_ingestion_id_status_completed_at" in indexes
    assert any(name.startswith("ingestion_shards_") for name in indexes)
    assert "ingestion_errors_pkey" in indexes
    assert not scanned & {"ingestion_shards", "applications", "ingestion_errors"}


@pytest.mark.parametrize(
    ("call", "index"),
    [
        (lambda ingestions: ingestions.errors(OPEN, after=1500), "ingestion_errors_pkey"),
        (lambda ingestions: ingestions.results_page(OPEN), "applications_ingestion_id_id"),
        (lambda ingestions: ingestions.list(), "ingestions_pkey"),
    ],
    ids=["errors", "results", "list"],
)
def test_a_page_is_read_in_order_from_an_index(
    filled: Engine, call: Callable[[Ingestions], object], index: str
) -> None:
    """A page of a long list costs a page."""
    indexes, scanned = plan(filled, lambda: call(Ingestions(filled)))
    assert index in indexes or (index == "ingestions_pkey" and scanned == {"ingestions"})
    assert not scanned & {"ingestion_shards", "applications", "ingestion_errors"}
