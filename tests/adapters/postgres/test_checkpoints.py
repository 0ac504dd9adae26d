"""Checkpoints: done once, waited for by the others, never lost with their owner."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from pipeline.adapters.postgres.applications import Applications
from pipeline.adapters.postgres.checkpoints import PostgresCheckpoints
from pipeline.adapters.postgres.jobs import JobQueue
from pipeline.domain.checkpoint import CheckpointKey, Claimed
from pipeline.domain.errors import LeaseLost
from pipeline.domain.journey import Lane
from tests.adapters.postgres.factories import OWNER, claimed, expire_lease, sha256, sql

KEY = CheckpointKey(sha256("same bytes"), "embed", "digest-1")


def test_the_first_computes_and_the_second_reads(engine: Engine) -> None:
    """A miss is ours; once stored, anybody's lease reads the value."""
    store = PostgresCheckpoints(engine)
    first, second = claimed(engine, "same bytes"), claimed(engine, "same bytes")
    assert isinstance(store.take(KEY, first.lease), Claimed)
    assert isinstance(store.take(KEY, first.lease), Claimed), "asking twice changes nothing"
    assert store.take(KEY, second.lease) is None
    store.put(KEY, first.lease, b"\x00value")
    assert store.take(KEY, second.lease) == b"\x00value"


def test_storing_wakes_whoever_waits(engine: Engine) -> None:
    """A job that waits with the key as its reason is claimable as soon as the value is stored."""
    store, jobs = PostgresCheckpoints(engine), JobQueue(engine)
    first, second = claimed(engine, "same bytes"), claimed(engine, "same bytes")
    store.take(KEY, first.lease)
    jobs.wait(second.lease, reason=str(KEY), seconds=600)
    assert jobs.claim(OWNER, Lane.ONLINE, 1) == []
    store.put(KEY, first.lease, b"v")
    assert [job.upload.resume_id for job in jobs.claim(OWNER, Lane.ONLINE, 1)] == [second.lease.resume_id]


def test_waiting_for_what_was_stored_meanwhile_does_not_wait(engine: Engine) -> None:
    """The value arrived between `take` and `wait`: the job is due at once."""
    store, jobs = PostgresCheckpoints(engine), JobQueue(engine)
    first, second = claimed(engine, "same bytes"), claimed(engine, "same bytes")
    store.take(KEY, first.lease)
    assert store.take(KEY, second.lease) is None
    store.put(KEY, first.lease, b"v")
    jobs.wait(second.lease, reason=str(KEY), seconds=600)
    assert len(jobs.claim(OWNER, Lane.ONLINE, 1)) == 1


@pytest.mark.parametrize("how", ["expired", "ended"])
def test_an_owner_that_is_gone_is_replaced(engine: Engine, how: str) -> None:
    """An expired lease, or a job that ended without storing, frees the place for the next."""
    store = PostgresCheckpoints(engine)
    first, second = claimed(engine, "same bytes"), claimed(engine, "same bytes")
    store.take(KEY, first.lease)
    if how == "expired":
        expire_lease(engine, first.lease.resume_id)
    else:
        JobQueue(engine).fail(first.lease, code="corrupt", detail="d")
    assert isinstance(store.take(KEY, second.lease), Claimed)
    store.put(KEY, second.lease, b"second")
    assert sql(engine, "SELECT value FROM checkpoints")[0].value.tobytes() == b"second"


def test_a_stale_worker_takes_nothing(engine: Engine) -> None:
    """A lost lease raises, and no claim is made."""
    store = PostgresCheckpoints(engine)
    job = claimed(engine, "same bytes")
    expire_lease(engine, job.lease.resume_id)
    JobQueue(engine).reap(set())
    with pytest.raises(LeaseLost):
        store.take(KEY, job.lease)
    assert sql(engine, "SELECT state FROM checkpoints") == []


def test_an_answer_that_was_paid_for_is_kept_though_its_lease_is_lost(engine: Engine) -> None:
    """Nobody took the claim over: the next run finds the value and pays nothing."""
    store = PostgresCheckpoints(engine)
    job = claimed(engine, "same bytes")
    store.take(KEY, job.lease)
    expire_lease(engine, job.lease.resume_id)
    JobQueue(engine).reap(set())
    store.put(KEY, job.lease, b"paid")
    (again,) = JobQueue(engine).claim(OWNER, Lane.ONLINE, 1, suspects=True)
    assert store.take(KEY, again.lease) == b"paid"


