"""The callers' side of bulk ingestion: counts that add up, lists, errors, results, cancelling."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine

from pipeline.adapters.postgres.applications import Applications
from pipeline.adapters.postgres.ingestion_work import INGESTORS, IngestionWork
from pipeline.adapters.postgres.ingestions import Ingestions, Progress
from pipeline.adapters.postgres.jobs import JobQueue
from pipeline.adapters.postgres.owner import OwnerLock
from pipeline.adapters.postgres.results import PostgresResults
from pipeline.domain.ids import uuid7
from pipeline.domain.ingestion import IngestionState, Outcome
from pipeline.domain.job import ClaimedJob
from pipeline.domain.journey import Lane, Status
from pipeline.domain.result import Verdict
from tests.adapters.postgres.factories import OWNER, created, result, sql
from tests.adapters.postgres.ingestion_factories import (
    DAY,
    accepted,
    claim_one,
    claimed_listing,
    eventually,
    listed,
    refused,
    reject_next,
    store_all,
)

ARCHIVE = "ab" * 32


@pytest.fixture
def ingestions(engine: Engine) -> Ingestions:
    return Ingestions(engine)


def progress_of(ingestions: Ingestions, id_: UUID) -> Progress:
    """Its progress, of which every sum is checked."""
    progress = ingestions.progress(id_)
    assert progress is not None
    counted = progress.accepted + progress.duplicate + progress.skipped + progress.failed
    if progress.row.members is not None:
        assert counted + progress.not_started == progress.row.members
    assert sum(progress.resumes.values()) == progress.accepted
    assert sum(progress.stages.values()) == progress.resumes.get(Status.PROCESSING, 0)
    assert sum(progress.failures.values()) == progress.skipped + progress.failed + progress.resumes.get(
        Status.FAILED, 0
    )
    return progress


def claim_jobs(engine: Engine, count: int) -> list[ClaimedJob]:
    jobs = JobQueue(engine).claim(OWNER, Lane.BULK, count)
    assert len(jobs) == count
    return jobs


def complete(engine: Engine, job: ClaimedJob) -> UUID:
    assert PostgresResults(engine).save([result(job.lease, upload=job.upload)]) == [Verdict.SAVED]
    return job.lease.resume_id


def fail(engine: Engine, job: ClaimedJob, code: str = "corrupt") -> UUID:
    assert JobQueue(engine).fail(job.lease, code=code, detail=f"It is {code}.")
    return job.lease.resume_id


def mixed(engine: Engine) -> UUID:
    """An ingestion of ten members: one of each outcome, six accepted, one not started."""
    id_ = listed(engine, 9, 1)
    shard = claim_one(engine)
    members = IngestionWork(engine).members(shard)
    same = [accepted(members[0], "same"), accepted(members[1], "same")]
    rest = [accepted(one) for one in members[2:7]]
    IngestionWork(engine).store(
        shard,
        same + rest,
        [refused(members[7], Outcome.SKIPPED, "symlink"), refused(members[8], Outcome.FAILED, "corrupt")],
    )
    return id_


# Progress


def test_an_ingestion_that_is_listed_has_no_counts_yet(engine: Engine, ingestions: Ingestions) -> None:
    """Not how many, not how fast, not how long."""
    listing = claimed_listing(engine)
    progress = progress_of(ingestions, listing.ingestion_id)
    assert (progress.row.state, progress.row.members) == (IngestionState.LISTING, None)
    assert (progress.ended, progress.not_started, progress.per_s, progress.eta_s) == (0, 0, None, None)


def test_an_unknown_ingestion_is_none(ingestions: Ingestions) -> None:
    """Nothing is made up for it."""
    id_ = uuid4()
    assert ingestions.get(id_) is None
    assert ingestions.progress(id_) is None
    assert ingestions.errors(id_) == []
    assert list(ingestions.results(id_)) == []
    assert not ingestions.cancel(id_)


def test_counts_add_up_in_every_state(engine: Engine, ingestions: Ingestions) -> None:
    """Members by outcome, resumes by status, failures by reason, at every step from queued to erased."""
    id_ = mixed(engine)
    progress = progress_of(ingestions, id_)
    assert (progress.accepted, progress.duplicate, progress.skipped, progress.failed) == (6, 1, 1, 1)
    assert (progress.not_started, progress.resumes, progress.ended) == (1, {Status.QUEUED: 6}, 3)
    assert progress.failures == {("failed", "corrupt"): 1, ("skipped", "symlink"): 1}

    jobs = claim_jobs(engine, 4)
    assert progress_of(ingestions, id_).stages == {"begun": 4}
    fail(engine, jobs[0])
    fail(engine, jobs[1], "encrypted")
    erased = complete(engine, jobs[2])
    progress = progress_of(ingestions, id_)
    assert progress.resumes == {
        Status.QUEUED: 2,
        Status.PROCESSING: 1,
        Status.COMPLETED: 1,
        Status.FAILED: 2,
    }
    assert progress.failures == {
        ("failed", "corrupt"): 2,
        ("failed", "encrypted"): 1,
        ("skipped", "symlink"): 1,
    }
    assert (progress.ended, progress.all_failed) == (6, 3)

    Applications(engine).erase(erased)
    assert progress_of(ingestions, id_).resumes[Status.ERASED] == 1

    assert ingestions.cancel(id_)
    progress = progress_of(ingestions, id_)
    assert progress.resumes == {
        Status.PROCESSING: 1,
        Status.FAILED: 2,
        Status.CANCELLED: 2,
        Status.ERASED: 1,
    }
    assert (progress.row.state, progress.not_started) == (IngestionState.CANCELLED, 1)


def test_counts_are_of_one_ingestion(engine: Engine, ingestions: Ingestions) -> None:
    """Neither another one's members nor ordinary uploads are among them."""
    other = listed(engine, 3, key="other")
    store_all(engine)
    created(engine)
    id_ = listed(engine, 1)
    store_all(engine)
    fail(engine, claim_jobs(engine, 1)[0])
    assert progress_of(ingestions, id_).accepted == 1
    assert progress_of(ingestions, other).accepted == 3


