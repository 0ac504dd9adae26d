"""POST /ingestions: sources that are named, archives that are brought, and what is wrong with either."""

from __future__ import annotations

import gzip
import io
import socket
import tarfile
import threading
import time
import zipfile
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from pipeline.adapters.aws.s3 import S3Store
from pipeline.adapters.directory import DirectoryStore
from pipeline.adapters.postgres.ingestion_work import IngestionWork
from pipeline.domain.errors import DatabaseUnavailable
from pipeline.settings import Settings
from resumes_client import Client, Retry
from serve_app import keeping
from serve_app.problems import Problem
from serve_app.source_policy import checked_source
from tests.adapters.postgres.factories import OWNER, sql
from tests.adapters.postgres.ingestion_factories import reject_next
from tests.serve_app.conftest import Service, Start
from tests.serve_app.samples import FORM_TYPE, PDF, form, part, read_answer, request_head
from tests.serve_app.test_ingestions import is_problem
from tests.serve_app.test_outages import HookedStore, is_unavailable, refusing_connections
from tests.serve_app.test_raw_uploads import wait_for
from tests.serve_app.test_uploads import upload
from tests.standins.aws import AwsStandIn


def zipped(*names: str) -> bytes:
    """A .zip of small PDFs."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), PDF)  # of a fixed time: the same names, the same bytes
    return out.getvalue()


def tarred(*names: str, format: int = tarfile.PAX_FORMAT) -> bytes:  # noqa: A002
    """A .tar of small PDFs."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format) as archive:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = len(PDF)
            archive.addfile(member, io.BytesIO(PDF))
    return out.getvalue()


def bring(client: httpx.Client, content: bytes, name: str = "cvs.zip", **fields: str) -> httpx.Response:
    return client.post("/ingestions", files={"file": (name, content)}, data=fields)


def begun(service: Service) -> list[Any]:
    return service.services.ingestions.list()[0]


@pytest.fixture
def with_bucket(start: Start) -> Service:
    """A service that may read one folder of another bucket, and its own bucket."""
    return start(aws_s3_bucket_name="own", ingest_s3_prefixes="s3://cvs/allowed, s3://own")


# Named sources


def test_a_named_source_is_durable_when_it_is_answered(with_bucket: Service) -> None:
    """202 with its place; whoever ingests finds it, with its job post."""
    with with_bucket.client("upload", "read") as client:
        answer = client.post(
            "/ingestions", json={"source": "s3://cvs/allowed/2026/", "job_post_id": " nurse-7 "}
        )
        body = answer.json()
        assert answer.status_code == 202
        assert UUID(body["id"]).version == 7
        assert body["state"] == "listing"
        assert answer.headers["location"] == body["links"]["self"] == f"/ingestions/{body['id']}"
        assert int(answer.headers["retry-after"]) >= 1
        assert client.get(body["links"]["self"]).json()["job_post_id"] == "nurse-7"
    listing = IngestionWork(with_bucket.engine).claim_listing(OWNER)
    assert listing is not None
    assert (str(listing.ingestion_id), listing.source, listing.object_key) == (
        body["id"],
        "s3://cvs/allowed/2026/",
        None,
    )


def test_the_client_begins_and_follows_an_ingestion(with_bucket: Service, tmp_path: Path) -> None:
    """By name and by archive."""
    client = Client(with_bucket.url, with_bucket.token(), retry=Retry(within=5))
    named = client.ingest("s3://cvs/allowed/a.zip", job_post_id="7")
    assert client.ingestion(named["id"])["source"] == "s3://cvs/allowed/a.zip"
    archive = tmp_path / "cvs.zip"
    archive.write_bytes(zipped("ada.pdf"))
    brought = client.ingest_archive(archive, job_post_id="7")
    assert client.ingestion(brought["id"])["source"] == "upload:cvs.zip"
    client.close()


