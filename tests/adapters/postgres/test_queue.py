"""The queue: claims, leases, and every way a job leaves its worker."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from sqlalchemy import Engine

from pipeline.adapters.postgres.applications import ApplicationRow, Applications
from pipeline.adapters.postgres.engine import open_engine
from pipeline.adapters.postgres.jobs import JobQueue
from pipeline.adapters.postgres.owner import OwnerLock
from pipeline.adapters.postgres.results import PostgresResults
from pipeline.domain.job import ClaimedJob
from pipeline.domain.journey import JobState, Lane, Lease, Stage, Status
from pipeline.domain.result import Verdict
from tests.adapters.postgres.factories import (
    OWNER,
    claimed,
    created,
    expire_lease,
    make_due,
    new_application,
    result,
    sql,
)
from tests.adapters.postgres.ingestion_factories import eventually


@pytest.fixture
def jobs(engine: Engine) -> JobQueue:
    return JobQueue(engine, lease_s=60, max_attempts=3)


@pytest.fixture
def owner(database_url: str) -> Iterator[OwnerLock]:
    lock = OwnerLock(database_url)
    lock.acquire()
    yield lock
    lock.close()


def row(engine: Engine, lease: Lease) -> ApplicationRow:
    found = Applications(engine).get(lease.resume_id)
    assert found is not None
    return found


def claim_again(jobs: JobQueue, engine: Engine, *, suspects: bool = False) -> ClaimedJob:
    make_due(engine)
    return jobs.claim(OWNER, Lane.ONLINE, 1, suspects=suspects)[0]


def test_a_claim_carries_everything_a_worker_needs(engine: Engine, jobs: JobQueue) -> None:
    """The stored upload, the first epoch and the first attempt."""
    new = new_application(job_post_id="nurse-7")
    Applications(engine).create(new)
    job = jobs.claim(OWNER, Lane.ONLINE, 10)[0]
    assert job.lease == Lease(new.id, 1)
    assert (job.attempt, job.suspicions, job.lane) == (1, 0, Lane.ONLINE)
    assert (job.upload.object_key, job.upload.sha256, job.upload.size, job.upload.job_post_id) == (
        new.object_key,
        new.content_sha256,
        new.size,
        "nurse-7",
    )
    assert row(engine, job.lease).status is Status.PROCESSING
    assert row(engine, job.lease).started_at is not None


def test_claims_go_by_priority_then_by_age(engine: Engine, jobs: JobQueue) -> None:
    """A lower priority number overtakes; equals keep their order; another lane is not touched."""
    first, second = created(engine, "first"), created(engine, "second")
    urgent = created(engine, "urgent", priority=-1)
    created(engine, "bulk", lane=Lane.BULK)
    taken = [job.lease.resume_id for job in jobs.claim(OWNER, Lane.ONLINE, 10)]
    assert taken == [urgent, first, second]
    assert len(jobs.claim(OWNER, Lane.BULK, 10)) == 1


def test_a_job_is_claimed_once(engine: Engine, jobs: JobQueue) -> None:
    """While a claim is still uncommitted, another claimer passes over its rows instead of waiting."""
    ids = {created(engine, str(n)) for n in range(4)}
    with engine.begin() as other:
        other.exec_driver_sql("SELECT 1 FROM jobs ORDER BY run_at LIMIT 2 FOR UPDATE")
        taken = {job.lease.resume_id for job in jobs.claim(OWNER, Lane.ONLINE, 10)}
    assert len(taken) == 2
    rest = {job.lease.resume_id for job in jobs.claim(OWNER + 1, Lane.ONLINE, 10)}
    assert taken | rest == ids
    assert jobs.claim(OWNER, Lane.ONLINE, 10) == []


def test_claimers_at_work_at_once_share_without_overlap(engine: Engine, jobs: JobQueue) -> None:
    """Four threads empty the queue in small bites: every job once, none left."""
    ids = {created(engine, str(n)) for n in range(120)}

    def work(owner: int) -> list[UUID]:
        mine: list[UUID] = []
        while taken := jobs.claim(owner, Lane.ONLINE, 7):
            mine += [job.lease.resume_id for job in taken]
        return mine

    with ThreadPoolExecutor(4) as pool:
        shares = list(pool.map(work, range(1, 5)))
    everything = [id_ for share in shares for id_ in share]
    assert len(everything) == len(ids)
    assert set(everything) == ids


def test_a_save_that_races_with_the_loss_of_its_lease_lands_once(engine: Engine, jobs: JobQueue) -> None:
    """Two workers, one job, real threads: one result, and it is that of the worker that was told SAVED."""
    results = PostgresResults(engine)
    for n in range(15):
        stale = claimed(engine, f"resume {n}").lease
        expire_lease(engine, stale.resume_id)

        def take_over(stale: Lease = stale) -> list[tuple[str, Verdict]]:
            jobs.reap(set())
            taken = jobs.claim(OWNER + 1, Lane.ONLINE, 1, suspects=True)
            return [("fresh", results.save([result(job.lease, name="fresh")])[0]) for job in taken]

        with ThreadPoolExecutor(2) as pool:
            fresh = pool.submit(take_over)
            old = pool.submit(results.save, [result(stale, name="stale")])
            verdicts = [("stale", old.result()[0]), *fresh.result()]
        if all(verdict is not Verdict.SAVED for _, verdict in verdicts):
            # The claim passed over a row that the stale save had locked just then; the next poll finds it.
            verdicts += take_over()
        saved = [name for name, verdict in verdicts if verdict is Verdict.SAVED]
        assert len(saved) == 1, verdicts
        profile = row(engine, stale).profile
        assert profile is not None
        assert profile["person"]["name"]["full"]["value"] == saved[0]


def test_only_what_a_claim_could_take_now_is_due(engine: Engine, jobs: JobQueue) -> None:
    """By lane, up to the limit: neither what runs, nor what waits for its time, nor suspects."""
    for _ in range(5):
        Applications(engine).create(new_application())
    assert [jobs.due(Lane.ONLINE, most=most) for most in (10, 3)] == [5, 3]
    assert jobs.due(Lane.BULK, most=10) == 0
    running, waiting = jobs.claim(OWNER, Lane.ONLINE, 2)
    jobs.wait(waiting.lease, reason="quota", seconds=60)
    assert jobs.due(Lane.ONLINE, most=10) == 3
    jobs.retry(running.lease, code="internal", detail="died", delay_s=0, suspect=True)
    assert jobs.due(Lane.ONLINE, most=10) == 3


def test_heartbeats_renew_only_what_is_still_held(engine: Engine, jobs: JobQueue) -> None:
    """A job taken away is missing from the answer, and that is how its worker learns of it."""
    kept, lost = claimed(engine, "kept"), claimed(engine, "lost")
    Applications(engine).erase(lost.lease.resume_id)
    sql(engine, "UPDATE jobs SET lease_until = now() WHERE state = 'running'")
    assert jobs.renew(OWNER) == {kept.lease} == jobs.held(OWNER)
    until = sql(
        engine, "SELECT extract(epoch FROM lease_until - now()) AS s FROM jobs WHERE state = 'running'"
    )
    assert 55 < until[0].s <= 60


def test_an_expired_lease_goes_back_as_a_suspect(engine: Engine, jobs: JobQueue) -> None:
    """It is due at once, but only for a worker that asks for suspects; the epoch then moves on."""
    job = claimed(engine)
    assert jobs.reap(set()) == 0
    expire_lease(engine, job.lease.resume_id)
    assert jobs.reap(set()) == 1
    assert jobs.claim(OWNER, Lane.ONLINE, 10) == []
    again = jobs.claim(OWNER, Lane.ONLINE, 10, suspects=True)[0]
    assert (again.lease.epoch, again.attempt, again.suspicions) == (2, 2, 1)


def test_a_dead_owners_jobs_return_at_once(engine: Engine, jobs: JobQueue, owner: OwnerLock) -> None:
    """A held lock means alive; a closed connection means dead, however fresh the lease."""
    job = claimed(engine, owner=owner.owner)
    assert jobs.dead_owners() == set()
    owner.close()
    eventually(lambda: jobs.dead_owners() == {owner.owner})
    assert jobs.reap(jobs.dead_owners()) == 1
    assert row(engine, job.lease).state is JobState.RETRY_WAIT
    assert jobs.dead_owners() == set()


def test_an_owner_whose_connection_was_cut_takes_its_lock_again(
    engine: Engine, jobs: JobQueue, owner: OwnerLock
) -> None:
    """The same id, so that its running jobs are its own still."""
    claimed(engine, owner=owner.owner)
    sql(
        engine,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'resumes-owner'",
    )
    assert not owner.held()
    owner.acquire()
    assert owner.held()
    assert jobs.dead_owners() == set()


def test_locks_lost_with_the_server_condemn_nobody_yet(engine: Engine, jobs: JobQueue) -> None:
    """A lease that was last renewed before the server's start waits for its owner to take its lock again."""
    job = claimed(engine)
    sql(engine, "UPDATE jobs SET lease_until = pg_postmaster_start_time() + interval '59 seconds'")
    started = sql(engine, "SELECT now() - pg_postmaster_start_time() < interval '5 seconds' AS fresh")[
        0
    ].fresh
    assert jobs.dead_owners() == (set() if started else {OWNER})
    assert job.lease.epoch == 1


