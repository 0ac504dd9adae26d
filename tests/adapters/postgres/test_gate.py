"""The gate: quotas that no burst exceeds, a breaker that heals, a budget that holds."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from sqlalchemy import Engine

from pipeline.adapters.postgres.checkpoints import PostgresCheckpoints
from pipeline.adapters.postgres.gate import BREAKER_TRIPS_AT, Admission, Gate, Limits, Rate, per_minute
from pipeline.adapters.postgres.jobs import JobQueue
from pipeline.adapters.postgres.ledger import Ledger
from pipeline.domain.checkpoint import CheckpointKey
from pipeline.domain.errors import LeaseLost
from pipeline.domain.job import ClaimedJob
from pipeline.domain.journey import Lane
from pipeline.domain.spending import Prices, Usage
from tests.adapters.postgres.factories import OWNER, claimed, expire_lease, sha256, sql

NEED = {"textract-start": 1.0}


class Caller:
    """A claim of its own, and its admissions."""

    def __init__(self, engine: Engine, gate: Gate, content: str, stage: str = "ocr") -> None:
        self.job: ClaimedJob = claimed(engine, content)
        self.key = CheckpointKey(sha256(content), stage, "d")
        self.gate = gate
        PostgresCheckpoints(engine).take(self.key, self.job.lease)

    def admit(self, need: dict[str, float] | None = None, **options: bool) -> Admission:
        options = {"billed": True} | options
        return self.gate.admit(self.key, self.job.lease, "textract", need or NEED, **options)


def callers(engine: Engine, gate: Gate, count: int) -> list[Caller]:
    return [Caller(engine, gate, f"content {n}") for n in range(count)]


def test_grants_are_spaced_at_the_rate(engine: Engine) -> None:
    """At two a second the first four get their slots within the worker's patience, the rest wait with theirs."""
    gate = Gate(engine, Limits(rates={"textract-start": Rate(2.0)}))
    answers = [caller.admit() for caller in callers(engine, gate, 8)]
    waits = [a.seconds for a in answers if a.granted]
    assert waits == pytest.approx([0.5 * n for n in range(len(waits))], abs=0.25)
    later = [a for a in answers if not a.granted]
    assert len(later) in (3, 4)
    assert {a.reason for a in later} == {"quota:textract-start"}


def test_a_slot_is_kept_for_whoever_waits_for_it(engine: Engine) -> None:
    """Coming back early, the job has the same slot and takes no second one."""
    gate = Gate(engine, Limits(rates={"textract-start": Rate(0.2)}))
    first, second, third = callers(engine, gate, 3)
    first.admit()
    kept = second.admit()
    assert not kept.granted
    assert second.admit().seconds == pytest.approx(kept.seconds, abs=1)
    assert third.admit().seconds == pytest.approx(kept.seconds + 5, abs=1)


def test_a_used_slot_is_not_used_twice(engine: Engine) -> None:
    """A second request of the same work takes a slot of its own."""
    gate = Gate(engine, Limits(rates={"textract-start": Rate(0.2)}))
    (caller,) = callers(engine, gate, 1)
    assert caller.admit().granted
    assert not caller.admit(again=True).granted


def test_jobs_that_come_back_late_and_together_are_spaced_all_the_same(engine: Engine) -> None:
    """Their slots are past; what the vendor sees keeps the rate."""
    gate = Gate(engine, Limits(rates={"textract-start": Rate(0.5)}))
    made = callers(engine, gate, 4)
    for caller in made:
        caller.admit()
    sql(engine, "UPDATE quotas SET paced = now() - interval '1 minute'")
    sql(
        engine,
        "UPDATE checkpoints SET note = jsonb_set(note, '{slot,at}', to_jsonb(extract(epoch FROM now()) - 20))",
    )
    answers = [caller.admit() for caller in made]
    assert [answer.granted for answer in answers] == [True, True, False, False]
    assert [answer.seconds for answer in answers[:2]] == pytest.approx([0, 2], abs=0.5)
    assert all(2.5 < answer.seconds < 24 for answer in answers[2:]), "they do not all come back at once"


def test_many_at_once_never_share_a_slot(engine: Engine) -> None:
    """Eight threads: eight slots, evenly spaced."""
    gate = Gate(engine, Limits(rates={"textract-start": Rate(1.0)}), patience_s=100)
    made = callers(engine, gate, 8)
    with ThreadPoolExecutor(8) as pool:
        waits = sorted(a.seconds for a in pool.map(Caller.admit, made))
    assert [b - a for a, b in pairwise(waits)] == pytest.approx([1.0] * 7, abs=0.5)