def test_an_answer_whose_claim_was_taken_over_is_dropped(engine: Engine) -> None:
    """The new owner is paying already: the stale worker's value, note and removal change nothing."""
    store = PostgresCheckpoints(engine)
    job = claimed(engine, "same bytes")
    store.take(KEY, job.lease)
    expire_lease(engine, job.lease.resume_id)
    JobQueue(engine).reap(set())
    (again,) = JobQueue(engine).claim(OWNER, Lane.ONLINE, 1, suspects=True)
    assert isinstance(store.take(KEY, again.lease), Claimed)
    for write in (
        lambda: store.put(KEY, job.lease, b"stale"),
        lambda: store.remember(KEY, job.lease, {"job": "stale"}),
    ):
        with pytest.raises(LeaseLost):
            write()
    store.discard(KEY, job.lease)
    assert [(row.state, row.note) for row in sql(engine, "SELECT state, note FROM checkpoints")] == [
        ("pending", {})
    ]


def test_an_erased_contents_answer_is_dropped(engine: Engine) -> None:
    """Nothing reappears: the claim went with the last application of its content."""
    store = PostgresCheckpoints(engine)
    job = claimed(engine, "same bytes")
    store.take(KEY, job.lease)
    Applications(engine).erase(job.lease.resume_id)
    with pytest.raises(LeaseLost):
        store.put(KEY, job.lease, b"late")
    assert sql(engine, "SELECT 1 FROM checkpoints") == []


def test_a_job_that_waits_keeps_its_claim_and_its_note(engine: Engine) -> None:
    """A vendor works on it: others wait too, and the job finds its note when it comes back."""
    store, jobs = PostgresCheckpoints(engine), JobQueue(engine)
    first, second = claimed(engine, "same bytes"), claimed(engine, "same bytes")
    store.take(KEY, first.lease)
    store.remember(KEY, first.lease, {"job": "j-1", "try": 1})
    assert store.remember(KEY, first.lease, {"try": None}) == {"job": "j-1"}
    jobs.wait(first.lease, reason="textract:j-1", seconds=0)
    assert store.take(KEY, second.lease) is None
    (again,) = jobs.claim(OWNER, Lane.ONLINE, 1)
    assert store.take(KEY, again.lease) == Claimed({"job": "j-1"}, 0.0)


def test_a_note_survives_the_job_that_wrote_it(engine: Engine) -> None:
    """Another application with equal bytes goes on where the erased one was."""
    store, jobs = PostgresCheckpoints(engine), JobQueue(engine)
    first, second = claimed(engine, "same bytes"), claimed(engine, "same bytes")
    store.take(KEY, first.lease)
    store.remember(KEY, first.lease, {"job": "j-1"})
    jobs.wait(first.lease, reason="textract:j-1", seconds=600)
    Applications(engine).erase(first.lease.resume_id)
    assert store.take(KEY, second.lease) == Claimed({"job": "j-1"}, 0.0)


def test_work_that_cannot_be_done_frees_its_place(engine: Engine) -> None:
    """A discarded claim wakes whoever waited for it."""
    store, jobs = PostgresCheckpoints(engine), JobQueue(engine)
    first, second = claimed(engine, "same bytes"), claimed(engine, "same bytes")
    store.take(KEY, first.lease)
    jobs.wait(second.lease, reason=str(KEY), seconds=600)
    store.discard(KEY, first.lease)
    (woken,) = jobs.claim(OWNER, Lane.ONLINE, 1)
    assert isinstance(store.take(KEY, woken.lease), Claimed)


def test_checkpoints_go_with_the_last_application_of_their_content(engine: Engine) -> None:
    """Erasing one of two keeps them; erasing the second removes them."""
    store = PostgresCheckpoints(engine)
    first, second = claimed(engine, "same bytes"), claimed(engine, "same bytes")
    store.take(KEY, first.lease)
    store.put(KEY, first.lease, b"v")
    applications = Applications(engine)
    kept = applications.erase(first.lease.resume_id)
    gone = applications.erase(second.lease.resume_id)
    assert kept is not None
    assert gone is not None
    assert (kept.checkpoints, gone.checkpoints) == (0, 1)


def test_another_version_is_another_checkpoint(engine: Engine) -> None:
    """Same bytes and stage under another digest is work to do."""
    store = PostgresCheckpoints(engine)
    job = claimed(engine, "same bytes")
    store.take(KEY, job.lease)
    store.put(KEY, job.lease, b"v")
    assert isinstance(store.take(CheckpointKey(KEY.content_sha256, "embed", "digest-2"), job.lease), Claimed)
