"""The network between a worker and PostgreSQL is cut: it gives its leases up, and what it writes later is refused."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from sqlalchemy import Engine

from pipeline.adapters.postgres import engine as connections
from pipeline.adapters.postgres.engine import open_engine
from pipeline.adapters.postgres.jobs import JobQueue
from pipeline.adapters.postgres.owner import OwnerLock
from pipeline.adapters.postgres.results import PostgresResults
from pipeline.domain.journey import Lane, Lease
from pipeline.domain.result import Verdict
from pipeline.orchestration.core.leases import KeeperThread, LeaseKeeper
from pipeline.settings import Settings
from tests.adapters.postgres.factories import claimed, expire_lease, result, sql
from tests.chaos.network import Network, packets_dropped

PEER = 99
#: Leases of four seconds in place of sixty; the connection's own patience is shortened alike.
SETTINGS = Settings(_env_file=None, lease_s=4, heartbeat_s=0.5, give_up_s=3)
GIVES_UP_WITHIN_S = 10


@pytest.fixture
def network(database_url: str) -> Iterator[Network]:
    made = Network(database_url)
    yield made
    made.close()


@contextmanager
def reset(network: Network) -> Iterator[None]:
    """Connections are closed, and new ones refused."""
    network.cut()
    yield
    network.mend()


@contextmanager
def silent(network: Network) -> Iterator[None]:
    """Packets vanish: nobody is told anything."""
    with packets_dropped(network.port) as dropped:
        if not dropped:
            pytest.skip("iptables may not be used here")
        yield


@pytest.mark.slow
@pytest.mark.parametrize("cut", [reset, silent])
def test_a_worker_that_is_cut_off_gives_up_and_is_fenced(
    engine: Engine,
    network: Network,
    monkeypatch: pytest.MonkeyPatch,
    cut: Callable[[Network], AbstractContextManager[None]],
) -> None:
    """It lets go of its jobs by itself; a peer runs one; after the cut its late results and moves change nothing."""
    monkeypatch.setitem(connections.KEEPALIVE, "tcp_user_timeout", 1500)
    monkeypatch.setattr(connections, "CONNECT_TIMEOUT_S", 2)
    far = open_engine(network.url, application_name="cut off", pool_size=3)
    queue, lock = JobQueue(far, lease_s=SETTINGS.lease_s), OwnerLock(network.url)
    lock.acquire()
    leases = {claimed(far, content, owner=lock.owner).lease for content in ("one", "two", "three")}
    lost: set[Lease] = set()
    gave_up = threading.Event()

    def on_lost(gone: set[Lease]) -> None:
        lost.update(gone)
        gave_up.set()

    at_work = LeaseKeeper(
        queue,
        lock,
        heartbeat_s=SETTINGS.heartbeat_s,
        give_up_s=SETTINGS.give_up_s,
        works_on=lambda lease: lease in leases - lost,
        at_work=lambda: leases - lost,
        on_lost=on_lost,
    )
    keeper = KeeperThread(at_work, lock)
    keeper.start()
    time.sleep(1.2)
    assert queue.held(lock.owner) == leases
    assert not lost
    with cut(network):
        assert gave_up.wait(GIVES_UP_WITHIN_S)
        assert lost == leases
        taken = next(iter(leases))
        expire_lease(engine, taken.resume_id)
        assert JobQueue(engine).reap(set()) >= 1
        (again,) = JobQueue(engine).claim(PEER, Lane.ONLINE, 1, suspects=True)
    stale = Lease(again.lease.resume_id, again.lease.epoch - 1)
    assert stale in leases
    before = sql(engine, "SELECT * FROM jobs WHERE application_id = :id", id=stale.resume_id)
    assert PostgresResults(far).save([result(stale)]) == [Verdict.LEASE_LOST]
    assert not queue.fail(stale, code="corrupt", detail="too late")
    assert sql(engine, "SELECT * FROM jobs WHERE application_id = :id", id=stale.resume_id) == before
    assert sql(engine, "SELECT * FROM texts") == []
    keeper.stop()
    far.dispose()