def test_a_rate_needs_something_that_ended(engine: Engine, ingestions: Ingestions) -> None:
    """None before ten have; then plain numbers, the time left at that rate; none again when all has ended."""
    id_ = listed(engine, 12)
    store_all(engine)
    progress = progress_of(ingestions, id_)
    assert (progress.per_s, progress.eta_s) == (None, None)
    sql(engine, "UPDATE ingestions SET listed_at = now() - interval '10 seconds'")
    jobs = claim_jobs(engine, 12)
    for job in jobs[:9]:
        complete(engine, job)
    assert progress_of(ingestions, id_).per_s is None
    complete(engine, jobs[9])
    progress = progress_of(ingestions, id_)
    assert isinstance(progress.per_s, float)
    assert progress.per_s == pytest.approx(1, rel=0.3)
    assert progress.eta_s == pytest.approx(2, rel=0.3)
    for job in jobs[10:]:
        fail(engine, job)
    IngestionWork(engine).end_finished()
    progress = progress_of(ingestions, id_)
    assert progress.row.state is IngestionState.COMPLETED
    assert (progress.per_s, progress.eta_s) == (None, None)


def test_the_rate_is_that_of_the_last_minute(engine: Engine, ingestions: Ingestions) -> None:
    """What ended an hour ago says nothing about now."""
    id_ = listed(engine, 11)
    store_all(engine)
    for job in claim_jobs(engine, 10):
        complete(engine, job)
    sql(engine, "UPDATE ingestions SET listed_at = now() - interval '2 hours'")
    assert progress_of(ingestions, id_).per_s == pytest.approx(10 / 60)
    sql(engine, "UPDATE applications SET completed_at = now() - interval '1 hour' WHERE status = 'completed'")
    assert progress_of(ingestions, id_).per_s is None