BAD_BODIES: dict[str, tuple[Any, int, str]] = {
    "no JSON": (b"{", 400, "bad-request"),
    "nothing": (b"", 400, "bad-request"),
    "not UTF-8": (b'{"source": "s3://own/\xff"}', 400, "bad-request"),
    "half a surrogate pair": (b'{"source": "s3://own/\\ud800"}', 400, "bad-request"),
    "NUL in the source": (b'{"source": "s3://own/a\\u0000b"}', 400, "bad-request"),
    "NUL in the job post": (b'{"source": "s3://own/a/", "job_post_id": "\\u0000"}', 400, "bad-request"),
    "a list": (b"[]", 422, "invalid"),
    "no source": (b"{}", 422, "invalid"),
    "a source that is null": (b'{"source": null}', 422, "invalid"),
    "a source that is a number": (b'{"source": 7}', 422, "invalid"),
    "an empty source": (b'{"source": ""}', 422, "invalid"),
    "an overlong source": (b'{"source": "s3://own/%s"}' % (b"a" * 1200), 422, "invalid"),
    "an overlong job post": (
        b'{"source": "s3://own/a/", "job_post_id": "%s"}' % (b"7" * 201),
        422,
        "invalid",
    ),
    "an unknown field": (b'{"source": "s3://own/a/", "webhook_url": "https://a.example"}', 422, "invalid"),
    "far too much": (b'{"source": "' + b"a" * 100_000 + b'"}', 413, "too-large"),
}


@pytest.mark.parametrize("case", BAD_BODIES)
def test_a_bad_body_begins_nothing(service: Service, client: httpx.Client, case: str) -> None:
    """Each has its status and type."""
    body, status, slug = BAD_BODIES[case]
    is_problem(
        client.post("/ingestions", content=body, headers={"Content-Type": "application/json"}), status, slug
    )
    assert begun(service) == []


@pytest.mark.parametrize(
    ("content_type", "headers", "status", "slug"),
    [
        ("application/zip", {}, 415, "unsupported-type"),
        ("text/plain", {}, 415, "unsupported-type"),
        ("", {}, 415, "unsupported-type"),
        ("application/json", {"Content-Encoding": "gzip"}, 415, "unsupported-type"),
        (FORM_TYPE, {"Content-Encoding": "gzip"}, 415, "unsupported-type"),
        ("multipart/form-data", {}, 400, "bad-request"),
    ],
)
def test_other_content_is_refused_before_it_is_read(
    shared: Service, content_type: str, headers: dict[str, str], status: int, slug: str
) -> None:
    """JSON or a form, as it is."""
    with shared.client("upload") as client:
        answer = client.post(
            "/ingestions", content=zipped("ada.pdf"), headers={"Content-Type": content_type, **headers}
        )
    is_problem(answer, status, slug)


OUTSIDE = [
    "/etc/passwd",
    "../cvs.zip",
    "file:///etc/passwd",
    "https://s3.example.org/cvs/allowed/a.zip",
    "http://169.254.169.254/latest/",
    "S3://cvs/allowed/a.zip",
    "s3:/cvs/allowed/a.zip",
    "s3://",
    "s3:///allowed/a.zip",
    "s3://cvs",
    "s3://cvs/",
    "s3://cvs/other/",
    "s3://cvs/allowed-evil/a.zip",
    "s3://cvs/allowed.zip",
    "s3://cvs/Allowed/a.zip",
    "s3://cvs/allowed/../other/",
    "s3://cvs/allowed/..",
    "s3://cvs/allowed/./a.zip",
    "s3://cvs/x/../allowed/a.zip",
    "s3://cvs//allowed/a.zip",
    "s3://cvs-evil/allowed/a.zip",
    "s3://user@cvs/allowed/a.zip",
    "s3://cvs:443/allowed/a.zip",
    "s3://cvs%2fallowed/a.zip",
    "s3://CVS/allowed/a.zip",
    "s3://cvs/allowed/a\nb.zip",
    " s3://cvs/allowed/a.zip",
    "s3://own/",
    "s3://own/resumes/",
    "s3://own/resumes",
    "s3://own/resumes/0197a3c1-6f2e-7c3a-9d53-2f6f4f7f0a11",
    "s3://own/ocr/",
    "s3://own/archives/x",
]
INSIDE = [
    "s3://cvs/allowed",
    "s3://cvs/allowed/",
    "s3://cvs/allowed/a.zip",
    "s3://cvs/allowed/2026/ä ö..pdf",
    "s3://own/inbox/",
    "s3://own/resumes-2025/a.tar.gz",
    "s3://own/inbox/resumes/",
]


