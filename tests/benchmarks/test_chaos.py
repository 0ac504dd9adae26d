"""What a chaos run counts, on the real SQL: it sees what it is there to see."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest
from sqlalchemy import Engine

from benchmarks import chaos
from benchmarks.chaos import witness
from pipeline.adapters.postgres import fence
from pipeline.adapters.postgres.jobs import JobQueue
from pipeline.adapters.postgres.results import PostgresResults
from pipeline.domain.journey import Lane, Lease
from pipeline.domain.result import Verdict
from tests.adapters.postgres.factories import claimed, expire_lease, result, sql

INJECTED = Path(chaos.__file__).with_name("injected") / "sitecustomize.py"
EMAIL = "ada@example.org"


@pytest.fixture(params=[True, False], ids=["fenced", "without the fence"])
def fenced(request: pytest.FixtureRequest, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> bool:
    """This process as one of a chaos run's service."""
    for name in ("held", "FENCE"):
        monkeypatch.setattr(fence, name, getattr(fence, name))
    if not request.param:
        monkeypatch.setenv("CHAOS_WITHOUT_FENCE", "1")
    witness.install(engine)
    runpy.run_path(str(INJECTED))
    return bool(request.param)


def test_a_stale_write_is_counted_where_it_lands(engine: Engine, fenced: bool) -> None:
    """A worker saves under the lease that a peer's has replaced: refused and tried late, or accepted and stale."""
    stale = claimed(engine).lease
    expire_lease(engine, stale.resume_id)
    queue = JobQueue(engine)
    queue.reap(set())
    (again,) = queue.claim(2, Lane.ONLINE, 1, suspects=True)
    verdicts = PostgresResults(engine).save([result(stale, email=EMAIL)])
    assert verdicts == [Verdict.LEASE_LOST if fenced else Verdict.SAVED]
    if fenced:
        assert PostgresResults(engine).save([result(again.lease, email=EMAIL)]) == [Verdict.SAVED]
    counts = witness.counted(engine, {str(stale.resume_id): EMAIL})
    assert counts["late_attempts"] > 0
    assert counts["stale_writes"] == (0 if fenced else 1)
    assert (counts["lost"], counts["mixed"], counts["re_executions"]) == (0, 0, 1)
    assert [counts[name] for name in witness.DUPLICATES] == [0] * len(witness.DUPLICATES)


def test_what_is_lost_mixed_or_doubled_is_counted(engine: Engine, fenced: bool) -> None:
    """An acknowledged upload without a row, a profile of somebody else, a row that no caller knows, a second save."""
    first, second = claimed(engine, "first").lease, claimed(engine, "second").lease
    PostgresResults(engine).save([result(first, email=EMAIL), result(second, email="eve@example.org")])
    sql(
        engine,
        "UPDATE jobs SET state = 'running', lease_owner = 1, lease_until = now() + interval '1 minute'",
    )
    PostgresResults(engine).save([result(Lease(first.resume_id, first.epoch), email=EMAIL)])
    claimed(engine, "nobody was told")
    accepted = {str(second.resume_id): EMAIL, "00000000-0000-7000-8000-000000000000": EMAIL}
    counts = witness.counted(engine, accepted)
    assert (counts["lost"], counts["mixed"]) == (1, 1)
    assert (counts["saved_twice"], counts["succeeded_twice"], counts["unknown_to_callers"]) == (1, 1, 2)