def test_a_job_at_its_last_attempt_is_dead_when_its_worker_is_lost(engine: Engine, jobs: JobQueue) -> None:
    """Three lost workers are enough here; callers see `failed` with the code `internal`."""
    job = claimed(engine)
    for _ in range(2):
        expire_lease(engine, job.lease.resume_id)
        jobs.reap(set())
        job = claim_again(jobs, engine, suspects=True)
    expire_lease(engine, job.lease.resume_id)
    jobs.reap(set())
    end = row(engine, job.lease)
    assert (end.state, end.status, end.error_code) == (JobState.DEAD, Status.FAILED, "internal")


def test_three_deaths_alone_are_poison(engine: Engine, jobs: JobQueue) -> None:
    """The suspicion itself does not count, only deaths of a worker that held nothing else."""
    jobs = JobQueue(engine)
    job = claimed(engine)
    assert (
        jobs.retry(job.lease, code="replica-lost", detail="d", delay_s=0, suspect=True) is JobState.RETRY_WAIT
    )
    states = []
    for _ in range(3):
        job = claim_again(jobs, engine, suspects=True)
        states.append(jobs.retry(job.lease, code="replica-lost", detail="d", delay_s=0, died_alone=True))
    assert states == [JobState.RETRY_WAIT, JobState.RETRY_WAIT, JobState.DEAD]
    end = row(engine, job.lease)
    assert (end.status, end.error_code, end.error_detail) == (Status.FAILED, "poison", "d")