def test_what_was_paid_is_the_sum_of_the_ledger(engine: Engine, ingestions: Ingestions) -> None:
    """Of this ingestion's resumes alone."""
    id_ = listed(engine, 2)
    ours, stranger = store_all(engine), created(engine)
    for application, usd in ((ours[0], 0.25), (ours[1], 0.5), (stranger, 8)):
        sql(
            engine,
            "INSERT INTO ledger (application_id, vendor, model, usd) VALUES (:id, 'gemini', 'm', :usd)",
            id=application,
            usd=usd,
        )
    assert progress_of(ingestions, id_).usd == 0.75


# Creating and listing


def test_pages_are_newest_first_and_complete(ingestions: Ingestions) -> None:
    """Every ingestion once; the last page says that it is the last."""
    ids = [ingestions.create(f"s3://b/{n}/", as_of_date=DAY, job_post_id="nurse-7") for n in range(5)]
    seen: list[UUID] = []
    cursor = None
    for expected in (2, 2, 1):
        rows, cursor = ingestions.list(cursor=cursor, limit=2)
        assert len(rows) == expected
        seen += [row.id for row in rows]
    assert cursor is None
    assert seen == sorted(ids, reverse=True)
    rows, _ = ingestions.list(limit=1)
    assert (rows[0].state, rows[0].job_post_id, rows[0].kind) == (IngestionState.LISTING, "nurse-7", None)


def test_the_same_archive_is_one_ingestion(ingestions: Ingestions) -> None:
    """The same bytes for the same job post; for another post, or without a digest, they are another."""
    first = ingestions.create("upload:a.zip", as_of_date=DAY, object_key="archives/1", content_sha256=ARCHIVE)
    again = ingestions.create("upload:b.zip", as_of_date=DAY, object_key="archives/2", content_sha256=ARCHIVE)
    assert again == first
    row = ingestions.get(first)
    assert row is not None
    assert row.source == "upload:a.zip"
    for changes in ({"job_post_id": "7"}, {"content_sha256": "cd" * 32}, {"content_sha256": None}):
        values = {"content_sha256": ARCHIVE} | changes
        assert ingestions.create("upload:a.zip", as_of_date=DAY, object_key="archives/3", **values) != first
    assert len(ingestions.list()[0]) == 4


@pytest.mark.parametrize("end", ["cancelled", "rejected"])
def test_an_archive_that_came_to_nothing_may_come_again(
    engine: Engine, ingestions: Ingestions, end: str
) -> None:
    """Its first ingestion was cancelled or rejected: the same bytes begin another."""
    first = ingestions.create("upload:a.zip", as_of_date=DAY, object_key="archives/1", content_sha256=ARCHIVE)
    if end == "cancelled":
        ingestions.cancel(first)
    else:
        reject_next(engine)
    again = ingestions.create("upload:a.zip", as_of_date=DAY, object_key="archives/2", content_sha256=ARCHIVE)
    assert again != first


def test_archives_are_needed_until_they_are_stored(engine: Engine, ingestions: Ingestions) -> None:
    """Of those that are known."""
    listing = claimed_listing(engine)
    stored = listed(engine, key="empty")
    IngestionWork(engine).end_finished()
    running = listed(engine, 1, key="running")
    ids = [listing.ingestion_id, stored, running, uuid7()]
    assert ingestions.archives(ids) == {listing.ingestion_id: True, stored: False, running: True}
    assert ingestions.archives([]) == {}


# Errors and results


