"""Accepting, listing and erasing applications."""

from __future__ import annotations

import base64
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from pipeline.adapters.postgres.applications import Applications, NewApplication
from pipeline.adapters.postgres.engine import open_engine
from pipeline.adapters.postgres.idempotency import (
    AlreadyAnswered,
    Answered,
    HeldElsewhere,
    Hold,
    Idempotency,
    IdempotencyRef,
)
from pipeline.adapters.postgres.jobs import JobQueue
from pipeline.adapters.postgres.results import PostgresResults
from pipeline.domain.errors import DatabaseUnavailable
from pipeline.domain.ids import uuid7
from pipeline.domain.journey import JobState, Lane, Status
from pipeline.domain.result import Verdict
from tests.adapters.postgres.factories import OWNER, claimed, created, new_application, result, sha256, sql

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FAR_OFFSET = base64.urlsafe_b64encode(b'["0001-01-01T00:00:00+20:00", "x", false]').decode()


def test_ids_sort_by_birth_and_say_version_seven() -> None:
    """UUIDv7: version and variant bits, and time first."""
    first = uuid7()
    assert (first.version, first.variant) == (7, "specified in RFC 4122")
    assert abs((first.int >> 80) - (uuid7().int >> 80)) < 1_000


def test_an_accepted_upload_is_there_with_its_job(engine: Engine) -> None:
    """Application, job and first event are one transaction; the sender's words are kept."""
    new = new_application(email="Ada@Example.org ", external_id="x-1", job_post_id="nurse-7")
    Applications(engine).create(new)
    row = Applications(engine).get(new.id)
    assert row is not None
    assert (row.status, row.state, row.attempt, row.profile) == (Status.QUEUED, JobState.QUEUED, 0, None)
    assert (row.email, row.external_id, row.filename, row.as_of_date) == (
        "ada@example.org",
        "x-1",
        "ada.pdf",
        new.as_of_date,
    )
    assert row.created_at.tzinfo is not None
    assert Applications(engine).get(uuid7()) is None
    assert Applications(engine).text(new.id) is None


def test_a_failed_create_leaves_nothing_at_all(engine: Engine) -> None:
    """An idempotency key that was answered meanwhile takes the application and its job back with it."""
    key = IdempotencyRef(uuid7(), "k", "fingerprint")
    applications = Applications(engine)
    first, second = new_application(), new_application()
    applications.create(first, idempotency=key)
    with pytest.raises(AlreadyAnswered):
        applications.create(second, idempotency=key)
    assert applications.get(second.id) is None
    assert Idempotency(engine).begin(key.key_id, "k") == Answered(first.id, "fingerprint")


def begun(idempotency: Idempotency, key_id: UUID, key: str = "k") -> Hold:
    """The key, which is free."""
    hold = idempotency.begin(key_id, key)
    assert isinstance(hold, Hold)
    return hold


def time_is_over(engine: Engine) -> None:
    """Every hold has ended: nobody renewed it."""
    sql(engine, "UPDATE idempotency_keys SET expires_at = now() - interval '1 second'")


def test_one_request_of_many_with_one_key_is_new(engine: Engine) -> None:
    """Eight threads begin with the same key at once: one gets it, the others are told to wait, and for how long."""
    key_id, idempotency = uuid7(), Idempotency(engine, hold_s=60)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: idempotency.begin(key_id, "k"), range(8)))
    assert len([answer for answer in answers if isinstance(answer, Hold)]) == 1
    waits = [answer.left_s for answer in answers if isinstance(answer, HeldElsewhere)]
    assert len(waits) == 7
    assert all(0 < left_s <= 60 for left_s in waits)


def test_a_key_given_back_or_expired_is_new_again(engine: Engine) -> None:
    """Abandoned, or held past its time; but a done key stays done when its holder gives it back late."""
    key_id, idempotency = uuid7(), Idempotency(engine, hold_s=60)
    idempotency.abandon(begun(idempotency, key_id))
    begun(idempotency, key_id)
    time_is_over(engine)
    hold = begun(idempotency, key_id)
    new = new_application()
    Applications(engine).create(new, idempotency=IdempotencyRef(key_id, "k", "f"))
    idempotency.abandon(hold)
    assert idempotency.begin(key_id, "k") == Answered(new.id, "f")


def test_a_key_is_held_as_long_as_it_is_renewed(engine: Engine) -> None:
    """Also where its time was over before its holder came to renew it, and nobody had taken it."""
    key_id, idempotency = uuid7(), Idempotency(engine, hold_s=60)
    hold = begun(idempotency, key_id)
    time_is_over(engine)
    idempotency.renew(hold)
    assert isinstance(idempotency.begin(key_id, "k"), HeldElsewhere)