def test_waiting_burns_no_attempt_and_wakes_by_its_reason(engine: Engine, jobs: JobQueue) -> None:
    """A woken job is due now; one that waits for something else is not."""
    job, other = claimed(engine, "a"), claimed(engine, "b")
    assert jobs.wait(job.lease, reason="quota", seconds=500)
    assert jobs.wait(other.lease, reason="textract", seconds=900)
    seconds = jobs.seconds_to_next()
    assert seconds is not None
    assert 490 < seconds <= 500
    assert jobs.claim(OWNER, Lane.ONLINE, 10) == []
    assert jobs.wake("quota") == 1
    again = jobs.claim(OWNER, Lane.ONLINE, 10)
    assert [(one.lease, one.attempt) for one in again] == [(Lease(job.lease.resume_id, 2), 1)]
    assert row(engine, other.lease).reason == "textract"


def test_a_retry_waits_its_delay_and_counts(engine: Engine, jobs: JobQueue) -> None:
    """The third attempt of three is the last: the job is dead as `internal`."""
    job = claimed(engine)
    assert jobs.retry(job.lease, code="db", detail="gone", delay_s=30) is JobState.RETRY_WAIT
    assert jobs.claim(OWNER, Lane.ONLINE, 1) == []
    job = claim_again(jobs, engine)
    jobs.retry(job.lease, code="db", detail="gone", delay_s=30)
    job = claim_again(jobs, engine)
    assert jobs.retry(job.lease, code="db", detail="gone", delay_s=30) is JobState.DEAD
    assert (row(engine, job.lease).error_code, row(engine, job.lease).error_detail) == ("internal", "gone")
    assert jobs.seconds_to_next() is None


def test_release_leaves_no_trace_of_the_claim(engine: Engine, jobs: JobQueue) -> None:
    """Queued again, the attempt given back, callers see `queued`; a second release finds nothing."""
    job = claimed(engine)
    jobs.progress([(job.lease, Stage.READ)])
    assert jobs.release(OWNER, [job.lease]) == 1
    assert jobs.release(OWNER, [job.lease]) == 0
    again = row(engine, job.lease)
    assert (again.state, again.status, again.attempt, again.stage) == (
        JobState.QUEUED,
        Status.QUEUED,
        0,
        None,
    )