@pytest.mark.parametrize("source", OUTSIDE)
def test_a_source_outside_what_may_be_read_is_invalid(with_bucket: Service, source: str) -> None:
    """Other buckets and folders, names that only begin alike, dots, other schemes, our own folders."""
    with with_bucket.client("upload") as client:
        problem = is_problem(client.post("/ingestions", json={"source": source}), 422, "invalid")
    assert problem["errors"][0]["field"] == "source"
    assert problem["detail"].endswith(".")
    assert begun(with_bucket) == []


@pytest.mark.parametrize("source", INSIDE)
def test_a_source_within_what_may_be_read_is_taken(with_bucket: Service, source: str) -> None:
    """A folder's contents, at any depth, as they are named."""
    with with_bucket.client("upload") as client:
        assert client.post("/ingestions", json={"source": source}).status_code == 202
    assert [row.source for row in begun(with_bucket)] == [source]


@pytest.mark.parametrize(
    ("settings", "source", "taken"),
    [
        ({}, "s3://own/inbox/", False),
        ({"aws_s3_bucket_name": "own"}, "s3://own/inbox/", True),
        ({"aws_s3_bucket_name": "own"}, "s3://own/resumes/", False),
        ({"aws_s3_bucket_name": "own"}, "s3://cvs/inbox/", False),
        ({"aws_s3_bucket_name": "own", "ingest_s3_prefixes": "s3://cvs/"}, "s3://own/inbox/", False),
        (
            {"aws_s3_bucket_name": "own", "ingest_s3_prefixes": "s3://own/resumes/"},
            "s3://own/resumes/x",
            False,
        ),
        ({"ingest_s3_prefixes": "s3://cvs/"}, "s3://cvs/", True),
        ({"ingest_s3_prefixes": "s3://cvs"}, "s3://cvs/resumes/", True),
        ({"ingest_s3_prefixes": "s3://cvs/a.zip"}, "s3://cvs/a.zip", True),
        ({"ingest_s3_prefixes": "s3://cvs/a.zip"}, "s3://cvs/a.zip2", False),
        ({"ingest_s3_prefixes": "s3://cvs/a/"}, "s3://cvs/a", False),
        ({"ingest_s3_prefixes": " , "}, "s3://cvs/a/", False),
    ],
)
def test_what_may_be_read_is_the_operators_choice(settings: dict[str, str], source: str, taken: bool) -> None:
    """Unset, the service's own bucket; set, just what is listed; never the service's own folders."""
    known = Settings(_env_file=None, **settings)  # type: ignore[arg-type]
    if taken:
        assert checked_source(source, known) == source
    else:
        with pytest.raises(Problem) as refusal:
            checked_source(source, known)
        assert refusal.value.kind.slug == "invalid"


# Archives that are brought


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cvs.zip", zipped("ada.pdf")),
        ("empty.zip", zipped()),
        ("cvs.tar", tarred("ada.pdf")),
        ("old.tar", tarred("ada.pdf", format=tarfile.GNU_FORMAT)),
        ("cvs.tar.gz", gzip.compress(tarred("ada.pdf"))),
        ("cvs.tar.zst", b"\x28\xb5\x2f\xfd" + b"\x00" * 100),
        ("named-wrongly.pdf", zipped("ada.pdf")),
    ],
)
def test_an_archive_is_stored_before_it_is_answered(
    service: Service, client: httpx.Client, name: str, content: bytes
) -> None:
    """After the 202 the object is there as it was sent, and the row that names it."""
    answer = bring(client, content, name, job_post_id="nurse-7")
    body = answer.json()
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"/ingestions/{body['id']}"
    assert int(answer.headers["retry-after"]) >= 1
    assert service.objects.read(f"archives/{body['id']}") == content
    listing = IngestionWork(service.engine).claim_listing(OWNER)
    assert listing is not None
    assert (str(listing.ingestion_id), listing.object_key) == (body["id"], f"archives/{body['id']}")
    assert (listing.source, listing.job_post_id) == (f"upload:{name}", "nurse-7")
    assert client.get(body["links"]["self"]).json()["source"] == f"upload:{name}"


