"""Uploads and reads while the database or the object store is away: 503, no row, nothing left, never a hang."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from pipeline.adapters.directory import DirectoryStore
from pipeline.domain.errors import ObjectStoreUnavailable
from serve_app import keeping, object_sink
from tests.conftest import administer
from tests.serve_app.conftest import Service, Start
from tests.serve_app.samples import PDF
from tests.serve_app.test_raw_uploads import wait_for
from tests.serve_app.test_uploads import SlowStore, upload


def is_unavailable(answer: httpx.Response) -> None:
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/overloaded"), answer.text
    assert int(answer.headers["retry-after"]) >= 1


@contextmanager
def refusing_connections(service: Service) -> Iterator[None]:
    """The test's database ends its sessions and takes no new ones, as a server that is down does."""
    url = service.engine.url
    admin = url.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    administer(admin, f"ALTER DATABASE {url.database} ALLOW_CONNECTIONS false")
    administer(
        admin, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{url.database}'"
    )
    try:
        yield
    finally:
        administer(admin, f"ALTER DATABASE {url.database} ALLOW_CONNECTIONS true")


def test_every_call_answers_503_without_the_database_and_recovers(start: Start) -> None:
    """No call hangs or says 500 while the database is away; all work again when it is back."""
    service = start()
    client = service.client()
    resume = upload(client).json()["id"]
    calls = [
        lambda: client.get(f"/resumes/{resume}"),
        lambda: client.get("/resumes"),
        lambda: client.get(f"/resumes/{resume}/text"),
        lambda: client.delete(f"/resumes/{resume}"),
        lambda: client.post("/search", json={"query": "nurse"}),
        lambda: upload(client, key="k"),
        lambda: client.get("/readyz"),
    ]
    with refusing_connections(service):
        time.sleep(1.1)  # the cached backlog and readiness have gone stale
        started = time.monotonic()
        for call in calls:
            is_unavailable(call())
        assert time.monotonic() - started < 15
    assert client.get("/healthz").status_code == 200
    wait_for(lambda: client.get("/readyz").status_code == 200)
    assert upload(client, key="k").status_code == 202
    client.close()


def test_a_database_lost_after_the_object_leaves_neither(start: Start, tmp_path: Path) -> None:
    """The object is committed, the row cannot be: 503 at once, and the object goes when the database is back."""
    store = HookedStore(DirectoryStore(tmp_path / "objects"))
    service = start(objects=store)
    with service.client() as client:
        assert client.get("/resumes").status_code == 200
        outage = refusing_connections(service)
        store.after_commit = outage.__enter__
        is_unavailable(upload(client, key="k"))
        assert len(service.files_left()) == 1
        outage.__exit__(None, None, None)
        store.after_commit = lambda: None
        wait_for(lambda: service.files_left() == [], seconds=15)
        assert client.get("/resumes").json()["items"] == []
        wait_for(lambda: upload(client, key="k").status_code == 202)


