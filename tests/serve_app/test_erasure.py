"""Erasing a resume: everything goes, the receipt stays."""

from __future__ import annotations

from uuid import uuid4

import httpx
from sqlalchemy import text

from serve_app.schemas import Receipt
from tests.serve_app.conftest import MODEL, Service
from tests.serve_app.samples import finish
from tests.serve_app.test_resumes import VECTOR, completed
from tests.serve_app.test_uploads import upload


def test_an_erased_resume_is_gone_everywhere(service: Service, client: httpx.Client) -> None:
    """Object, text, profile, vectors and the sender's fields are removed; reading answers 410."""
    path = completed(service, client, email="ada@example.org", external_id="x-1", key="k-1")
    answer = client.delete(path)
    receipt = Receipt.model_validate_json(answer.content)
    assert (answer.status_code, receipt.status, receipt.object_deleted) == (200, "erased", True)
    assert (receipt.removed.profile, receipt.removed.text, receipt.removed.chunks) == (True, True, 1)
    assert receipt.removed.idempotency_answers == 1
    for ending in ("", "/text", "/file", "?view=full", "?wait=5"):
        gone = client.get(path + ending)
        assert (gone.status_code, gone.json()["type"]) == (410, "/problems/erased")
    assert service.files_left() == []
    assert client.post("/search", json={"query": "night shift"}).json()["items"] == []
    with service.engine.connect() as connection:
        row = connection.execute(text("SELECT applications::text FROM applications")).scalar_one()
    assert "ada" not in row.lower()


def test_a_receipt_can_be_had_again(service: Service, client: httpx.Client) -> None:
    """The call is idempotent: the same receipt, with the time of the first."""
    path = completed(service, client)
    assert client.delete(path).json() == client.delete(path).json()


def test_a_resume_erased_while_it_is_processed_does_not_come_back(
    service: Service, client: httpx.Client
) -> None:
    """A worker that still holds the job writes nothing after the erasure."""
    from pipeline.adapters.postgres.jobs import JobQueue
    from pipeline.domain.journey import Lane

    path = upload(client).json()["links"]["self"]
    (job,) = JobQueue(service.engine).claim(7, Lane.ONLINE, 1)
    assert client.delete(path).status_code == 200
    assert not JobQueue(service.engine).fail(job.lease, code="corrupt", detail="too late")
    assert finish(service.engine, VECTOR, MODEL) == []
    assert client.get(path).status_code == 410


def test_an_erased_key_is_free(client: httpx.Client) -> None:
    """After an erasure the same Idempotency-Key makes a new resume: nothing remembers the old one."""
    first = upload(client, key="k-1").json()
    client.delete(first["links"]["self"])
    again = upload(client, key="k-1")
    assert again.status_code == 202
    assert again.json()["id"] != first["id"]


def test_an_erased_resume_is_no_duplicate(client: httpx.Client) -> None:
    """on_duplicate=return never answers with what was erased."""
    client.delete(upload(client).json()["links"]["self"])
    assert upload(client, on_duplicate="return").status_code == 202


def test_erasing_what_never_was_is_not_found(client: httpx.Client) -> None:
    """An unknown id has no receipt."""
    assert client.delete(f"/resumes/{uuid4()}").json()["type"] == "/problems/not-found"
