"""Uploads that are accepted: what is kept, what is answered, and what a repetition gets."""

from __future__ import annotations

import hashlib
import socket
import threading
import time
from contextlib import closing
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from pipeline.adapters.postgres.idempotency import HOLD_S, Hold, Idempotency
from pipeline.domain.errors import DatabaseUnavailable
from pipeline.domain.journey import Lane
from pipeline.domain.media_type import DOCX, HEIC, JPEG, ODT, PNG, RTF, TIFF, TXT, WEBP
from tests.adapters.docx_bytes import docx, paragraph, run
from tests.adapters.image_bytes import heic_of, page, saved
from tests.adapters.odt_bytes import odt, p
from tests.serve_app.conftest import Service, Start
from tests.serve_app.samples import FORM_TYPE, PDF, form, part, pdf, read_answer, request_head
from tests.serve_app.test_raw_uploads import wait_for


def upload(
    client: httpx.Client, content: bytes = PDF, key: str | None = None, **fields: str
) -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    return client.post("/resumes/upload", files={"file": ("cv.pdf", content)}, data=fields, headers=headers)


def test_an_upload_is_stored_before_it_is_answered(service: Service, client: httpx.Client) -> None:
    """After the 202 the object, the row and the job are there."""
    answer = upload(
        client, job_post_id="nurse-7", email="Ada@Example.org", external_id="x-1", as_of_date="2026-03-01"
    )
    assert answer.status_code == 202
    body = answer.json()
    assert UUID(body["id"]).version == 7
    assert body["status"] == "queued"
    assert answer.headers["location"] == body["links"]["self"] == f"/resumes/{body['id']}"
    assert int(answer.headers["retry-after"]) >= 1
    row = service.services.applications.get(UUID(body["id"]))
    assert row is not None
    assert row.object_key == f"resumes/{body['id']}"
    assert service.objects.read(row.object_key) == PDF
    assert (row.content_sha256, row.size, row.mime) == (
        hashlib.sha256(PDF).hexdigest(),
        len(PDF),
        "application/pdf",
    )
    assert (row.job_post_id, row.external_id, row.filename) == ("nurse-7", "x-1", "cv.pdf")
    assert row.as_of_date.isoformat() == "2026-03-01"
    assert service.services.applications.backlog(Lane.ONLINE) == 1


@pytest.mark.parametrize(
    ("content", "mime"),
    [
        (docx(paragraph(run("Ada"))), DOCX),
        (saved(page(), "PNG"), PNG),
        (saved(page(), "JPEG"), JPEG),
        (saved(page(), "TIFF"), TIFF),
        (saved(page(), "WEBP"), WEBP),
        (heic_of(page()), HEIC),
        (odt(p("Ada")), ODT),
        (rb"{\rtf1\ansi Ada}", RTF),
        ("Иван Лебедев".encode("cp1251"), TXT),
    ],
    ids=["docx", "png", "jpeg", "tiff", "webp", "heic", "odt", "rtf", "txt"],
)
def test_the_content_decides_the_type_that_is_kept(
    service: Service, client: httpx.Client, content: bytes, mime: str
) -> None:
    """Whatever its name: it is downloaded as what it is."""
    row = service.services.applications.get(UUID(upload(client, content).json()["id"]))
    assert row is not None
    assert row.mime == mime
    with service.client("read") as reader:
        answer = reader.get(f"/resumes/{row.id}/file")
    assert (answer.headers["content-type"], answer.content) == (mime, content)


def test_a_large_file_arrives_whole(service: Service, client: httpx.Client) -> None:
    """Megabytes that pass in pieces are the same bytes with the same digest."""
    content = PDF + bytes(range(256)) * 30_000
    resume = upload(client, content).json()["id"]
    row = service.services.applications.get(UUID(resume))
    assert row is not None
    assert row.content_sha256 == hashlib.sha256(content).hexdigest()
    assert service.objects.read(f"resumes/{resume}") == content


@pytest.mark.parametrize("junk", [b"\x00" * 1000, b"HTTP/1.1 200 OK\r\n\r\n", b"\n\n", b"GARBAGE" * 100])
def test_junk_before_the_header_is_still_a_pdf(client: httpx.Client, junk: bytes) -> None:
    """Readers accept a header within the first kilobyte, and so does the upload."""
    assert upload(client, junk + PDF).status_code == 202


