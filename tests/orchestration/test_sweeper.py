"""The sweep, by a real database, of both stores."""

from __future__ import annotations

import os
import time
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine

from pipeline.adapters.directory import DirectoryStore
from pipeline.adapters.postgres.applications import Applications
from pipeline.adapters.postgres.ingestions import Ingestions
from pipeline.adapters.s3 import S3Store
from pipeline.domain.errors import ConfigurationError, ObjectMissing
from pipeline.domain.ids import uuid7
from pipeline.orchestration import sweeper
from pipeline.orchestration.sweeper import Sweeper
from pipeline.ports import ObjectStore
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


def sweeping(store: ObjectStore, engine: Engine) -> Sweeper:
    return Sweeper(store, Applications(engine), Ingestions(engine))


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
    running, unknown = claimed(engine).lease.application_id, uuid7()
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