def test_a_file_name_is_only_ever_shown(service: Service, client: httpx.Client) -> None:
    """No folders, no control characters, and no name at all where none is left."""
    for sent, shown in (("../../etc/cvs\x01.zip", "upload:cvs.zip"), ("..", "upload:archive")):
        body = form(part("file", zipped(sent[-1:]), filename=sent))
        answer = client.post("/ingestions", content=body, headers={"Content-Type": FORM_TYPE})
        assert client.get(answer.json()["links"]["self"]).json()["source"] == shown


def test_a_large_archive_arrives_whole(service: Service, client: httpx.Client) -> None:
    """Megabytes pass in pieces, more than an ordinary upload may have."""
    content = zipped("ada.pdf") + bytes(range(256)) * 50_000
    assert len(content) > service.services.settings.max_upload_bytes
    body = bring(client, content).json()
    assert service.objects.read(f"archives/{body['id']}") == content


def test_an_archive_in_a_bucket_is_kept_once(start: Start, aws: AwsStandIn, bucket: str) -> None:
    """In parts, as large objects are; the copy that came second is gone again."""
    service = start(objects=S3Store(bucket, aws.access))
    content = zipped("ada.pdf") + bytes(range(256)) * 70_000
    with service.client() as client:
        first, again = bring(client, content), bring(client, content)
        assert (first.status_code, again.status_code) == (202, 200)
    assert service.objects.read(f"archives/{first.json()['id']}") == content
    keys = [item["Key"] for item in aws.client("s3").list_objects_v2(Bucket=bucket)["Contents"]]
    assert keys == [f"archives/{first.json()['id']}"]


def test_the_client_brings_an_archive_again_after_an_outage(start: Start, tmp_path: Path) -> None:
    """The second try sends all of it, and there is one ingestion."""
    store = HookedStore(DirectoryStore(tmp_path / "objects"), failing="commit")
    service = start(objects=store)
    archive = tmp_path / "cvs.zip"
    archive.write_bytes(zipped("ada.pdf"))
    client = Client(service.url, service.token(), retry=Retry(within=30))
    mend = threading.Timer(1, lambda: setattr(store, "failing", ""))
    mend.start()
    brought = client.ingest_archive(archive)
    assert service.objects.read(f"archives/{brought['id']}") == archive.read_bytes()
    assert len(begun(service)) == 1
    client.close()


def test_the_same_archive_again_is_the_same_ingestion(service: Service, client: httpx.Client) -> None:
    """200 with the first one's id, whatever the file is called; nothing is stored twice."""
    first = bring(client, zipped("ada.pdf"), job_post_id="7")
    again = bring(client, zipped("ada.pdf"), "copy of cvs.zip", job_post_id="7")
    assert (first.status_code, again.status_code) == (202, 200)
    assert again.json() == first.json()
    assert again.headers["location"] == first.headers["location"]
    assert "retry-after" not in again.headers
    assert len(service.files_left()) == len(begun(service)) == 1
    assert bring(client, zipped("ada.pdf"), job_post_id="8").status_code == 202
    assert bring(client, zipped("ada.pdf")).status_code == 202
    assert bring(client, zipped("grace.pdf"), job_post_id="7").status_code == 202
    assert len(service.files_left()) == 4


def test_an_archive_that_was_cancelled_or_rejected_may_come_again(
    service: Service, client: httpx.Client
) -> None:
    """Then the same bytes begin another ingestion."""
    ids = []
    for _ in range(3):
        answer = bring(client, zipped("ada.pdf"))
        assert answer.status_code == 202
        ids.append(answer.json()["id"])
        if len(ids) == 1:
            assert client.post(answer.json()["links"]["cancel"]).status_code == 202
        else:
            reject_next(service.engine)
    assert len(set(ids)) == 3