def test_a_minutes_quota_is_never_exceeded_in_any_minute() -> None:
    """Burst and rate together stay below what the vendor allows in 60 s."""
    rate = per_minute(900)
    assert rate.per_s * (60 + rate.burst_s) == pytest.approx(900)


def test_tokens_are_counted_by_their_number(engine: Engine) -> None:
    """A request of many tokens pushes the next one further away than one of few."""
    gate = Gate(engine, Limits(rates={"gemini-tokens": Rate(100.0)}), patience_s=100)
    first, second, third = callers(engine, gate, 3)
    first.admit({"gemini-tokens": 1000})
    assert second.admit({"gemini-tokens": 10}).seconds == pytest.approx(10, abs=0.5)
    assert third.admit({"gemini-tokens": 10}).seconds == pytest.approx(10.1, abs=0.5)


def test_no_more_jobs_at_once_than_the_account_allows(engine: Engine) -> None:
    """Counted from the pending rows; one that is done, or whose job ended, makes room."""
    gate = Gate(engine, Limits(at_once={"textract-jobs": 2}))
    need = {"textract-jobs": 1.0}
    first, second, third, fourth = callers(engine, gate, 4)
    assert first.admit(need).granted
    assert second.admit(need).granted
    assert first.admit(need, again=True).granted, "it holds its place already"
    full = third.admit(need)
    assert (full.granted, full.reason) == (False, "quota:textract-jobs")
    PostgresCheckpoints(engine).put(first.key, first.job.lease, b"done")
    assert third.admit(need).granted
    JobQueue(engine).fail(second.job.lease, code="ocr-failed", detail="d")
    assert fourth.admit(need).granted


def test_the_breaker_opens_after_failures_in_a_row_and_one_probe_closes_it(engine: Engine) -> None:
    """While it is open nobody asks; after its time one does, and its success wakes the others."""
    gate = Gate(engine, Limits())
    first, second = callers(engine, gate, 2)
    for _ in range(BREAKER_TRIPS_AT):
        assert first.admit().granted
        gate.failed("textract", "ThrottlingException")
    blocked = second.admit()
    assert (blocked.granted, blocked.reason) == (False, "vendor:textract")
    JobQueue(engine).wait(second.job.lease, reason="vendor:textract", seconds=600)
    sql(engine, "UPDATE vendors SET blocked_until = now() - interval '1 second'")
    assert first.admit().granted, "the probe"
    third = Caller(engine, gate, "content 3")
    assert not third.admit().granted, "one probe at a time"
    gate.succeeded("textract")
    assert third.admit().granted
    assert [job.lease.resume_id for job in JobQueue(engine).claim(OWNER, Lane.ONLINE, 5)] == [
        second.job.lease.resume_id
    ]


def test_failures_that_answers_come_between_open_no_breaker(engine: Engine) -> None:
    """Three in ten throttled is a busy vendor, not a dead one."""
    gate = Gate(engine, Limits())
    (caller,) = callers(engine, gate, 1)
    for _ in range(20):
        gate.failed("textract", "ThrottlingException")
        gate.succeeded("textract")
        assert caller.admit().granted


def test_a_spent_budget_stops_paid_calls_only(engine: Engine) -> None:
    """What is free to ask (a job's result) goes on; the reason says what is waited for."""
    prices = Prices(1000.0, 0, 0, 0, 0)
    gate = Gate(engine, Limits(usd_per_day=3.0))
    (caller,) = callers(engine, gate, 1)
    Ledger(engine, prices).enter(caller.job.lease.resume_id, [Usage("textract", "text", pages=2)])
    assert caller.admit().granted
    Ledger(engine, prices).enter(caller.job.lease.resume_id, [Usage("textract", "text", pages=1)])
    stopped = caller.admit()
    assert (stopped.granted, stopped.reason) == (False, "budget")
    assert caller.admit(billed=False).granted


def test_a_lost_claim_is_not_admitted(engine: Engine) -> None:
    """Whoever took the work over asks for itself."""
    gate = Gate(engine, Limits())
    caller = Caller(engine, gate, "same")
    other = claimed(engine, "same")
    expire_lease(engine, caller.job.lease.resume_id)
    PostgresCheckpoints(engine).take(caller.key, other.lease)
    with pytest.raises(LeaseLost):
        caller.admit()
