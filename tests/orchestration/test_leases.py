"""The one keeper of leases, on a queue and a lock in memory."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pipeline.domain.errors import DatabaseUnavailable
from pipeline.domain.journey import JobState, Lane, Lease
from pipeline.orchestration.core.leases import LeaseKeeper
from tests.orchestration.twins import Jobs, TestClock

ME, PEER = 7, 8
HEARTBEAT_S, GIVE_UP_S = 5.0, 40.0


class TakenLock:
    """A lock whose connection a test cuts."""

    owner = ME

    def __init__(self) -> None:
        self.cut = self.away = False
        self.acquired = 0

    def acquire(self) -> None:
        if self.away:
            raise DatabaseUnavailable("PostgreSQL is away.")
        self.cut = False
        self.acquired += 1

    def held(self) -> bool:
        return not self.cut

    def close(self) -> None:
        self.cut = True


class KeeperBench:
    """A keeper, the jobs that this owner works on, and what it was told."""

    def __init__(self) -> None:
        self.clock = TestClock()
        self.jobs = Jobs(self.clock)
        self.lock = TakenLock()
        self.driven: set[Lease] = set()
        self.settling: set[Lease] = set()
        self.lost: list[set[Lease]] = []
        self.reaped: list[int] = []
        self.keeper = LeaseKeeper(
            self.jobs,
            self.lock,
            heartbeat_s=HEARTBEAT_S,
            give_up_s=GIVE_UP_S,
            works_on=lambda lease: lease in self.driven,
            at_work=lambda: self.driven - self.settling,
            on_lost=self.lost.append,
            on_reaped=self.reaped.append,
            monotonic=self.clock.monotonic,
        )

    def work(self, number: int = 1, owner: int = ME) -> list[Lease]:
        self.jobs.add(number)
        leases = [job.lease for job in self.jobs.claim(owner, Lane.ONLINE, number)]
        if owner == ME:
            self.driven.update(leases)
        return leases

    def pass_time(self, seconds: float = HEARTBEAT_S) -> None:
        self.clock.now += seconds
        self.keeper.tick()


@pytest.fixture
def bench() -> KeeperBench:
    return KeeperBench()


def test_what_is_held_is_nobodys_loss(bench: KeeperBench) -> None:
    bench.work(3)
    for _ in range(5):
        bench.pass_time()
    assert bench.lost == []
    assert bench.jobs.states() == {"running": 3}


def test_what_a_peer_has_taken_is_told(bench: KeeperBench) -> None:
    """At the next renewal, and nothing else with it."""
    taken, _ = bench.work(2)
    bench.jobs.take_away(taken.resume_id)
    bench.pass_time(HEARTBEAT_S - 1)
    assert bench.lost == []
    bench.pass_time(1)
    assert bench.lost == [{taken}]


def test_what_is_being_settled_is_not_lost(bench: KeeperBench) -> None:
    """The database's answer to that says what became of it."""
    (lease,) = bench.work()
    bench.settling.add(lease)
    assert bench.jobs.fail(lease, code="corrupt", detail="d")
    bench.pass_time()
    assert bench.lost == []


def test_what_settles_between_the_look_and_the_renewal_is_not_lost(bench: KeeperBench) -> None:
    """It was at work when the keeper looked, and is not held when PostgreSQL answers."""
    (lease,) = bench.work()
    renew = bench.jobs.renew

    def settled_meanwhile(owner: int) -> set[Lease]:
        bench.settling.add(lease)
        assert bench.jobs.saved(lease)
        return renew(owner)

    bench.jobs.renew = settled_meanwhile  # type: ignore[method-assign]
    bench.pass_time()
    assert bench.lost == []


def test_a_stray_is_released_when_it_is_seen_twice(bench: KeeperBench) -> None:
    """Claimed in a transaction whose answer was lost; a claim on its way here looks the same for a moment."""
    (lease,) = bench.work()
    bench.driven.clear()
    bench.pass_time()
    assert bench.jobs.states() == {"running": 1}
    bench.pass_time()
    assert bench.jobs.states() == {"queued": 1}
    assert bench.jobs.rows[lease.resume_id].owner is None


def test_a_claim_that_arrives_between_two_looks_is_no_stray(bench: KeeperBench) -> None:
    leases = bench.work(2)
    bench.driven.clear()
    bench.pass_time()
    bench.driven.update(leases)
    bench.pass_time()
    assert bench.jobs.states() == {"running": 2}


def test_an_owner_is_dead_when_its_lock_is_free_twice(bench: KeeperBench) -> None:
    """A live one whose connection broke takes its lock again within a second."""
    bench.work(2, owner=PEER)
    bench.jobs.dead.add(PEER)
    bench.pass_time(2)
    assert bench.jobs.states() == {"running": 2}
    bench.pass_time(2)
    assert bench.jobs.states() == {"retry_wait": 2}
    assert bench.reaped == [2]


def test_an_owner_that_took_its_lock_again_is_not_dead(bench: KeeperBench) -> None:
    bench.work(1, owner=PEER)
    for dead in ({PEER}, set(), {PEER}, set()):
        bench.jobs.dead = dead
        bench.pass_time(2)
    assert bench.jobs.states() == {"running": 1}
    assert bench.reaped == []


def test_nobody_reaps_itself(bench: KeeperBench) -> None:
    """Its own lock may be free just now: it is about to take it again."""
    bench.work()
    bench.jobs.dead.add(ME)
    for _ in range(3):
        bench.pass_time(2)
    assert bench.jobs.states() == {"running": 1}


def test_a_lock_that_was_cut_is_taken_again_and_the_leases_renewed_at_once(bench: KeeperBench) -> None:
    taken, _ = bench.work(2)
    bench.lock.cut = True
    bench.jobs.take_away(taken.resume_id)
    bench.pass_time(1)
    assert bench.lock.acquired == 1
    assert bench.lost == [{taken}]


@pytest.mark.parametrize("what", ["queue", "lock"])
def test_an_outage_is_waited_out_until_the_leases_may_have_expired(bench: KeeperBench, what: str) -> None:
    """From then on whoever claims the work must find nobody at it."""
    leases = set(bench.work(2))
    if what == "queue":
        bench.jobs.away = True
    else:
        bench.lock.cut = bench.lock.away = True
    for _ in range(7):
        bench.pass_time()
    assert bench.lost == []
    bench.pass_time()
    bench.pass_time()
    assert bench.lost[-1] == leases


def test_what_has_ended_is_no_ones(bench: KeeperBench) -> None:
    """Neither held nor worked on: there is nothing to tell."""
    (lease,) = bench.work()
    bench.jobs.saved(lease)
    bench.driven.clear()
    bench.pass_time()
    assert bench.lost == []
    assert bench.jobs.rows[lease.resume_id].state is JobState.SUCCEEDED


def test_a_tick_does_only_what_is_due(bench: KeeperBench) -> None:
    """A renewal every heartbeat, a reaping every two seconds: no query more."""
    asked: list[Callable[..., object]] = []
    bench.work()
    before = bench.jobs.asked
    for _ in range(10):
        bench.pass_time(0.1)
    assert asked == []
    assert bench.jobs.asked == before
