"""The sweep, by a real database, of both stores."""

from __future__ import annotations

import os
import time
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine

from pipeline.adapters.directory import DirectoryStore
from pipeline.adapters.postgres.applications import Applications
from pipeline.adapters.s3 import S3Store
from pipeline.domain.errors import ConfigurationError, ObjectMissing
from pipeline.domain.ids import uuid7
from pipeline.orchestration import sweeper
from pipeline.orchestration.sweeper import Sweeper
from pipeline.ports import ObjectStore
from tests.adapters.postgres.factories import claimed, created
from tests.standins.aws import AwsStandIn

#: S3 tells whole seconds: an object looks up to one second older than it is, and a busy machine adds its own.
OLD_S = 3.0


@pytest.fixture(params=["directory", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
    """An empty store, in which everything older than `OLD_S` counts as old."""
    monkeypatch.setattr(sweeper, "ORPHAN_AFTER_S", OLD_S)
    if request.param == "directory":
        return DirectoryStore(tmp_path)
    aws: AwsStandIn = request.getfixturevalue("aws")
    return S3Store(request.getfixturevalue("bucket"), aws.access)


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
    time.sleep(OLD_S + 0.1)


def test_an_object_without_a_row_is_removed_and_one_with_a_row_stays(
    engine: Engine, store: ObjectStore
) -> None:
    """The ingress died between the two; young objects may still get their row."""
    kept, orphan, young = created(engine), uuid7(), uuid7()
    for id_ in (kept, orphan):
        put(store, keys_of(id_)[0])
    age()
    put(store, keys_of(young)[0])
    report = Sweeper(store, Applications(engine)).sweep()
    assert (report.seen, report.orphans) == (2, 1)
    assert [is_there(store, keys_of(id_)[0]) for id_ in (kept, orphan, young)] == [True, False, True]


def test_pages_for_ocr_stay_while_their_resume_is_under_way(engine: Engine, store: ObjectStore) -> None:
    """An ended or unknown resume needs them no more."""
    running, unknown = claimed(engine).lease.application_id, uuid7()
    for id_ in (running, unknown):
        put(store, keys_of(id_)[1])
    age()
    assert Sweeper(store, Applications(engine)).sweep().ocr_leftovers == 1
    assert [is_there(store, keys_of(id_)[1]) for id_ in (running, unknown)] == [True, False]


def test_an_erasure_that_was_cut_short_is_finished(engine: Engine, store: ObjectStore) -> None:
    """The row is gone, the object was still there: not any more, however young it is."""
    id_ = created(engine)
    for key in keys_of(id_):
        put(store, key)
    Applications(engine).erase(id_)
    report = Sweeper(store, Applications(engine)).sweep()
    assert report.erasures == 1
    assert not any(is_there(store, key) for key in keys_of(id_))
    assert Applications(engine).unconfirmed_erasures() == []


def test_a_dry_run_only_counts(engine: Engine, store: ObjectStore) -> None:
    """Nothing is removed."""
    orphan = uuid7()
    put(store, keys_of(orphan)[0])
    age()
    assert Sweeper(store, Applications(engine)).sweep(dry_run=True).orphans == 1
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
        Sweeper(store, Applications(engine)).sweep()
    assert len(list(store.older_than(0))) == 30


def test_what_is_not_ours_is_left_alone(engine: Engine, tmp_path: Path) -> None:
    """Other people's objects may share the bucket."""
    store = DirectoryStore(tmp_path)
    put(store, "resumes/notes")
    os.utime(tmp_path / "resumes/notes", (1, 1))
    assert Sweeper(store, Applications(engine)).sweep().seen == 0
    assert is_there(store, "resumes/notes")
