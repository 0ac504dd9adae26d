"""One suite for every object store."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from pipeline.adapters.directory import DirectoryStore
from pipeline.domain.errors import ObjectMissing, ObjectStoreUnavailable
from pipeline.ports import ObjectStore


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    """An empty store."""
    return DirectoryStore(tmp_path / "objects")


def put(store: ObjectStore, key: str, *pieces: bytes) -> None:
    writer = store.create(key)
    for piece in pieces:
        writer.write(piece)
    writer.commit()


def test_an_object_reads_back_as_it_was_written(store: ObjectStore) -> None:
    """In pieces and whole."""
    put(store, "resumes/a", b"one ", b"two")
    assert store.read("resumes/a") == b"one two"
    assert b"".join(store.stream("resumes/a")) == b"one two"


def test_an_object_is_invisible_before_its_commit(store: ObjectStore) -> None:
    """A reader never sees half an upload."""
    writer = store.create("resumes/a")
    writer.write(b"half")
    with pytest.raises(ObjectMissing):
        store.read("resumes/a")
    writer.abort()
    with pytest.raises(ObjectMissing):
        store.read("resumes/a")


def test_an_aborted_object_leaves_nothing_behind(tmp_path: Path) -> None:
    """Not even an unfinished file."""
    store = DirectoryStore(tmp_path)
    writer = store.create("resumes/a")
    writer.write(b"half")
    writer.abort()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_deleting_twice_is_no_error(store: ObjectStore) -> None:
    """Erasure may be tried again."""
    put(store, "resumes/a", b"x")
    store.delete("resumes/a")
    store.delete("resumes/a")
    with pytest.raises(ObjectMissing):
        store.read("resumes/a")


@pytest.mark.parametrize("key", ["../evil", "/etc/passwd", "resumes/../../x", "", "a//b", "resumes/a\x00"])
def test_a_key_cannot_leave_the_store(store: ObjectStore, key: str) -> None:
    """Keys are ours, and are checked all the same."""
    with pytest.raises(ObjectMissing):
        store.read(key)


def test_a_root_that_cannot_be_written_says_what_to_check(tmp_path: Path) -> None:
    """The sentence names the setting."""
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(ObjectStoreUnavailable, match="DATA_DIR"):
        DirectoryStore(blocked / "objects")


def test_only_old_unfinished_files_are_swept(tmp_path: Path) -> None:
    """What another upload is writing just now stays."""
    store = DirectoryStore(tmp_path)
    old = store.create("resumes/old")
    (unfinished,) = (tmp_path / ".unfinished").iterdir()
    day_before = time.time() - 25 * 3600
    os.utime(unfinished, (day_before, day_before))
    young = store.create("resumes/young")
    assert store.sweep_unfinished() == 1
    young.write(b"x")
    young.commit()
    old.abort()
    assert store.read("resumes/young") == b"x"