def test_a_key_that_nobody_renews_is_free_when_its_time_is_over(engine: Engine) -> None:
    """What a process leaves that is killed: no more than it was told when it asked."""
    key_id, idempotency = uuid7(), Idempotency(engine, hold_s=0.2)
    begun(idempotency, key_id)
    refused = idempotency.begin(key_id, "k")
    if isinstance(refused, HeldElsewhere):  # else this machine was too slow to see it held
        sql(engine, "SELECT pg_sleep(:s)", s=refused.left_s)
        begun(idempotency, key_id)


def test_who_has_lost_a_key_neither_renews_nor_gives_back_its_successors_hold(engine: Engine) -> None:
    """A holder that stalled for longer than its hold comes back; whoever of the two is first is the answer."""
    key_id, idempotency = uuid7(), Idempotency(engine, hold_s=60)
    lost = begun(idempotency, key_id)
    time_is_over(engine)
    successor = begun(idempotency, key_id)
    idempotency.abandon(lost)
    assert isinstance(idempotency.begin(key_id, "k"), HeldElsewhere)
    time_is_over(engine)
    idempotency.renew(lost)
    assert begun(idempotency, key_id).since > successor.since
    first, second = new_application(), new_application()
    applications, key = Applications(engine), IdempotencyRef(key_id, "k", "f")
    applications.create(first, idempotency=key)
    with pytest.raises(AlreadyAnswered):
        applications.create(second, idempotency=key)


def test_expired_keys_are_swept_as_new_ones_come(engine: Engine) -> None:
    """The table does not grow with keys that nobody may use any more."""
    idempotency = Idempotency(engine, hold_s=60)
    for n in range(5):
        idempotency.begin(uuid7(), str(n))
    time_is_over(engine)
    for n in range(3):
        idempotency.begin(uuid7(), f"new {n}")
    assert sql(engine, "SELECT count(*) AS n FROM idempotency_keys")[0].n == 3


def test_duplicates_are_equal_bytes_for_the_same_purpose_that_did_not_fail(engine: Engine) -> None:
    """The newest one; another job post, another external id, a failed or an erased one is none."""
    applications = Applications(engine)
    created(engine, job_post_id="a")
    newest = created(engine, job_post_id="a")
    created(engine, job_post_id="b")

    def found(job_post_id: str | None, external_id: str | None = None) -> UUID | None:
        return applications.find_duplicate(
            sha256("a resume"), job_post_id=job_post_id, external_id=external_id
        )

    assert found("a") == newest
    assert found(None) is None
    assert found("a", "x") is None
    failed = claimed(engine, job_post_id="c")
    JobQueue(engine).fail(failed.lease, code="corrupt", detail="d")
    assert found("c") is None
    applications.erase(newest)
    assert found("a") not in (None, newest)


def test_of_many_equal_creations_at_once_one_is_made(engine: Engine) -> None:
    """Whoever asks for no duplicate waits for the others, and answers the one that was made."""
    several = [new_application(job_post_id="7") for _ in range(8)]
    at_once = Barrier(len(several))

    def create(new: NewApplication) -> UUID:
        at_once.wait()
        return Applications(engine).create(new, unless_duplicate=True)

    with ThreadPoolExecutor(len(several)) as pool:
        ids = set(pool.map(create, several))
    assert [row.id for row in Applications(engine).list()[0]] == list(ids)


@pytest.mark.parametrize("status", ["failed", "erased"])
def test_one_that_failed_or_was_erased_is_no_duplicate(engine: Engine, status: str) -> None:
    """Nor does one for another job post or of another external id keep a new one from being made."""
    first = created(engine, job_post_id="7")
    if status == "erased":
        Applications(engine).erase(first)
    else:
        sql(engine, "UPDATE applications SET status = 'failed' WHERE id = :id", id=first)
    for new in (
        new_application(job_post_id="7"),
        new_application(job_post_id="8"),
        new_application(job_post_id="7", external_id="x"),
    ):
        assert Applications(engine).create(new, unless_duplicate=True) == new.id


def test_listing_pages_through_everything_once_newest_first(engine: Engine) -> None:
    """Rows with equal times are neither repeated nor left out at a page's edge."""
    ids = [created(engine, str(n)) for n in range(7)]
    sql(engine, "UPDATE applications SET created_at = date_trunc('day', now())")
    seen: list[UUID] = []
    cursor = None
    while True:
        rows, cursor = Applications(engine).list(cursor=cursor, limit=3)
        seen += [row.id for row in rows]
        if cursor is None:
            break
    assert seen == sorted(ids, reverse=True)