def test_failing_is_the_documents_fault_and_dying_is_ours(engine: Engine, jobs: JobQueue) -> None:
    """Both end the job with a code; neither can be repeated."""
    bad, ours = claimed(engine, "bad"), claimed(engine, "ours")
    assert jobs.fail(bad.lease, code="corrupt", detail="The document is damaged.")
    assert jobs.die(ours.lease, code="internal", detail="A bug.")
    assert (row(engine, bad.lease).state, row(engine, bad.lease).error_code) == (JobState.FAILED, "corrupt")
    assert (row(engine, ours.lease).state, row(engine, ours.lease).error_detail) == (JobState.DEAD, "A bug.")
    assert not jobs.fail(bad.lease, code="corrupt", detail="again")
    counts = jobs.counts()
    assert (counts[JobState.FAILED], counts[JobState.DEAD], counts[JobState.QUEUED]) == (1, 1, 0)


def test_no_move_works_with_a_stale_lease(engine: Engine, jobs: JobQueue) -> None:
    """The job runs again under a new epoch, and every method refuses the old one."""
    stale = claimed(engine).lease
    expire_lease(engine, stale.resume_id)
    jobs.reap(set())
    fresh = claim_again(jobs, engine, suspects=True).lease
    jobs.progress([(stale, Stage.EMBED)])
    assert not jobs.wait(stale, reason="r", seconds=1)
    assert jobs.retry(stale, code="c", detail="d", delay_s=0) is None
    assert not jobs.fail(stale, code="c", detail="d")
    assert not jobs.die(stale, code="c", detail="d")
    assert jobs.release(OWNER, [stale]) == 0
    assert jobs.held(OWNER) == {fresh}
    assert row(engine, fresh).stage is None


def test_progress_shows_the_last_stage_and_records_each(engine: Engine, jobs: JobQueue) -> None:
    """A batch with two stages of one job ends at the second; both are events."""
    one, two = claimed(engine, "one"), claimed(engine, "two")
    jobs.progress([(one.lease, Stage.READ), (two.lease, Stage.READ), (one.lease, Stage.GROUP)])
    assert (row(engine, one.lease).stage, row(engine, two.lease).stage) == ("group", "read")
    stages = [event.stage for event in Applications(engine).events(one.lease.resume_id) if event.stage]
    assert stages == ["read", "group"]
    jobs.progress([])


def test_cancelling_takes_the_lease_away(engine: Engine, jobs: JobQueue) -> None:
    """A running job is cancelled under its worker; what has ended cannot be."""
    job = claimed(engine)
    assert jobs.cancel(job.lease.resume_id)
    assert jobs.held(OWNER) == set()
    assert not jobs.fail(job.lease, code="c", detail="d")
    assert not jobs.cancel(job.lease.resume_id)
    assert row(engine, job.lease).status is Status.CANCELLED


def test_every_transition_leaves_an_event(engine: Engine, jobs: JobQueue) -> None:
    """From state, to state, epoch and reason, in order; `after` continues a stream."""
    job = claimed(engine)
    jobs.wait(job.lease, reason="quota", seconds=0)
    again = claim_again(jobs, engine)
    jobs.fail(again.lease, code="no-text", detail="d")
    events = Applications(engine).events(job.lease.resume_id)
    assert [(e.from_state, e.to_state, e.epoch, e.reason) for e in events] == [
        (None, "queued", 0, None),
        ("queued", "running", 1, None),
        ("running", "waiting", 1, "quota"),
        ("waiting", "running", 2, None),
        ("running", "failed", 2, "no-text"),
    ]
    rest = Applications(engine).events(job.lease.resume_id, after=events[2].id)
    assert rest == events[3:]


def test_a_session_that_idles_in_a_transaction_is_ended(database_url: str) -> None:
    """Every connection of ours carries the timeouts that keep one stuck worker from blocking the rest."""
    engine = open_engine(database_url, application_name="t")
    shown = {
        name: sql(engine, f"SELECT current_setting('{name}') AS value")[0].value
        for name in ("idle_in_transaction_session_timeout", "statement_timeout", "lock_timeout")
    }
    engine.dispose()
    assert shown == {
        "idle_in_transaction_session_timeout": "15s",
        "statement_timeout": "30s",
        "lock_timeout": "10s",
    }
