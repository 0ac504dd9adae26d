"""Paid work: once for equal content, throttles outwaited, money entered, nothing burnt."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import Engine

from pipeline.adapters.postgres.applications import Applications
from pipeline.adapters.postgres.checkpoints import PostgresCheckpoints
from pipeline.adapters.postgres.gate import Gate, Limits, Rate
from pipeline.adapters.postgres.jobs import JobQueue
from pipeline.adapters.postgres.ledger import Ledger
from pipeline.domain.errors import LeaseLost, NotYet, OcrFailed, VendorBusy, VendorTimeout
from pipeline.domain.job import ClaimedJob
from pipeline.domain.journey import Lane
from pipeline.domain.spending import Prices, Usage
from pipeline.orchestration.core.paid import JobsPaidCall, JobsPaidWork, PaidDesk
from pipeline.orchestration.ray import meters
from tests.adapters.postgres.factories import OWNER, claimed, expire_lease, sql

PRICES = Prices(1.5, 4.0, 0.3, 0.075, 2.5)
USAGE = Usage("gemini", "g", prompt_tokens=1_000_000)
Make = Callable[[JobsPaidCall], Awaitable[bytes]]


def desk(engine: Engine, limits: Limits | None = None, *, patience_s: float = 86400) -> PaidDesk:
    ledger = Ledger(engine, PRICES)
    return PaidDesk(
        PostgresCheckpoints(engine, ledger),
        Gate(engine, limits or Limits()),
        ledger,
        meters,
        patience_s=patience_s,
    )


def work(engine: Engine, job: ClaimedJob, **options: float) -> JobsPaidWork:
    return desk(engine, **options).work_of(job.lease, job.upload.sha256)


def run(paid: JobsPaidWork, make: Make, digest: str = "d") -> bytes:
    return asyncio.run(paid.once("normalise", digest, make))


def asking(answers: list[bytes | Exception], **options: bool) -> tuple[Make, list[int]]:
    """A maker that asks until the list of answers ends, and how many requests it made."""
    requests: list[int] = []

    async def request() -> bytes:
        answer = answers[min(len(requests), len(answers) - 1)]
        requests.append(1)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def make(call: JobsPaidCall) -> bytes:
        answer = await call.ask("gemini", {}, request, **options)
        call.bill(USAGE)
        return answer

    return make, requests


def test_equal_work_is_asked_and_paid_once(engine: Engine) -> None:
    """The second application with equal bytes gets the first one's answer."""
    make, requests = asking([b"answer"])
    for _ in range(2):
        assert run(work(engine, claimed(engine, "bytes")), make) == b"answer"
    assert len(requests) == 1
    assert Ledger(engine, PRICES).spent_today() == pytest.approx(0.3)


def test_whoever_comes_while_it_is_done_waits_for_it(engine: Engine) -> None:
    """With the checkpoint's key as the reason, which storing wakes."""
    first, second = claimed(engine, "bytes"), claimed(engine, "bytes")

    async def make(call: JobsPaidCall) -> bytes:
        with pytest.raises(NotYet) as wait:
            await work(engine, second).once("normalise", "d", make)
        JobQueue(engine).wait(second.lease, reason=str(wait.value.key), seconds=600)
        return b"answer"

    run(work(engine, first), make)
    assert len(JobQueue(engine).claim(OWNER, Lane.ONLINE, 5)) == 1


def test_a_passing_throttle_is_outwaited_in_place(engine: Engine) -> None:
    """Two 429s and an answer: the job never leaves its worker."""
    make, requests = asking([VendorBusy(throttled=True), VendorBusy(throttled=True), b"answer"])
    assert run(work(engine, claimed(engine)), make) == b"answer"
    assert len(requests) == 3


def test_a_long_throttle_gives_the_lease_back(engine: Engine) -> None:
    """The job waits longer each time; the vendor's own wish counts."""
    busy = VendorBusy(throttled=True)
    make, _ = asking([busy])
    job = claimed(engine)
    with pytest.raises(NotYet) as wait:
        run(work(engine, job), make)
    assert wait.value.key == "vendor:gemini"
    make, requests = asking([VendorBusy(retry_after_s=40.0)])
    with pytest.raises(NotYet) as wait:
        run(work(engine, job), make, "other")
    assert wait.value.seconds >= 40
    assert len(requests) == 1