BAD_ARCHIVES = {
    "a PDF": (form(part("file", PDF, filename="cvs.zip")), 415, "unsupported-type"),
    "text": (form(part("file", b"hello" * 300, filename="cvs.zip")), 415, "unsupported-type"),
    "zeros": (form(part("file", b"\x00" * 2000, filename="cvs.tar")), 415, "unsupported-type"),
    "a 7-Zip archive": (
        form(part("file", b"7z\xbc\xaf\x27\x1c" + b"x" * 600, filename="cvs.zip")),
        415,
        "unsupported-type",
    ),
    "a tar with a wrong checksum": (
        form(part("file", b"b" + tarred("ada.pdf")[1:], filename="cvs.tar")),
        415,
        "unsupported-type",
    ),
    "one byte": (form(part("file", b"P", filename="cvs.zip")), 415, "unsupported-type"),
    "an empty file": (form(part("file", b"", filename="cvs.zip")), 422, "invalid"),
    "no file": (form(part("job_post_id", b"7")), 400, "bad-request"),
    "two files": (
        form(*[part("file", zipped("ada.pdf"), filename="cvs.zip")] * 2),
        400,
        "bad-request",
    ),
    "a form that ends early": (part("file", zipped("ada.pdf"), filename="cvs.zip"), 400, "bad-request"),
    "NUL in the job post": (
        form(part("file", zipped("ada.pdf"), filename="cvs.zip"), part("job_post_id", b"a\x00b")),
        400,
        "bad-request",
    ),
    "an overlong job post": (
        form(part("file", zipped("ada.pdf"), filename="cvs.zip"), part("job_post_id", b"7" * 201)),
        400,
        "bad-request",
    ),
    "an unknown field": (
        form(part("file", zipped("ada.pdf"), filename="cvs.zip"), part("email", b"a@b.c")),
        422,
        "invalid",
    ),
    "a source beside it": (
        form(part("file", zipped("ada.pdf"), filename="cvs.zip"), part("source", b"s3://a/b/")),
        422,
        "invalid",
    ),
    "too large an archive": (
        form(part("file", zipped("ada.pdf") + b"x" * 3_000_000, filename="cvs.zip")),
        413,
        "too-large",
    ),
}


@pytest.fixture
def small(start: Start) -> Service:
    """A service that takes archives of two megabytes, in a second and a half."""
    return start(
        max_archive_upload_bytes=2_000_000,
        max_concurrent_archive_uploads=1,
        archive_upload_timeout_s=1.5,
        upload_timeout_s=60,
    )


def test_a_bad_archive_gets_its_problem_and_leaves_nothing(small: Service) -> None:
    """Each has its status and type; no byte of it stays in the store, and nothing begins."""
    with small.client("upload") as client:
        for case, (body, status, slug) in BAD_ARCHIVES.items():
            answer = client.post("/ingestions", content=body, headers={"Content-Type": FORM_TYPE})
            assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{slug}"), case
            assert small.files_left() == [], case
    assert begun(small) == []


@pytest.mark.parametrize("pause", [False, True], ids=["slow as a whole", "silent for too long"])
def test_a_slow_archive_times_out(start: Start, pause: bool) -> None:
    """408 when its own time is over, and when nothing comes for as long as any upload may take."""
    service = start(
        archive_upload_timeout_s=60 if pause else 1.0,
        upload_timeout_s=1.0,
        max_archive_upload_bytes=2_000_000,
    )
    body = form(part("file", zipped("ada.pdf"), filename="cvs.zip"))
    with closing(socket.create_connection(("127.0.0.1", service.port), timeout=10)) as connection:
        head = [f"Content-Type: {FORM_TYPE}", f"Content-Length: {len(body)}"]
        connection.sendall(request_head(service.token(), head, path="/ingestions"))
        for byte in [] if pause else body[:5]:
            connection.sendall(bytes([byte]))
            time.sleep(0.25)
        answer = read_answer(connection)
    assert (answer.status, answer.problem["type"]) == (408, "/problems/timeout")
    assert service.files_left() == []