def test_listing_filters(engine: Engine) -> None:
    """By status, job post, e-mail in any case, and time; profiles stay out of listings."""
    job = claimed(engine, "done", job_post_id="a", email="Ada@example.org", external_id="x-1")
    PostgresResults(engine).save([result(job.lease)])
    other = created(engine, "other", job_post_id="b")
    applications, done = Applications(engine), job.lease.resume_id
    row = applications.get(done)
    assert row is not None

    def ids(**filters: object) -> list[UUID]:
        return [row.id for row in applications.list(**filters)[0]]  # type: ignore[arg-type]

    assert ids(status=[Status.COMPLETED]) == ids(job_post_id="a") == ids(email="ADA@example.org") == [done]
    assert ids(status=[Status.QUEUED]) == [other]
    assert ids(status=[Status.QUEUED, Status.COMPLETED]) == [other, done]
    assert ids(external_id="x-1") == [done]
    assert ids(external_id="X-1") == []
    assert ids(ingestion_id=uuid7()) == []
    assert ids(created_after=row.created_at) == [other, done]
    assert ids(created_before=row.created_at) == []
    assert ids(created_before=row.created_at + timedelta(microseconds=1)) == [done]
    assert applications.list(status=[Status.COMPLETED])[0][0].profile is None


def changes(engine: Engine, cursor: str | None = None, limit: int = 50) -> tuple[list[UUID], str | None]:
    rows, following = Applications(engine).list(updated_after=EPOCH, cursor=cursor, limit=limit)
    return [row.id for row in rows], following


def test_changes_come_in_order_and_once_each(engine: Engine) -> None:
    """Equal times at a page's edge included; the last page's cursor goes on with what changes later."""
    ids = [created(engine, str(n)) for n in range(5)]
    assert changes(engine) == ([], None)  # too young to be sure of
    sql(engine, "UPDATE applications SET updated_at = now() - interval '1 hour'")
    first, cursor = changes(engine, limit=3)
    rest, cursor = changes(engine, cursor, limit=3)
    assert first + rest == sorted(ids)
    assert changes(engine, cursor) == ([], cursor)
    sql(engine, "UPDATE applications SET updated_at = now() - interval '1 minute' WHERE id = :id", id=ids[2])
    assert changes(engine, cursor)[0] == [ids[2]]
    since = datetime.now(UTC) - timedelta(minutes=30)
    assert [row.id for row in Applications(engine).list(updated_after=since)[0]] == [ids[2]]


def test_a_change_that_is_not_committed_yet_is_not_passed(engine: Engine) -> None:
    """It carries the time at which its transaction began: whoever has read on to later ones would never see it."""
    slow, quick = created(engine, "slow"), created(engine, "quick")
    change = text("UPDATE applications SET updated_at = now() WHERE id = :id")
    sql(engine, "UPDATE applications SET updated_at = now() - interval '1 hour'")
    _, cursor = changes(engine)
    with engine.connect() as connection, connection.begin():
        connection.execute(change, {"id": slow})
        sql(engine, "UPDATE applications SET updated_at = now() WHERE id = :id", id=quick)
        settled = text("SELECT now() > updated_at + interval '1 second' FROM applications WHERE id = :id")
        while True:
            with engine.connect() as other:
                if other.execute(settled, {"id": quick}).scalar_one():
                    break
            time.sleep(0.05)
        assert changes(engine, cursor) == ([], cursor)
    assert changes(engine, cursor)[0] == [slow, quick]


def test_a_cursor_of_the_list_is_none_of_the_changes(engine: Engine) -> None:
    """Nor the other way round: it would point at another order."""
    for n in range(3):
        created(engine, str(n))
    sql(engine, "UPDATE applications SET updated_at = now() - interval '1 hour'")
    of_list = Applications(engine).list(limit=1)[1]
    of_changes = changes(engine, limit=1)[1]
    with pytest.raises(ValueError, match="cursor"):
        Applications(engine).list(cursor=of_changes)
    with pytest.raises(ValueError, match="cursor"):
        changes(engine, of_list)


@pytest.mark.parametrize(
    "cursor", [FAR_OFFSET, "", "x", "é", "WzEsMl0", "bnVsbA", "WyIyMDI2LTAxLTAxIiwgIngiXQ", "=" * 9]
)
def test_a_cursor_that_is_not_ours_is_a_value_error(engine: Engine, cursor: str) -> None:
    """Whatever a caller sends as a cursor, it is never a server error."""
    with pytest.raises(ValueError, match="cursor"):
        Applications(engine).list(cursor=cursor)