def test_a_vendor_that_is_busy_for_a_day_is_given_up(engine: Engine) -> None:
    """Counted from when it was first busy with this work, by the database's clock; an answer ends the count."""
    make, _ = asking([VendorBusy("The model is overloaded.", retry_after_s=9)])
    job = claimed(engine)
    with pytest.raises(NotYet):
        run(work(engine, job), make)
    sql(engine, """UPDATE checkpoints SET note = note || '{"busy_since": 1}'""")
    with pytest.raises(VendorTimeout, match="overloaded"):
        run(work(engine, job), make)
    assert sql(engine, "SELECT 1 FROM checkpoints") == [], "the next try begins anew"


def test_work_that_fails_for_good_is_billed_and_forgotten(engine: Engine) -> None:
    """What the failure cost is in the ledger; the claim is free for the next application."""

    async def make(call: JobsPaidCall) -> bytes:
        call.bill(USAGE)
        raise OcrFailed

    with pytest.raises(OcrFailed):
        run(work(engine, claimed(engine)), make)
    assert Ledger(engine, PRICES).spent_today() == pytest.approx(0.3)
    assert sql(engine, "SELECT 1 FROM checkpoints") == []


def test_work_that_waits_keeps_its_note_and_is_billed_for_what_it_used(engine: Engine) -> None:
    """A vendor's job begun in one run is found in the next."""
    job = claimed(engine)

    async def begin(call: JobsPaidCall) -> bytes:
        await call.remember(job="j-1")
        call.bill(USAGE)
        raise NotYet(key="textract:j-1", seconds=5)

    async def finish(call: JobsPaidCall) -> bytes:
        return str(call.note["job"]).encode()

    with pytest.raises(NotYet):
        run(work(engine, job), begin)
    assert Ledger(engine, PRICES).spent_today() == pytest.approx(0.3)
    assert run(work(engine, job), finish) == b"j-1"


def test_a_cancelled_worker_still_keeps_the_answer_it_has(engine: Engine) -> None:
    """A dispatcher's death between the answer and the commit costs nothing here."""
    job = claimed(engine)

    async def scenario() -> None:
        answered = asyncio.Event()

        async def make(call: JobsPaidCall) -> bytes:
            answered.set()
            return b"answer"

        task = asyncio.create_task(work(engine, job).once("normalise", "d", make))
        await answered.wait()
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0.5)

    asyncio.run(scenario())
    assert [row.state for row in sql(engine, "SELECT state FROM checkpoints")] == ["done"]


def test_a_slot_far_away_is_waited_for_in_the_queue(engine: Engine) -> None:
    """And the request is made once the job comes back in time."""
    limits = Limits(rates={"gemini-requests": Rate(0.1)})
    requests: list[int] = []

    async def request() -> bytes:
        requests.append(1)
        return b"answer"

    async def make(call: JobsPaidCall) -> bytes:
        return await call.ask("gemini", {"gemini-requests": 1}, request)

    shared = desk(engine, limits)
    first, second = claimed(engine, "one"), claimed(engine, "two")
    asyncio.run(shared.work_of(first.lease, first.upload.sha256).once("normalise", "d", make))
    with pytest.raises(NotYet) as wait:
        asyncio.run(shared.work_of(second.lease, second.upload.sha256).once("normalise", "d", make))
    assert wait.value.key == "quota:gemini-requests"
    assert 8 < wait.value.seconds < 10
    sql(
        engine,
        "UPDATE checkpoints SET note = jsonb_set(note, '{slot,at}', to_jsonb(extract(epoch FROM now()))) "
        "WHERE state = 'pending'",
    )
    sql(engine, "UPDATE quotas SET paced = now()")
    asyncio.run(shared.work_of(second.lease, second.upload.sha256).once("normalise", "d", make))
    assert len(requests) == 2


def test_a_worker_whose_claim_was_taken_over_is_told(engine: Engine) -> None:
    """Its answer is dropped, its money entered."""
    job, other = claimed(engine, "bytes"), claimed(engine, "bytes")

    async def make(call: JobsPaidCall) -> bytes:
        call.bill(USAGE)
        expire_lease(engine, job.lease.resume_id)
        desk(engine).checkpoints.take(call._key, other.lease)
        return b"late"

    with pytest.raises(LeaseLost):
        run(work(engine, job), make)
    assert Ledger(engine, PRICES).spent_today() == pytest.approx(0.3)


def test_an_erased_resumes_answer_is_kept_nowhere(engine: Engine) -> None:
    """Erased while the vendor was at work: nothing of it comes back."""
    job = claimed(engine, "bytes")

    async def make(call: JobsPaidCall) -> bytes:
        Applications(engine).erase(job.lease.resume_id)
        return b"late"

    with pytest.raises(LeaseLost):
        run(work(engine, job), make)
    assert sql(engine, "SELECT 1 FROM checkpoints") == []