def test_errors_come_in_the_order_of_the_source(engine: Engine, ingestions: Ingestions) -> None:
    """Members that never became resumes and resumes that failed, merged; what is well, or still runs, is not there."""
    id_ = mixed(engine)
    jobs = {job.lease.resume_id: job for job in claim_jobs(engine, 6)}
    by_member = {
        int(row.ingestion_member): jobs[row.id]
        for row in sql(engine, "SELECT id, ingestion_member FROM applications")
    }
    failed = fail(engine, by_member[5], "encrypted")
    complete(engine, by_member[3])
    shown = [(error.member, error.outcome, error.code) for error in ingestions.errors(id_)]
    assert shown == [
        (1, "duplicate", "duplicate"),
        (5, "failed", "encrypted"),
        (7, "skipped", "symlink"),
        (8, "failed", "corrupt"),
    ]
    error = ingestions.errors(id_, after=1, limit=1)[0]
    assert (error.resume_id, error.name, error.detail) == (failed, "cvs/5.pdf", "It is encrypted.")
    paged, after = [], -1
    while page := ingestions.errors(id_, after=after, limit=1):
        paged += [(error.member, error.outcome, error.code) for error in page]
        after = page[-1].member
    assert paged == shown


def test_members_are_ordered_as_numbers(engine: Engine, ingestions: Ingestions) -> None:
    """Ten comes behind nine: of resumes that failed too, whose member is kept as text."""
    id_ = listed(engine, 12)
    store_all(engine)
    for job in claim_jobs(engine, 12):
        fail(engine, job)
    assert [error.member for error in ingestions.errors(id_)] == list(range(12))
    assert [error.member for error in ingestions.errors(id_, after=8, limit=2)] == [9, 10]


def test_results_are_the_ended_resumes_by_id(engine: Engine, ingestions: Ingestions) -> None:
    """With their profile or error; a reader that was cut off goes on behind the last one it has."""
    id_ = listed(engine, 5, 1)
    ids = store_all(engine)
    jobs = {job.lease.resume_id: job for job in claim_jobs(engine, 4)}
    for application, job in jobs.items():
        fail(engine, job) if application == ids[1] else complete(engine, job)
    ingestions.cancel(id_)
    results = list(ingestions.results(id_, batch=2))
    assert [one.id for one in results] == sorted(ids)
    by_id = {one.id: one for one in results}
    assert by_id[ids[1]].status is Status.FAILED
    assert (by_id[ids[1]].error_code, by_id[ids[1]].profile) == ("corrupt", None)
    first = by_id[next(iter(set(jobs) - {ids[1]}))]
    assert first.status is Status.COMPLETED
    assert first.profile is not None
    assert {one.status for one in results} == {Status.COMPLETED, Status.FAILED, Status.CANCELLED}
    for n, one in enumerate(results):
        assert [other.id for other in ingestions.results(id_, after=one.id, batch=2)] == sorted(ids)[n + 1 :]
    assert [one.member for one in ingestions.results_page(id_, limit=2)] == [
        one.member for one in results[:2]
    ]


def test_results_of_what_runs_are_not_there_yet(engine: Engine, ingestions: Ingestions) -> None:
    """Queued or in work, a resume has no line."""
    id_ = listed(engine, 2)
    store_all(engine)
    claim_jobs(engine, 1)
    assert list(ingestions.results(id_)) == []


def test_an_erased_resume_leaves_no_line(engine: Engine, ingestions: Ingestions) -> None:
    """Neither in the results nor in the errors, nor the names of the duplicates of its bytes."""
    id_ = mixed(engine)
    jobs = claim_jobs(engine, 6)
    (duplicate,) = (error for error in ingestions.errors(id_) if error.outcome == "duplicate")
    twin = next(job for job in jobs if job.lease.resume_id == duplicate.resume_id)
    other = next(job for job in jobs if job is not twin)
    complete(engine, twin)
    fail(engine, other)
    for job in (twin, other):
        Applications(engine).erase(job.lease.resume_id)
    assert [error.outcome for error in ingestions.errors(id_)] == ["skipped", "failed"]
    assert list(ingestions.results(id_)) == []
    assert progress_of(ingestions, id_).duplicate == 1


# Cancelling