def test_no_day_means_today(service: Service, client: httpx.Client) -> None:
    """Without as_of_date "present" means the day of the upload."""
    before = datetime.now(UTC).date()
    row = service.services.applications.get(UUID(upload(client).json()["id"]))
    assert row is not None
    assert before <= row.as_of_date <= datetime.now(UTC).date()


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\cvs\\ada.pdf", "ada.pdf"),
        ("résumé – 日本.pdf", "résumé – 日本.pdf"),
        ("a\x01b\u202epdf.exe", "abpdf.exe"),
        ("x" * 300 + ".pdf", "x" * 251 + ".pdf"),
        ("..", None),
    ],
)
def test_a_file_name_is_only_ever_shown(client: httpx.Client, sent: str, shown: str | None) -> None:
    """No folders, no control or direction characters, no overlong name; and never a path of ours."""
    body = form(part("file", PDF, filename=sent))
    answer = client.post("/resumes/upload", content=body, headers={"Content-Type": FORM_TYPE})
    assert client.get(answer.json()["links"]["self"]).json()["filename"] == shown


def test_the_same_key_and_file_make_one_resume(service: Service, client: httpx.Client) -> None:
    """A repetition answers 200 with the id of the first, and stores nothing."""
    first = upload(client, key="k-1", job_post_id="7")
    again = upload(client, key="k-1", job_post_id="7")
    assert (first.status_code, again.status_code) == (202, 200)
    assert again.json()["id"] == first.json()["id"]
    assert again.headers["location"] == first.headers["location"]
    assert len(service.files_left()) == 1


def test_the_same_key_with_other_bytes_or_fields_is_refused(service: Service, client: httpx.Client) -> None:
    """A key names one request: another file or another field under it is a mistake of the caller."""
    upload(client, key="k-1", job_post_id="7")
    for answer in (
        upload(client, pdf("other"), key="k-1", job_post_id="7"),
        upload(client, key="k-1", job_post_id="8"),
    ):
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid")
    assert len(service.files_left()) == 1


def test_a_key_belongs_to_its_api_key(service: Service, client: httpx.Client) -> None:
    """Two callers may choose the same Idempotency-Key without meeting."""
    with service.client("upload") as other:
        assert upload(client, key="k-1").json()["id"] != upload(other, key="k-1").json()["id"]


def test_the_same_key_while_the_first_still_streams_is_in_progress(
    service: Service, client: httpx.Client
) -> None:
    """The second upload is told to wait; once the first has ended, it gets the first one's id."""
    body = form(part("file", PDF, filename="cv.pdf"))
    with closing(socket.create_connection(("127.0.0.1", service.port))) as first:
        head = [f"Content-Type: {FORM_TYPE}", f"Content-Length: {len(body)}", "Idempotency-Key: k-1"]
        first.sendall(request_head(service.token(), head) + body[:50])
        with service.engine.connect() as connection:
            wait_for(lambda: connection.execute(text("SELECT count(*) FROM idempotency_keys")).scalar_one())
        second = upload(client, key="k-1")
        first.sendall(body[50:])
        answer = read_answer(first)
    assert (second.status_code, second.json()["type"]) == (409, "/problems/in-progress")
    assert int(second.headers["retry-after"]) >= 1
    assert answer.status == 202
    assert upload(client, key="k-1").status_code == 200


def test_a_key_whose_ingress_died_is_free_when_retry_after_says(
    service: Service, client: httpx.Client
) -> None:
    """What a killed ingress leaves is a key that nobody renews: who asks again when it was told to is served."""
    caller = service.services.keys.authenticate(service.token())
    assert caller is not None
    service.services.idempotency.begin(caller.key_id, "k-1")
    refused = upload(client, key="k-1")
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/in-progress")
    seconds = int(refused.headers["retry-after"])
    assert seconds <= HOLD_S
    time.sleep(seconds)
    assert upload(client, key="k-1").status_code == 202