def test_archives_never_keep_resumes_waiting(small: Service) -> None:
    """While as many archives arrive as may, another is 429 with Retry-After; a resume goes through."""
    content = zipped("ada.pdf") + b"x" * 600_000
    body = form(part("file", content, filename="cvs.zip"))
    with small.client() as client, ExitStack() as stack:
        connection = stack.enter_context(closing(socket.create_connection(("127.0.0.1", small.port))))
        head = [f"Content-Type: {FORM_TYPE}", f"Content-Length: {len(body)}"]
        connection.sendall(request_head(small.token(), head, path="/ingestions") + body[:-100])
        wait_for(lambda: small.app.state.runtime.archives.taken == 1)
        refusal = bring(client, zipped("grace.pdf"))
        is_problem(refusal, 429, "rate-limited")
        assert int(refusal.headers["retry-after"]) >= 1
        assert upload(client).status_code == 202
        connection.sendall(body[-100:])
        assert read_answer(connection).status == 202
        assert bring(client, zipped("grace.pdf")).status_code == 202


def test_a_client_that_goes_away_leaves_no_archive(small: Service) -> None:
    """A connection that is cut in the middle of an archive: nothing stored, nothing begun, its slot is free."""
    body = form(part("file", zipped("ada.pdf") + b"x" * 900_000, filename="cvs.zip"))
    with closing(socket.create_connection(("127.0.0.1", small.port))) as connection:
        head = [f"Content-Type: {FORM_TYPE}", f"Content-Length: {len(body)}"]
        connection.sendall(request_head(small.token(), head, path="/ingestions") + body[:-1000])
        wait_for(lambda: small.files_left() != [])
    wait_for(lambda: small.files_left() == [])
    wait_for(lambda: small.app.state.runtime.archives.taken == 0)
    assert begun(small) == []


def test_an_archive_declared_too_large_is_refused_on_its_headers(small: Service) -> None:
    """413 without a byte of it."""
    with closing(socket.create_connection(("127.0.0.1", small.port))) as connection:
        head = [f"Content-Type: {FORM_TYPE}", "Content-Length: 50000000"]
        connection.sendall(request_head(small.token(), head, path="/ingestions"))
        answer = read_answer(connection)
    assert (answer.status, answer.problem["type"]) == (413, "/problems/too-large")


# Outages


def test_a_database_lost_after_the_archive_leaves_neither(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The object is durable, the row cannot be: 503, and the object goes when the database is back."""
    monkeypatch.setattr(keeping, "_SETTLE_DELAYS_S", (0.5,) * 20)
    store = HookedStore(DirectoryStore(tmp_path / "objects"))
    service = start(objects=store)
    with service.client() as client:
        assert client.get("/ingestions").status_code == 200
        outage = refusing_connections(service)
        store.after_commit = outage.__enter__
        is_unavailable(bring(client, zipped("ada.pdf")))
        assert len(service.files_left()) == 1
        outage.__exit__(None, None, None)
        store.after_commit = lambda: None
        wait_for(lambda: service.files_left() == [], seconds=15)
        assert begun(service) == []
        assert bring(client, zipped("ada.pdf")).status_code == 202


def test_a_lost_acknowledgement_keeps_the_archive(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """The row was committed but its answer was lost: the object stays, and sending it again finds it."""
    monkeypatch.setattr(keeping, "_SETTLE_DELAYS_S", (0.2,))
    service = start()
    create = service.services.ingestions.create

    def lose_the_answer(*args: Any, **kwargs: Any) -> UUID:
        create(*args, **kwargs)
        raise DatabaseUnavailable("the connection was lost")

    service.services.ingestions.create = lose_the_answer  # type: ignore[method-assign]
    with service.client() as client:
        is_unavailable(bring(client, zipped("ada.pdf")))
        service.services.ingestions.create = create  # type: ignore[method-assign]
        again = bring(client, zipped("ada.pdf"))
        assert again.status_code == 200
        time.sleep(0.7)  # past the first look of whoever cleans up
        assert service.objects.read(f"archives/{again.json()['id']}") == zipped("ada.pdf")
        assert len(service.files_left()) == 1


@pytest.mark.parametrize("step", ["create", "write", "commit"])
def test_a_store_that_fails_begins_nothing(start: Start, tmp_path: Path, step: str) -> None:
    """Whichever step of the object fails: 503, no row, no file."""
    service = start(objects=HookedStore(DirectoryStore(tmp_path / "objects"), failing=step))
    with service.client() as client:
        is_unavailable(bring(client, zipped("ada.pdf")))
    assert begun(service) == []
    assert service.files_left() == []
    assert sql(service.engine, "SELECT 1 FROM ingestions") == []