def test_cancelling_stops_what_has_not_started(engine: Engine, ingestions: Ingestions) -> None:
    """Queued, waiting and postponed jobs end; one that runs ends by itself; nothing is cancelled twice."""
    id_ = listed(engine, 4, 2)
    shard = claim_one(engine)
    work = IngestionWork(engine)
    work.store(shard, [accepted(one) for one in work.members(shard)], [])
    waiting, postponed, runs = claim_jobs(engine, 3)
    queue = JobQueue(engine)
    assert queue.wait(waiting.lease, reason="textract", seconds=60)
    assert queue.retry(postponed.lease, code="internal", detail="It is down.", delay_s=60)
    assert ingestions.cancel(id_)
    progress = progress_of(ingestions, id_)
    assert progress.resumes == {Status.PROCESSING: 1, Status.CANCELLED: 3}
    assert (progress.not_started, progress.row.completed_at is not None) == (2, True)
    assert not ingestions.cancel(id_)
    complete(engine, runs)
    assert progress_of(ingestions, id_).resumes == {Status.COMPLETED: 1, Status.CANCELLED: 3}


def test_cancelling_touches_nobody_else(engine: Engine, ingestions: Ingestions) -> None:
    """Other ingestions and ordinary uploads go on."""
    other = listed(engine, 2, key="other")
    upload = created(engine)
    store_all(engine)
    id_ = listed(engine, 1)
    store_all(engine)
    assert ingestions.cancel(id_)
    assert progress_of(ingestions, other).resumes == {Status.QUEUED: 2}
    row = Applications(engine).get(upload)
    assert row is not None
    assert row.status is Status.QUEUED


def test_more_jobs_than_one_statement_cancels(
    engine: Engine, ingestions: Ingestions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes on until none is left."""
    from pipeline.adapters.postgres import ingestion_work as module

    monkeypatch.setattr(module, "_CANCELLED_AT_ONCE", 2)
    id_ = listed(engine, 5)
    store_all(engine)
    ingestions.cancel(id_)
    assert progress_of(ingestions, id_).resumes == {Status.CANCELLED: 5}


def test_a_cancelling_that_was_cut_short_is_finished(engine: Engine, ingestions: Ingestions) -> None:
    """The database went away behind its first step: the repetition stops what still waits."""
    id_ = listed(engine, 3)
    store_all(engine)
    sql(engine, "UPDATE ingestions SET state = 'cancelled', completed_at = now()")
    assert ingestions.cancel(id_)
    assert progress_of(ingestions, id_).resumes == {Status.CANCELLED: 3}
    assert not ingestions.cancel(id_)


def test_a_cancelled_source_can_be_ingested_anew(engine: Engine, ingestions: Ingestions) -> None:
    """It is not found by its key any more."""
    first = listed(engine, 1)
    ingestions.cancel(first)
    second = listed(engine, 1)
    assert second != first
    assert len(store_all(engine)) == 1


@pytest.mark.parametrize("ended", ["completed", "rejected"])
def test_what_has_ended_cannot_be_cancelled(engine: Engine, ingestions: Ingestions, ended: str) -> None:
    """Its state stays."""
    if ended == "completed":
        id_ = listed(engine)
        IngestionWork(engine).end_finished()
    else:
        id_ = ingestions.create("s3://b/a.zip", as_of_date=DAY)
        reject_next(engine)
    assert not ingestions.cancel(id_)
    row = ingestions.get(id_)
    assert row is not None
    assert row.state.value == ended


def test_whether_anybody_ingests_can_be_told(database_url: str, ingestions: Ingestions) -> None:
    """An ingestor that holds its lock beside the others'."""
    assert not ingestions.ingestor_lives()
    lock = OwnerLock(database_url, beside=INGESTORS)
    lock.acquire()
    assert ingestions.ingestor_lives()
    lock.close()
    eventually(lambda: not ingestions.ingestor_lives())
