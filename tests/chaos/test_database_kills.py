"""PostgreSQL under kill -9, fifty times, while four clients have uploads accepted."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from pipeline.adapters.postgres import migrate
from pipeline.adapters.postgres.embedded import EmbeddedPostgres
from pipeline.adapters.postgres.engine import open_engine
from pipeline.domain.errors import DatabaseUnavailable
from tests.adapters.postgres.factories import created
from tests.adapters.postgres.test_embedded import kill
from tests.chaos.killer import wait_until

KILLS = 50
CLIENTS = 4
RECONNECTS_WITHIN_S = 30


@pytest.fixture
def server(server_directory: Path) -> Iterator[EmbeddedPostgres]:
    """A server that is started again by its supervisor, as the service's is."""
    made = EmbeddedPostgres(server_directory / "postgres")
    made.start()
    migrate.upgrade(made.url)
    made.supervise()
    yield made
    made.stop()


class Clients:
    """Each creates applications as fast as it can, and notes those that were acknowledged."""

    def __init__(self, url: str) -> None:
        self.engine = open_engine(url, application_name="clients", pool_size=CLIENTS + 1)
        self.acknowledged: set[UUID] = set()
        self.outages = self.in_hand = 0
        self._lock = threading.Lock()
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(CLIENTS)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join(RECONNECTS_WITHIN_S)
            assert not thread.is_alive(), "a client hangs"

    def _run(self) -> None:
        while not self._end.is_set():
            self._count(in_hand=1)
            try:
                id_ = created(self.engine)
            except DatabaseUnavailable:
                self._count(outages=1, in_hand=-1)
                time.sleep(0.05)
            else:
                with self._lock:
                    self.acknowledged.add(id_)
                self._count(in_hand=-1)

    def _count(self, *, outages: int = 0, in_hand: int = 0) -> None:
        with self._lock:
            self.outages += outages
            self.in_hand += in_hand


@pytest.mark.long
@pytest.mark.timeout(900)
def test_fifty_kills_lose_no_acknowledged_row(server: EmbeddedPostgres) -> None:
    """Each kill meets transactions; clients write again within 30 s; every acknowledged row and its job is there."""
    clients = Clients(server.url)
    slowest = 0.0
    for _ in range(int(os.environ.get("RESUMES_CHAOS_POSTGRES_KILLS", KILLS))):
        wait_until(lambda: clients.in_hand > 0, seconds=5, what="a client writes")
        outages = clients.outages
        kill(server)
        began = time.monotonic()
        wait_until(lambda seen=outages: clients.outages > seen, seconds=10, what="the kill hits a client")
        known = len(clients.acknowledged)
        wait_until(
            lambda seen=known: len(clients.acknowledged) > seen,
            seconds=RECONNECTS_WITHIN_S,
            what="clients write again",
        )
        slowest = max(slowest, time.monotonic() - began)
    clients.stop()
    with clients.engine.connect() as connection:
        query = text(
            "SELECT id FROM applications a WHERE EXISTS (SELECT FROM jobs WHERE application_id = a.id)"
        )
        found = set(connection.execute(query).scalars())
    clients.engine.dispose()
    assert clients.acknowledged <= found
    assert len(found - clients.acknowledged) <= clients.outages
    assert slowest < RECONNECTS_WITHIN_S
