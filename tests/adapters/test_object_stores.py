"""One suite for every object store."""

from __future__ import annotations

import base64
import hashlib
import os
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipeline.adapters.aws.access import AwsAccess
from pipeline.adapters.aws.s3 import PART, S3Store
from pipeline.adapters.directory import DirectoryStore
from pipeline.domain.errors import ObjectMissing, ObjectStoreUnavailable
from pipeline.ports import ObjectStore
from tests.standins.aws import AwsStandIn


@pytest.fixture(params=["directory", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    """An empty store."""
    if request.param == "directory":
        return DirectoryStore(tmp_path / "objects")
    aws: AwsStandIn = request.getfixturevalue("aws")
    return S3Store(request.getfixturevalue("bucket"), aws.access)


@pytest.fixture
def s3_store(aws: AwsStandIn, bucket: str) -> S3Store:
    """An empty bucket."""
    return S3Store(bucket, aws.access)


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


def test_old_objects_are_listed_and_young_ones_are_not(store: ObjectStore) -> None:
    """By when they were stored; unfinished ones are none."""
    put(store, "resumes/a", b"x")
    put(store, "ocr/a", b"x")
    store.create("resumes/b").write(b"half")
    assert list(store.older_than(3600)) == []
    time.sleep(1.1)
    assert sorted(store.older_than(0.05)) == ["ocr/a", "resumes/a"]


def test_a_store_that_works_says_so(store: ObjectStore) -> None:
    """The check passes, and sweeping an empty store finds nothing."""
    store.check()
    assert store.sweep_unfinished() == 0


def test_a_large_object_goes_in_parts(s3_store: S3Store, aws: AwsStandIn, bucket: str) -> None:
    """More than one part of 8 MiB: a multipart upload, the same bytes."""
    content = os.urandom(2 * PART + 12345)
    put(s3_store, "resumes/big", content[:100], content[100 : PART + 5], content[PART + 5 :])
    assert s3_store.read("resumes/big") == content
    etag = aws.client("s3").head_object(Bucket=bucket, Key="resumes/big")["ETag"]
    assert etag.strip('"').endswith("-3"), "S3 counts the parts behind the dash"


def test_an_aborted_large_object_leaves_no_parts_behind(
    s3_store: S3Store, aws: AwsStandIn, bucket: str
) -> None:
    """Parts that nobody completes are paid for every month."""
    writer = s3_store.create("resumes/big")
    writer.write(b"x" * (PART + 1))
    writer.abort()
    assert "Uploads" not in aws.client("s3").list_multipart_uploads(Bucket=bucket)


def test_of_many_writers_of_one_key_one_wins(s3_store: S3Store) -> None:
    """Nothing that is there is ever replaced; a repeat of the very same bytes is no conflict."""

    def write(number: int) -> bool:
        try:
            put(s3_store, "resumes/one", b"%d" % number)
        except ObjectStoreUnavailable:
            return False
        return True

    with ThreadPoolExecutor(10) as pool:
        won = list(pool.map(write, range(10)))
    assert won.count(True) == 1
    assert s3_store.read("resumes/one") == b"%d" % won.index(True)
    put(s3_store, "resumes/one", b"%d" % won.index(True))


def test_every_version_is_deleted_and_no_other_key(aws: AwsStandIn) -> None:
    """Also delete markers; keys that begin alike stay."""
    bucket = aws.create_bucket(f"versioned-{time.monotonic_ns()}", versioned=True)
    store, s3 = S3Store(bucket, aws.access), aws.client("s3")
    put(store, "resumes/a", b"1")
    s3.put_object(Bucket=bucket, Key="resumes/a", Body=b"2")
    s3.delete_object(Bucket=bucket, Key="resumes/a")
    put(store, "resumes/ab", b"other")
    store.delete("resumes/a")
    left = s3.list_object_versions(Bucket=bucket)
    assert [version["Key"] for version in left["Versions"]] == ["resumes/ab"]
    assert "DeleteMarkers" not in left


def test_objects_are_encrypted_as_configured(aws: AwsStandIn, bucket: str) -> None:
    """Both ways of writing ask for it."""
    store = S3Store(bucket, aws.access, encryption="aws:kms", kms_key_id="alias/resumes")
    put(store, "resumes/small", b"x")
    put(store, "resumes/big", b"x" * (PART + 1))
    for key in ("resumes/small", "resumes/big"):
        head = aws.client("s3").head_object(Bucket=bucket, Key=key)
        assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", "alias/resumes")


def test_checksum_and_condition_are_on_the_wire(s3_store: S3Store) -> None:
    """S3 compares the bytes with their SHA-256, and replaces nothing."""
    sent: dict[str, str] = {}

    def look(request: Any, **_: object) -> None:
        sent.update({name.lower(): str(value) for name, value in request.headers.items()})

    s3_store._s3.meta.events.register("before-send.s3.PutObject", look)
    put(s3_store, "resumes/a", b"content")
    digest = base64.b64encode(hashlib.sha256(b"content").digest()).decode()
    assert sent["x-amz-checksum-sha256"].strip("b'") == digest
    assert sent["if-none-match"].strip("b'") == "*"


def test_a_presigned_url_downloads_an_attachment(s3_store: S3Store) -> None:
    """Under its own name, without credentials."""
    put(s3_store, "resumes/a", b"content")
    url = s3_store.presigned_url("resumes/a", filename="résumé.pdf", seconds=60)
    assert url is not None
    answer = httpx.get(url)
    assert answer.content == b"content"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "r%C3%A9sum%C3%A9.pdf" in answer.headers["Content-Disposition"]


def test_a_bucket_that_is_not_there_says_what_to_do(aws: AwsStandIn) -> None:
    """An outage of ours, never a missing original."""
    store = S3Store("no-such-bucket", aws.access)
    for call in (store.check, lambda: put(store, "resumes/a", b"x"), lambda: store.read("resumes/a")):
        with pytest.raises(ObjectStoreUnavailable, match="AWS_S3_BUCKET_NAME"):
            call()


def test_an_endpoint_that_is_not_there_is_noticed_soon() -> None:
    """The sentence names what to check, and no secret."""
    store = S3Store("b", AwsAccess("id", "hush-hush", None, "eu-central-1", "http://127.0.0.1:9"))
    started = time.monotonic()
    with pytest.raises(ObjectStoreUnavailable, match="AWS_ENDPOINT_URL") as error:
        store.check()
    assert time.monotonic() - started < 3
    assert "hush" not in error.value.message


def test_abandoned_parts_are_swept_after_their_time(
    s3_store: S3Store, aws: AwsStandIn, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A young upload goes on. The stand-in dates every upload to 2010, so it is the time that differs here."""
    s3_store.create("resumes/big").write(b"x" * (PART + 1))
    with monkeypatch.context() as patched:
        patched.setattr("pipeline.adapters.aws.s3._ABANDONED_AFTER", timedelta(days=36500))
        assert s3_store.sweep_unfinished() == 0
    assert s3_store.sweep_unfinished() == 1
    assert "Uploads" not in aws.client("s3").list_multipart_uploads(Bucket=bucket)


def test_deleting_what_nobody_may_delete_is_an_error(
    s3_store: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S3 answers 200 to a bulk delete whose every object it refused: that must not pass as erased."""
    put(s3_store, "resumes/a", b"x")
    refused = {"Errors": [{"Key": "resumes/a", "Code": "AccessDenied"}]}
    monkeypatch.setattr(s3_store._s3, "delete_objects", lambda **_: refused)
    with pytest.raises(ObjectStoreUnavailable, match="DeleteObjectVersion"):
        s3_store.delete("resumes/a")
