"""The rate of an API key: one budget, however many replicas count against it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import Engine

from pipeline.adapters.postgres.api_keys import ApiKeys
from pipeline.adapters.postgres.engine import open_engine
from pipeline.adapters.postgres.key_rates import KeyRates, RateLease
from serve_app.problems import Problem
from serve_app.rates import Buckets, Rates
from tests.adapters.postgres.factories import sql
from tests.serve_app.conftest import Start


class Replica:
    """One limiter of a replica, on a database that it shares with others; it counts its queries."""

    def __init__(self, engine: Engine, per_minute: int) -> None:
        self._key_rates = KeyRates(engine, per_minute)
        self.queries = 0
        self.rates = Rates(per_minute, self._lease)

    def _lease(self, key_id: UUID, wanted: int, unused: int) -> Awaitable[RateLease]:
        self.queries += 1
        call = partial(self._key_rates.lease, key_id, wanted, unused)
        return asyncio.get_running_loop().run_in_executor(None, call)

    async def lets_through(self, key_id: UUID) -> bool:
        try:
            await self.rates.take(key_id)
        except Problem:
            return False
        return True


@pytest.fixture
def key_id(engine: Engine) -> UUID:
    return ApiKeys(engine).create("ats", ["read"])[0]


async def through(replicas: list[Replica], key_id: UUID, tries: int) -> Counter[bool]:
    """How many of so many requests, in turn to each of the replicas, eight at a time, were let through."""
    done = Counter[bool]()

    async def client(first: int) -> None:
        for n in range(first, tries, 8):
            done[await replicas[n % len(replicas)].lets_through(key_id)] += 1

    await asyncio.gather(*(client(n) for n in range(8)))
    return done


@pytest.mark.parametrize("replicas", [1, 2, 5])
@pytest.mark.parametrize("per_minute", [7, 60, 600, 6000])
def test_replicas_together_let_the_limit_through_and_no_more(
    engine: Engine, key_id: UUID, replicas: int, per_minute: int
) -> None:
    """All of it but what single replicas have leased and not used, and what is refilled meanwhile."""
    of_all = [Replica(engine, per_minute) for _ in range(replicas)]
    began = time.monotonic()
    done = asyncio.run(through(of_all, key_id, 2 * per_minute))
    refilled = (time.monotonic() - began) * per_minute / 60
    unused = (replicas - 1) * per_minute / 60
    assert per_minute - unused <= done[True] <= per_minute + refilled


def test_one_replica_gets_the_whole_limit_whatever_others_are_there(engine: Engine, key_id: UUID) -> None:
    """The other has had one request, and so holds a chunk at most."""
    busy, idle = Replica(engine, 6000), Replica(engine, 6000)

    async def requests() -> int:
        assert await idle.lets_through(key_id)
        return (await through([busy], key_id, 7000))[True]

    assert asyncio.run(requests()) >= 6000 - 100


def test_few_requests_cost_a_query(engine: Engine, key_id: UUID) -> None:
    """A sixtieth of the limit is leased at a time; what is refused costs none."""
    replica = Replica(engine, 6000)

    async def requests() -> None:
        await through([replica], key_id, 1000)
        assert replica.queries == 10
        await through([replica], key_id, 20_000)

    began = time.monotonic()
    asyncio.run(requests())
    assert replica.queries <= 62 + 2 * (time.monotonic() - began)


def test_what_a_replica_did_not_use_goes_back(engine: Engine, key_id: UUID) -> None:
    """A lease that gives back all of the one before takes nothing more."""
    key_rates = KeyRates(engine, 60)
    assert key_rates.lease(key_id, 40, 0).requests == 40
    again = key_rates.lease(key_id, 40, 40)
    assert again.requests == 40
    assert 20 <= again.left < 21
    assert key_rates.lease(key_id, 40, 0).requests == 20


def test_what_is_left_is_told_in_whole_requests(engine: Engine, key_id: UUID) -> None:
    """Whatever part of a second one of them takes to come back."""
    key_rates = KeyRates(engine, 7)
    assert [int(key_rates.lease(key_id, 1, 0).left) for _ in range(7)] == [6, 5, 4, 3, 2, 1, 0]


def test_leases_at_once_never_hand_out_a_request_twice(engine: Engine, key_id: UUID) -> None:
    """Eight connections lease from one row; what was left over too early does not make the budget larger."""
    key_rates, began = KeyRates(engine, 600), time.monotonic()
    key_rates.lease(key_id, 0, 10_000)
    with ThreadPoolExecutor(8) as pool:
        leases = list(pool.map(lambda _: key_rates.lease(key_id, 7, 0).requests, range(200)))
    assert 600 <= sum(leases) <= 600 + 10 * (time.monotonic() - began)
    assert len(sql(engine, "SELECT 1 FROM key_rates")) == 1, "a key has one row"


def test_a_replica_counts_alone_while_the_database_is_away(
    key_id: UUID, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Up to the limit, without asking for every request; and says so."""
    monkeypatch.setattr(logging.getLogger("serve_app"), "propagate", True)
    nowhere = open_engine("postgresql://nobody@127.0.0.1:9/none", application_name="tests")
    replica = Replica(nowhere, 60)
    assert asyncio.run(through([replica], key_id, 100))[True] == 60
    assert replica.queries == 1
    # Of a set: another test may have left a handler that captures a record twice.
    assert {record.message for record in caplog.records} == {"rates are counted by this replica alone"}


