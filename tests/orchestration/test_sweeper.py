"""The sweep, by a real database, of both stores."""

from __future__ import annotations

import os
import time
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from pipeline.adapters.aws.s3 import S3Store
from pipeline.adapters.directory import DirectoryStore
from pipeline.adapters.postgres.applications import Applications
from pipeline.adapters.postgres.ingestions import Ingestions
from pipeline.adapters.postgres.jobs import JobQueue
from pipeline.adapters.postgres.retention import RetentionPeriods
from pipeline.domain.errors import ConfigurationError, ObjectMissing
from pipeline.domain.ids import uuid7
from pipeline.domain.journey import Status
from pipeline.domain.retention import Retention
from pipeline.orchestration.core import sweeper
from pipeline.orchestration.core.sweeper import Sweeper
from pipeline.ports import ObjectStore
from pipeline.settings import load_settings
from tests.adapters.postgres.factories import claimed, created, sql
from tests.standins.aws import AwsStandIn

#: S3 tells whole seconds: an object looks up to one second older than it is, and a busy machine adds its own.
OLD_S = {"directory": 0.5, "s3": 3.0}


@pytest.fixture(params=["directory", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
    """An empty store, in which everything that `age` waited for counts as old."""
    monkeypatch.setattr(sweeper, "ORPHAN_AFTER_S", OLD_S[request.param])
    if request.param == "directory":
        return DirectoryStore(tmp_path)
    aws: AwsStandIn = request.getfixturevalue("aws")
    return S3Store(request.getfixturevalue("bucket"), aws.access)


FOR_GOOD = Retention()


def sweeping(store: ObjectStore, engine: Engine, retention: Retention = FOR_GOOD) -> Sweeper:
    return Sweeper(store, Applications(engine), Ingestions(engine), RetentionPeriods(engine, retention))


def put(store: ObjectStore, key: str) -> None:
    writer = store.create(key)
    writer.write(b"x")
    writer.commit()


def is_there(store: ObjectStore, key: str) -> bool:
    try:
        store.read(key)
    except ObjectMissing:
        return False
    return True


def keys_of(id_: UUID) -> tuple[str, str]:
    return f"resumes/{id_}", f"ocr/{id_}"


def age() -> None:
    time.sleep(sweeper.ORPHAN_AFTER_S + 0.1)


def test_an_object_without_a_row_is_removed_and_one_with_a_row_stays(
    engine: Engine, store: ObjectStore
) -> None:
    """The ingress died between the two; young objects may still get their row."""
    kept, orphan, young = created(engine), uuid7(), uuid7()
    for id_ in (kept, orphan):
        put(store, keys_of(id_)[0])
    age()
    put(store, keys_of(young)[0])
    report = sweeping(store, engine).sweep()
    assert (report.seen, report.orphans) == (2, 1)
    assert [is_there(store, keys_of(id_)[0]) for id_ in (kept, orphan, young)] == [True, False, True]


def test_pages_for_ocr_stay_while_their_resume_is_under_way(engine: Engine, store: ObjectStore) -> None:
    """An ended or unknown resume needs them no more."""
    running, unknown = claimed(engine).lease.resume_id, uuid7()
    for id_ in (running, unknown):
        put(store, keys_of(id_)[1])
    age()
    assert sweeping(store, engine).sweep().ocr_leftovers == 1
    assert [is_there(store, keys_of(id_)[1]) for id_ in (running, unknown)] == [True, False]


def test_an_archive_stays_until_its_members_are_stored(engine: Engine, store: ObjectStore) -> None:
    """Listed or half stored it is read again; stored, cancelled or unknown it is nobody's. Young ones stay."""
    ingestions = Ingestions(engine)
    changes = {
        "listing": "state = 'listing'",
        "storing": "state = 'running'",
        "stored": "state = 'running', stored_at = now()",
        "completed": "state = 'completed', stored_at = now()",
        "cancelled": "state = 'cancelled'",
        "rejected": "state = 'rejected'",
    }
    ids = {"unknown": uuid7()}
    for name, change in changes.items():
        ids[name] = ingestions.create("upload:a.zip", as_of_date=date(2026, 1, 31))
        sql(engine, f"UPDATE ingestions SET {change} WHERE id = :id", id=ids[name])
    for id_ in ids.values():
        put(store, f"archives/{id_}")
    age()
    ids["young"] = uuid7()
    put(store, f"archives/{ids['young']}")
    report = sweeping(store, engine).sweep()
    assert (report.seen, report.orphans, report.archives) == (7, 1, 4)
    left = {name for name, id_ in ids.items() if is_there(store, f"archives/{id_}")}
    assert left == {"listing", "storing", "young"}


def test_an_erasure_that_was_cut_short_is_finished(engine: Engine, store: ObjectStore) -> None:
    """The row is gone, the object was still there: not any more, however young it is."""
    id_ = created(engine)
    for key in keys_of(id_):
        put(store, key)
    Applications(engine).erase(id_)
    report = sweeping(store, engine).sweep()
    assert report.erasures == 1
    assert not any(is_there(store, key) for key in keys_of(id_))
    assert Applications(engine).unconfirmed_erasures() == []


def uploaded(engine: Engine, store: ObjectStore, days_ago: float, **changes: str) -> UUID:
    """An application with its object, uploaded so many days ago."""
    id_ = created(engine, f"uploaded {days_ago} days ago", **changes)
    put(store, keys_of(id_)[0])
    change = (
        "UPDATE applications SET created_at = now() - make_interval(secs => 86400 * :days) WHERE id = :id"
    )
    sql(engine, change, id=id_, days=days_ago)
    return id_


def still_there(engine: Engine, store: ObjectStore, ids: dict[str, UUID]) -> set[str]:
    """The names of those that are still there, of which row and object must tell the same."""
    applications = Applications(engine)
    rows = {name: applications.get(id_) for name, id_ in ids.items()}
    left = {name for name, row in rows.items() if row is not None and row.status != Status.ERASED}
    assert left == {name for name, id_ in ids.items() if is_there(store, keys_of(id_)[0])}
    return left


def test_resumes_are_erased_when_their_period_is_over(engine: Engine, store: ObjectStore) -> None:
    """A job post's own days replace the general ones, longer or shorter; null keeps for good."""
    ages = {"young": (29.9, None), "old": (30.1, None), "short": (8, "a"), "fresh": (6, "a")}
    ages |= {"long": (200, "b"), "too long": (400, "b"), "for good": (4000, "c"), "other": (31, "d")}
    ids = {
        name: uploaded(engine, store, days, **({"job_post_id": post} if post else {}))
        for name, (days, post) in ages.items()
    }
    sweeper = sweeping(store, engine, Retention(30, {"a": 7, "b": 365, "c": None}))
    assert sweeper.sweep(dry_run=True).expired == 4
    assert still_there(engine, store, ids) == set(ids)
    report = sweeper.sweep()
    assert (report.expired, report.erasures) == (4, 0)
    assert still_there(engine, store, ids) == {"young", "fresh", "long", "for good"}
    assert sweeper.sweep().expired == 0


def test_without_a_period_nothing_is_erased(engine: Engine, store: ObjectStore) -> None:
    """The default keeps resumes until somebody erases them."""
    ids = {"old": uploaded(engine, store, 10_000)}
    assert sweeping(store, engine).sweep().expired == 0
    assert still_there(engine, store, ids) == {"old"}


def test_a_period_ends_a_resume_under_way_too(engine: Engine, store: ObjectStore) -> None:
    """The lease that was held is lost: nothing is written after it."""
    job = claimed(engine)
    sql(engine, "UPDATE applications SET created_at = now() - interval '2 days'")
    assert sweeping(store, engine, Retention(1)).sweep().expired == 1
    assert not JobQueue(engine).fail(job.lease, code="corrupt", detail="too late")


def test_more_than_a_batch_expires_in_one_sweep(
    engine: Engine, store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an outage left behind is caught up with."""
    monkeypatch.setattr(sweeper, "_BATCH", 2)
    ids = {str(n): uploaded(engine, store, 2 + n) for n in range(5)}
    assert sweeping(store, engine, Retention(1)).sweep().expired == 5
    assert still_there(engine, store, ids) == set()


def test_members_that_became_no_resume_are_forgotten_too(engine: Engine, store: ObjectStore) -> None:
    """Their names may name a person; an ingestion that is still open keeps them."""
    ingestions = Ingestions(engine)
    ids = {
        name: ingestions.create(f"upload:{name}.zip", as_of_date=date(2026, 1, 31), job_post_id=post)
        for name, post in (("old", None), ("own", "a"), ("open", None))
    }
    for id_ in ids.values():
        sql(
            engine,
            "INSERT INTO ingestion_errors (ingestion_id, ordinal, name, outcome, code, detail)"
            " VALUES (:id, 0, 'ada_fiktiva.exe', 'skipped', 'unsupported-type', 'It is no resume.')",
            id=id_,
        )
    for name in ("old", "own"):
        change = "UPDATE ingestions SET completed_at = now() - interval '8 days' WHERE id = :id"
        sql(engine, change, id=ids[name])
    sweeping(store, engine, Retention(7, {"a": 30})).sweep()
    with engine.connect() as connection:
        left = connection.execute(text("SELECT ingestion_id FROM ingestion_errors")).scalars().all()
    assert set(left) == {ids["own"], ids["open"]}


@pytest.mark.parametrize("value", ["7", "[]", '{"a": 0}', '{"a": "7"}', '{"a": true}', '{"a": 36501}', "{"])
def test_a_period_that_is_none_is_refused_at_the_start(value: str) -> None:
    """Nobody finds out a month later that nothing was erased, or everything."""
    with pytest.raises(ConfigurationError, match="RETENTION_DAYS_BY_JOB_POST"):
        load_settings(retention_days_by_job_post=value)


def test_periods_come_from_the_settings() -> None:
    """And travel to the service's processes as they are."""
    settings = load_settings(retention_days=30, retention_days_by_job_post='{"a, b=c": 7, "x": null}')
    assert settings.retention == Retention(30, {"a, b=c": 7, "x": None})
    assert settings.environment()["RETENTION_DAYS_BY_JOB_POST"] == '{"a, b=c": 7, "x": null}'


def test_a_dry_run_only_counts(engine: Engine, store: ObjectStore) -> None:
    """Nothing is removed."""
    orphan = uuid7()
    put(store, keys_of(orphan)[0])
    age()
    assert sweeping(store, engine).sweep(dry_run=True).orphans == 1
    assert is_there(store, keys_of(orphan)[0])


def test_a_store_of_another_database_is_not_swept_empty(engine: Engine, tmp_path: Path) -> None:
    """A wrong DB_URL must not cost every original."""
    store = DirectoryStore(tmp_path)
    day_before = time.time() - 25 * 3600
    for _ in range(30):
        key = keys_of(uuid7())[0]
        put(store, key)
        os.utime(tmp_path / key, (day_before, day_before))
    with pytest.raises(ConfigurationError, match="DB_URL"):
        sweeping(store, engine).sweep()
    assert len(list(store.older_than(0))) == 30


def test_what_is_not_ours_is_left_alone(engine: Engine, tmp_path: Path) -> None:
    """Other people's objects may share the bucket."""
    store = DirectoryStore(tmp_path)
    put(store, "resumes/notes")
    os.utime(tmp_path / "resumes/notes", (1, 1))
    assert sweeping(store, engine).sweep().seen == 0
    assert is_there(store, "resumes/notes")
