"""Other people's connections: hundreds that idle, and a transaction that somebody forgot to end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy import Engine

from pipeline.adapters.postgres.engine import libpq_dsn
from pipeline.adapters.postgres.jobs import JobQueue
from pipeline.domain.journey import Lane
from tests.adapters.postgres.factories import created, sql
from tests.serve_app.conftest import running
from tests.serve_app.test_outages import is_unavailable
from tests.serve_app.test_uploads import upload

#: Half an hour of a busy queue: every claim and every release leaves a dead row that no vacuum may take.
CYCLES, AT_ONCE = 150, 50


@contextmanager
def hoarded(url: str) -> Iterator[int]:
    """Every connection that the server has, up to 300, idle."""
    hoard = []
    try:
        for _ in range(300):
            try:
                hoard.append(psycopg2.connect(libpq_dsn(url)))
            except psycopg2.OperationalError:
                break
        yield len(hoard)
    finally:
        for connection in hoard:
            connection.close()


@pytest.mark.slow
def test_without_a_free_connection_uploads_are_answered_503_until_one_is_free(
    database_url: str, engine: Engine, tmp_path: Path
) -> None:
    """The service loses its own connections to the hoard: 503 at once, no row, no file, and then work as before."""
    with running(database_url, tmp_path) as service, service.client() as client:
        assert upload(client, key="before").status_code == 202
        service.engine.dispose()
        with hoarded(database_url) as connections:
            assert 0 < connections < 300
            began = time.monotonic()
            is_unavailable(upload(client, key="k"))
            assert time.monotonic() - began < 15
        assert len(service.files_left()) == 1
        assert upload(client, key="k").status_code == 202
    assert sql(engine, "SELECT count(*) AS n FROM applications")[0].n == 2


@pytest.mark.slow
def test_claims_stay_fast_beside_a_transaction_that_was_forgotten(database_url: str, engine: Engine) -> None:
    """Its snapshot keeps every dead row, its lock keeps one job: the 99th percentile of a claim is below 50 ms.

    On a machine so busy that claims take longer without it, it is not far above those.
    """
    ids = [created(engine, f"resume {n}") for n in range(2 * AT_ONCE)]
    without = slowest_claim(engine)
    forgotten = psycopg2.connect(libpq_dsn(database_url))
    with forgotten.cursor() as cursor:
        cursor.execute("SET idle_in_transaction_session_timeout = 0")
        forgotten.commit()
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SELECT 1 FROM jobs WHERE application_id = %s FOR UPDATE", (str(ids[0]),))
    beside = slowest_claim(engine)
    sql(engine, "ANALYZE jobs")
    assert forgotten.info.transaction_status == psycopg2.extensions.TRANSACTION_STATUS_INTRANS
    dead = sql(engine, "SELECT pg_table_size('jobs') / 8192 AS pages")[0].pages
    forgotten.close()
    assert dead > 100, "no dead rows were kept: the run proved nothing"
    assert beside < max(0.050, 3 * without)


def slowest_claim(engine: Engine) -> float:
    """Seconds of a claim, the 99th percentile of many, each of which is released again."""
    queue = JobQueue(engine)
    seconds = []
    for _ in range(CYCLES):
        began = time.perf_counter()
        claimed = queue.claim(7, Lane.ONLINE, AT_ONCE)
        seconds.append(time.perf_counter() - began)
        assert len(claimed) == AT_ONCE
        queue.release(7, [job.lease for job in claimed])
    return sorted(seconds)[int(0.99 * CYCLES)]