def test_an_upload_keeps_its_key_for_as_long_as_it_takes(
    service: Service, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It renews its hold, though the database fails now and then; when its client has gone, so has the key."""
    renew, failed = Idempotency.renew, threading.Event()

    def failing_once(self: Idempotency, hold: Hold) -> None:
        if not failed.is_set():
            failed.set()
            raise DatabaseUnavailable("as for a moment in a restart")
        renew(self, hold)

    monkeypatch.setattr(Idempotency, "renew", failing_once)
    with closing(socket.create_connection(("127.0.0.1", service.port))) as first:
        head = [f"Content-Type: {FORM_TYPE}", "Content-Length: 1000", "Idempotency-Key: k-1"]
        first.sendall(request_head(service.token(), head) + form(part("file", PDF, filename="cv.pdf"))[:50])
        wait_for(lambda: ends_of_keys(service), seconds=30)
        (end,) = ends_of_keys(service)
        wait_for(lambda: ends_of_keys(service) != [end], seconds=30)
        assert failed.is_set()
        assert upload(client, key="k-1").status_code == 409
    wait_for(lambda: not ends_of_keys(service), seconds=30)
    assert upload(client, key="k-1").status_code == 202


def ends_of_keys(service: Service) -> list[datetime]:
    """Until when each key is held."""
    with service.engine.connect() as connection:
        return list(connection.execute(text("SELECT expires_at FROM idempotency_keys")).scalars())


def test_a_key_that_led_to_a_refusal_can_be_used_again(client: httpx.Client) -> None:
    """A bad upload gives its key back: the corrected one goes through under it."""
    assert upload(client, b"GIF89a", key="k-1").status_code == 415
    assert upload(client, key="k-1").status_code == 202


def test_a_duplicate_can_be_answered_with_the_resume_that_is_there(
    service: Service, client: httpx.Client
) -> None:
    """on_duplicate=return answers 200 and the old id for the same bytes and parameters, under any key."""
    first = upload(client, key="k-1", job_post_id="7", external_id="x")
    same = upload(client, key="k-2", job_post_id="7", external_id="x", on_duplicate="return")
    elsewhere = upload(client, job_post_id="8", external_id="x", on_duplicate="return")
    assert (same.status_code, same.json()["id"]) == (200, first.json()["id"])
    assert elsewhere.status_code == 202
    assert len(service.files_left()) == 2


def test_equal_uploads_at_once_make_one_resume_where_the_caller_asks_for_that(
    start: Start, tmp_path: Any
) -> None:
    """Eight that all look before any of them is made: one is made (202), and the others answer with it (200)."""
    from pipeline.adapters.directory import DirectoryStore

    service = start(objects=SlowStore(DirectoryStore(tmp_path / "objects"), seconds=0.5))
    service.token()
    answers: list[httpx.Response] = []

    def send() -> None:
        with service.client() as client:
            answers.append(upload(client, job_post_id="7", on_duplicate="return"))

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [202]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(service.services.applications.list()[0]) == 1
    wait_for(lambda: len(service.files_left()) == 1)


def test_a_duplicate_is_a_new_resume_by_default(client: httpx.Client) -> None:
    """Without on_duplicate=return the same bytes make another resume."""
    assert upload(client).json()["id"] != upload(client).json()["id"]


def test_an_accepted_upload_does_not_depend_on_its_client(start: Start, tmp_path: Any) -> None:
    """A client that leaves after its last byte, while the object is being committed, has uploaded all the same."""
    from pipeline.adapters.directory import DirectoryStore

    service = start(objects=SlowStore(DirectoryStore(tmp_path / "objects"), seconds=0.5))
    body = form(part("file", PDF, filename="cv.pdf"))
    with closing(socket.create_connection(("127.0.0.1", service.port))) as connection:
        head = [f"Content-Type: {FORM_TYPE}", f"Content-Length: {len(body)}", "Idempotency-Key: k-1"]
        connection.sendall(request_head(service.token(), head) + body)
        assert service.objects.committing.wait(5)
    wait_for(lambda: service.services.applications.list()[0] != [])
    with service.client() as client:
        assert upload(client, key="k-1").status_code == 200


def test_a_cancelled_handler_does_not_cancel_the_upload(start: Start, tmp_path: Any) -> None:
    """Serve cancels the handler of a client that went away: the object and the row are made all the same."""
    import asyncio

    from pipeline.adapters.directory import DirectoryStore

    service = start(objects=SlowStore(DirectoryStore(tmp_path / "objects"), seconds=0.5))
    answers: list[int] = []
    with service.client() as client:
        thread = threading.Thread(target=lambda: answers.append(upload(client).status_code))
        thread.start()
        assert service.objects.committing.wait(5)
        loop = service.app.state.runtime.waits._loop

        cancelled: list[bool] = []

        def cancel_handlers() -> None:
            for task in asyncio.all_tasks(loop):
                if "RequestResponseCycle.run_asgi" in repr(task.get_coro()):
                    cancelled.append(task.cancel())

        loop.call_soon_threadsafe(cancel_handlers)
        wait_for(lambda: service.services.applications.list()[0] != [])
        wait_for(lambda: len(service.files_left()) == 1)
        assert cancelled == [True]
        thread.join(5)


def test_uploads_at_once_do_not_mix(service: Service) -> None:
    """Twenty uploads in parallel keep their own bytes."""
    contents = [PDF + str(n).encode() * 50_000 for n in range(20)]
    answers: dict[int, str] = {}

    def send(n: int) -> None:
        with service.client() as client:
            answers[n] = upload(client, contents[n]).json()["id"]

    service.token()
    threads = [threading.Thread(target=send, args=(n,)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for n, resume in answers.items():
        assert service.objects.read(f"resumes/{resume}") == contents[n]
    assert len(answers) == 20


class SlowStore:
    """The directory store with a slow disk: every commit takes a while, and says when it begins."""

    def __init__(self, store: Any, seconds: float) -> None:
        self._store, self._seconds = store, seconds
        self.committing = threading.Event()

    def create(self, key: str) -> Any:
        writer = self._store.create(key)
        commit = writer.commit

        def slowly() -> None:
            self.committing.set()
            time.sleep(self._seconds)
            commit()

        writer.commit = slowly
        return writer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)