def test_a_replica_that_counted_alone_asks_again(engine: Engine, key_id: UUID) -> None:
    """After five seconds; the budget knows only what was leased of it."""
    now = 0.0
    away = [True]
    key_rates = KeyRates(engine, 60)

    async def lease(*asked: int) -> RateLease:
        if away[0]:
            raise TimeoutError
        return key_rates.lease(*asked)  # type: ignore[arg-type]

    async def requests() -> None:
        nonlocal now
        rates = Rates(60, lease, clock=lambda: now)
        assert (await rates.take(key_id)).requests == 59
        away[0] = False
        assert (await rates.take(key_id)).requests == 58
        assert not sql(engine, "SELECT 1 FROM key_rates")
        now = 5.0
        await rates.take(key_id)
        assert sql(engine, "SELECT 1 FROM key_rates")

    asyncio.run(requests())


def test_a_bucket_refills_evenly() -> None:
    """Sixty a minute is one a second once the first sixty are spent; another key has its own."""
    now = 0.0
    buckets, key = Buckets(60, clock=lambda: now), UUID(int=1)
    for _ in range(60):
        buckets.take(key)
    assert buckets.left(key) == 0
    now = 1.0
    assert buckets.left(key) == 1
    assert buckets.left(uuid4()) == 60


def test_a_key_above_its_rate_is_told_when_to_return(start: Start) -> None:
    """429 with Retry-After for that key; another key goes on."""
    service = start(rate_limit_per_minute=3)
    with service.client("read") as client, service.client("read", "upload") as other:
        answers = [client.get("/resumes") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert answers[3].json()["type"] == "/problems/rate-limited"
        assert 1 <= int(answers[3].headers["retry-after"]) <= 20
        assert other.get("/resumes").status_code == 200


def test_every_answer_tells_what_is_left_of_the_rate(start: Start) -> None:
    """RateLimit counts down; the answer that refuses says that nothing is left."""
    service = start(rate_limit_per_minute=2)
    with service.client("read") as client:
        told = [client.get("/resumes").headers["ratelimit"] for _ in range(3)]
        policy = client.get("/resumes").headers["ratelimit-policy"]
    assert [header.split(";")[1] for header in told] == ["r=1", "r=0", "r=0"]
    assert policy == '"requests";q=2;w=60'


def test_two_services_on_one_database_share_a_keys_rate(start: Start) -> None:
    """Ten requests, alternately to both, are all that a limit of ten lets through; both say what is left."""
    services = [start(rate_limit_per_minute=10) for _ in range(2)]
    token = services[0].token("read")
    headers = {"Authorization": f"Bearer {token}"}
    answers = [httpx.get(f"{services[n % 2].url}/resumes", headers=headers) for n in range(12)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429] * 2
    assert [answer.headers["ratelimit"].split(";")[1] for answer in answers] == [
        f"r={max(0, left)}" for left in range(9, -3, -1)
    ]