def test_erasing_leaves_a_receipt_and_nothing_personal(engine: Engine) -> None:
    """Profile, text, chunks, names and idempotency answers go; a second call answers the same receipt."""
    applications = Applications(engine)
    new = new_application(email="ada@example.org", external_id="x-1")
    key = IdempotencyRef(uuid7(), "k", "f")
    applications.create(new, idempotency=key)
    job = JobQueue(engine).claim(OWNER, Lane.ONLINE, 1)[0]
    PostgresResults(engine).save([result(job.lease, "one", "two")])
    receipt = applications.erase(new.id)
    assert receipt is not None
    assert (receipt.profile, receipt.text, receipt.chunks, receipt.idempotency_answers) == (True, True, 2, 1)
    assert receipt.object_key == new.object_key
    assert applications.erase(new.id) == receipt
    row = applications.get(new.id)
    assert row is not None
    assert (row.status, row.state) == (Status.ERASED, JobState.ERASED)
    assert [row.profile, row.email, row.external_id, row.filename, row.stage] == [None] * 5
    assert applications.text(new.id) is None
    assert sql(engine, "SELECT count(*) AS n FROM chunks")[0].n == 0
    assert isinstance(Idempotency(engine).begin(key.key_id, "k"), Hold)
    assert applications.erase(uuid7()) is None


def test_the_object_of_an_erased_application_is_remembered_until_it_is_gone(engine: Engine) -> None:
    """A crash between commit and deletion leaves a list for the sweeper."""
    applications = Applications(engine)
    id_ = created(engine)
    applications.confirm_object_erased(id_)
    applications.erase(id_)
    assert applications.unconfirmed_erasures() == [(id_, f"resumes/{id_}")]
    applications.confirm_object_erased(id_)
    assert applications.unconfirmed_erasures() == []
    receipt = applications.erase(id_)
    assert receipt is not None
    assert receipt.object_key is None


def test_nothing_reappears_after_an_erasure_mid_run(engine: Engine) -> None:
    """The worker that was running when its resume was erased cannot save."""
    job = claimed(engine)
    Applications(engine).erase(job.lease.resume_id)
    assert PostgresResults(engine).save([result(job.lease)]) == [Verdict.LEASE_LOST]
    assert JobQueue(engine).renew(OWNER) == set()
    assert sql(engine, "SELECT count(*) AS n FROM chunks")[0].n == 0


@pytest.mark.parametrize("_round", range(5))
def test_erasing_and_saving_at_once_leaves_nothing(engine: Engine, _round: int) -> None:
    """Whichever of the two comes first, the application ends empty."""
    job = claimed(engine)
    with ThreadPoolExecutor(2) as pool:
        saving = pool.submit(PostgresResults(engine).save, [result(job.lease)])
        erasing = pool.submit(Applications(engine).erase, job.lease.resume_id)
        assert erasing.result() is not None
        assert saving.result()[0] in (Verdict.SAVED, Verdict.LEASE_LOST)
    row = Applications(engine).get(job.lease.resume_id)
    assert row is not None
    assert (row.status, row.profile) == (Status.ERASED, None)
    assert sql(engine, "SELECT count(*) AS n FROM chunks")[0].n == 0


def test_the_backlog_counts_what_is_unfinished_in_its_lane(engine: Engine) -> None:
    """Queued and running count, ended and other lanes do not."""
    created(engine, "queued")
    JobQueue(engine).fail(claimed(engine, "failed").lease, code="corrupt", detail="d")
    created(engine, "bulk", lane=Lane.BULK)
    applications = Applications(engine)
    assert (applications.backlog(Lane.ONLINE), applications.backlog(Lane.BULK)) == (1, 1)


def test_ping_answers_within_two_seconds_either_way(engine: Engine) -> None:
    """A live database is silent; a server that is not there, or a pool that is used up, is DatabaseUnavailable."""
    Applications(engine).ping()
    nowhere = open_engine("postgresql://postgres@/resumes?host=/tmp/no-such-directory", application_name="t")
    with pytest.raises(DatabaseUnavailable):
        Applications(nowhere).ping()
    busy = open_engine(str(engine.url.render_as_string(False)), application_name="t", pool_size=1)
    with busy.connect(), pytest.raises(DatabaseUnavailable, match="2 s"):
        Applications(busy).ping()
    busy.dispose()