def test_a_lost_acknowledgement_keeps_the_object_of_a_row_that_is_there(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row was committed but its answer was lost: the object stays, and the same key gets the same id."""
    monkeypatch.setattr(keeping, "_SETTLE_DELAYS_S", (0.2,))
    service = start()
    applications = service.services.applications
    create = applications.create

    def lose_the_answer(*args: Any, **kwargs: Any) -> None:
        from pipeline.domain.errors import DatabaseUnavailable

        create(*args, **kwargs)
        raise DatabaseUnavailable("the connection was lost")

    applications.create = lose_the_answer  # type: ignore[method-assign]
    with service.client() as client:
        is_unavailable(upload(client, key="k"))
        again = upload(client, key="k")
        assert again.status_code == 200
        time.sleep(0.7)  # past the first look of whoever cleans up
        assert service.objects.read(f"resumes/{again.json()['id']}") == PDF


@pytest.mark.parametrize("step", ["create", "write", "commit"])
def test_a_store_that_fails_leaves_no_row(start: Start, tmp_path: Path, step: str) -> None:
    """Whichever step of the object fails: 503, no row, no file, and the key is free again."""
    store = HookedStore(DirectoryStore(tmp_path / "objects"), failing=step)
    service = start(objects=store)
    with service.client() as client:
        is_unavailable(upload(client, key="k"))
        assert client.get("/resumes").json()["items"] == []
        assert service.files_left() == []
        store.failing = ""
        assert upload(client, key="k").status_code == 202


def test_a_store_that_hangs_keeps_nobody(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A commit that does not come back is answered 503, makes no row, and is undone when it does come back."""
    monkeypatch.setattr(object_sink, "TIMEOUT_S", 0.3)
    service = start(objects=SlowStore(DirectoryStore(tmp_path / "objects"), seconds=1.0))
    with service.client() as client:
        started = time.monotonic()
        is_unavailable(upload(client, key="k"))
        assert time.monotonic() - started < 3
        wait_for(lambda: service.files_left() == [])
        assert client.get("/resumes").json()["items"] == []


def test_a_full_or_readonly_disk_is_no_mistake_of_the_caller(start: Start, tmp_path: Path) -> None:
    """A directory that is gone answers 503 to uploads and to readiness; putting it back is enough."""
    service = start()
    away = tmp_path / "away"
    with service.client() as client:
        service.objects_dir.rename(away)
        is_unavailable(upload(client))
        answer = client.get("/readyz")
        is_unavailable(answer)
        assert answer.json()["checks"] == {"database": "ok", "object_store": "unavailable"}
        assert str(tmp_path) not in answer.text + upload(client).text
        away.rename(service.objects_dir)
        assert upload(client).status_code == 202


def test_an_erasure_without_the_store_can_be_finished(start: Start, tmp_path: Path) -> None:
    """The rows go first; the repetition deletes the object that could not be deleted, and answers the receipt."""
    store = HookedStore(DirectoryStore(tmp_path / "objects"))
    service = start(objects=store)
    with service.client() as client:
        path = upload(client).json()["links"]["self"]
        store.failing = "delete"
        is_unavailable(client.delete(path))
        assert client.get(path).status_code == 410
        assert len(service.files_left()) == 1
        store.failing = ""
        assert client.delete(path).status_code == 200
        assert service.files_left() == []


def test_an_unexpected_error_says_nothing_of_the_inside(start: Start) -> None:
    """A bug answers 500 with a request id; neither its text nor a trace reaches the caller."""
    service = start()

    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("the inside")

    service.services.applications.list = broken  # type: ignore[method-assign]
    with service.client() as client:
        answer = client.get("/resumes", headers={"X-Request-Id": "my-id"})
    assert (answer.status_code, answer.json()["type"]) == (500, "/problems/internal")
    assert answer.json()["request_id"] == answer.headers["x-request-id"] == "my-id"
    assert "inside" not in answer.text
    assert "RuntimeError" not in answer.text


def test_every_object_has_its_row(service: Service) -> None:
    """After ordinary traffic the store holds the objects of the rows and no others."""
    with service.client() as client:
        kept = {UUID(upload(client, PDF + bytes([n])).json()["id"]) for n in range(3)}
    with service.engine.connect() as connection:
        rows = {row.id for row in connection.execute(text("SELECT id FROM applications"))}
    assert rows == kept
    assert {UUID(path.name) for path in service.files_left()} == kept


class HookedStore:
    """The directory store with a step that fails, or something that happens right after a commit."""

    def __init__(self, store: DirectoryStore, failing: str = "") -> None:
        self._store = store
        self.failing = failing
        self.after_commit: Any = lambda: None

    def _fail(self, step: str) -> None:
        if step == self.failing:
            raise ObjectStoreUnavailable(f"errno {os.strerror(28)}")

    def create(self, key: str) -> Any:
        self._fail("create")
        writer = self._store.create(key)
        write, commit = writer.write, writer.commit

        def hooked_write(data: bytes) -> None:
            self._fail("write")
            write(data)

        def hooked_commit() -> None:
            self._fail("commit")
            commit()
            self.after_commit()

        writer.write, writer.commit = hooked_write, hooked_commit  # type: ignore[method-assign]
        return writer

    def delete(self, key: str) -> None:
        self._fail("delete")
        self._store.delete(key)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)
