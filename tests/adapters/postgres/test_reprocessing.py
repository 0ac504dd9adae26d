"""Reprocessing: ended jobs run again, and keep what they had until they have something new."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import Engine

from pipeline.adapters.postgres.applications import Applications
from pipeline.adapters.postgres.checkpoints import PostgresCheckpoints, RehearsalCheckpoints
from pipeline.adapters.postgres.jobs import JobQueue
from pipeline.adapters.postgres.reprocessing import Choice, Reprocessing
from pipeline.adapters.postgres.results import PostgresResults
from pipeline.domain.checkpoint import CheckpointKey, Claimed
from pipeline.domain.errors import LeaseLost
from pipeline.domain.journey import Lane, Status
from pipeline.domain.reprocessing import RedoFrom, forgotten
from tests.adapters.postgres.factories import OWNER, claimed, created, result, sha256, sql


def completed(engine: Engine, content: str = "a resume", **changes: str) -> UUID:
    job = claimed(engine, content, **changes)
    PostgresResults(engine).save([result(job.lease)])
    return job.lease.resume_id


def test_an_ended_resume_is_queued_as_if_it_were_new(engine: Engine) -> None:
    """Attempts begin anew, its profile stays, its error goes."""
    id_ = completed(engine)
    assert Reprocessing(engine).queue([id_], lane=Lane.ONLINE) == [id_]
    row = Applications(engine).get(id_)
    assert row is not None
    assert (row.status, row.attempt, row.started_at) == (Status.QUEUED, 0, None)
    assert row.profile is not None
    assert row.reprocessed_at is not None
    (job,) = JobQueue(engine).claim(OWNER, Lane.ONLINE, 5)
    assert (job.lease.resume_id, job.attempt, job.suspicions) == (id_, 1, 0)
    assert job.lease.epoch == 2, "no write of an earlier run can land"


def test_what_is_under_way_or_erased_is_left_alone(engine: Engine) -> None:
    """There is nothing to queue."""
    queued, running, erased = created(engine), claimed(engine).lease.resume_id, completed(engine)
    Applications(engine).erase(erased)
    assert Reprocessing(engine).queue([queued, running, erased], lane=Lane.ONLINE) == []


def test_a_failed_resume_can_be_tried_again(engine: Engine) -> None:
    """Its error is cleared until it fails again."""
    job = claimed(engine)
    JobQueue(engine).fail(job.lease, code="vendor-timeout", detail="d")
    Reprocessing(engine).queue([job.lease.resume_id], lane=Lane.BULK)
    row = Applications(engine).get(job.lease.resume_id)
    assert row is not None
    assert (row.error_code, row.completed_at) == (None, None)
    assert len(JobQueue(engine).claim(OWNER, Lane.BULK, 5)) == 1


@pytest.mark.parametrize(
    ("first", "left"),
    [(None, ["embed", "normalise", "ocr"]), (RedoFrom.EMBED, ["normalise", "ocr"]), (RedoFrom.READ, [])],
)
def test_stored_results_go_from_the_named_stage_on(
    engine: Engine, first: RedoFrom | None, left: list[str]
) -> None:
    """Without a stage everything that is stored serves again."""
    job = claimed(engine, "bytes")
    store = PostgresCheckpoints(engine)
    for stage in ("ocr", "normalise", "embed"):
        key = CheckpointKey(sha256("bytes"), stage, "d")
        store.take(key, job.lease)
        store.put(key, job.lease, b"v")
    PostgresResults(engine).save([result(job.lease)])
    Reprocessing(engine).queue([job.lease.resume_id], lane=Lane.ONLINE, forget=forgotten(first))
    assert [row.stage for row in sql(engine, "SELECT stage FROM checkpoints ORDER BY stage")] == left


def test_resumes_are_chosen_by_version_status_and_job_post(engine: Engine) -> None:
    """A version means its own resumes and all that were completed since it made its first."""
    old, bad, newer = completed(engine, "1"), completed(engine, "2"), completed(engine, "3", job_post_id="p")
    for id_, version, day in ((old, "rules-1", 1), (bad, "rules-2", 2), (newer, "rules-3", 3)):
        sql(
            engine,
            "UPDATE applications SET versions = jsonb_build_object('normalise', CAST(:v AS text)), "
            "completed_at = make_timestamptz(2026, 1, :day, 0, 0, 0) WHERE id = :id",
            v=version,
            day=day,
            id=id_,
        )
    failed = claimed(engine, "4")
    JobQueue(engine).fail(failed.lease, code="corrupt", detail="d")
    chosen = Reprocessing(engine).chosen

    def ids(choice: Choice, limit: int | None = None) -> list[UUID]:
        return [id_ for batch in chosen(choice, limit=limit) for id_ in batch]

    assert ids(Choice(since_version="rules-2")) == [bad, newer, failed.lease.resume_id]
    assert ids(Choice(since_version="rules-2", status=Status.COMPLETED)) == [bad, newer]
    assert ids(Choice(job_post_id="p")) == [newer]
    assert ids(Choice(ids=(old, newer))) == [old, newer]
    assert ids(Choice(), limit=2) == [old, bad]
    assert ids(Choice(since_version="never-was")) == []


def test_a_rehearsal_keeps_what_it_paid_for(engine: Engine) -> None:
    """Its job has ended: it may store answers under its last epoch, until the job is claimed again."""
    id_ = completed(engine, "bytes")
    ended = Reprocessing(engine).ended(id_)
    assert ended is not None
    store, key = RehearsalCheckpoints(engine), CheckpointKey(sha256("bytes"), "normalise", "new prompt")
    assert store.take(key, ended.lease) == Claimed()
    store.put(key, ended.lease, b"answer")
    assert store.stored(key) == b"answer"
    Reprocessing(engine).queue([id_], lane=Lane.ONLINE)
    JobQueue(engine).claim(OWNER, Lane.ONLINE, 1)
    with pytest.raises(LeaseLost):
        store.take(CheckpointKey(sha256("bytes"), "normalise", "newer prompt"), ended.lease)
