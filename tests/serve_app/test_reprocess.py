"""POST /resumes/{id}/reprocess, and what a resume waits for."""

from __future__ import annotations

from uuid import uuid4

import httpx
import pytest

from pipeline.adapters.postgres.jobs import JobQueue
from pipeline.domain.journey import Lane
from tests.serve_app.conftest import Service
from tests.serve_app.test_resumes import completed
from tests.serve_app.test_uploads import upload


def test_an_ended_resume_is_queued_again_and_keeps_its_profile(
    service: Service, client: httpx.Client
) -> None:
    """202 with its place; readers see the old profile until there is a new one; timings begin anew."""
    path = completed(service, client)
    before = client.get(path).json()
    answer = client.post(f"{path}/reprocess")
    assert (answer.status_code, answer.headers["Location"]) == (202, path)
    assert answer.json()["status"] == "queued"
    after = client.get(path).json()
    assert (after["status"], after["profile"]) == ("queued", before["profile"])
    assert after["reprocessed_at"]
    assert after["timings"] == {"queued_seconds": None, "processing_seconds": None, "total_seconds": None}


def test_a_resume_under_way_is_not_queued_twice(client: httpx.Client) -> None:
    """409, and nothing changes."""
    path = upload(client).json()["links"]["self"]
    answer = client.post(f"{path}/reprocess", json={"from": "read"})
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/in-progress")


def test_what_is_not_there_cannot_be_reprocessed(service: Service, client: httpx.Client) -> None:
    """404 for an unknown resume, 410 for an erased one."""
    assert client.post(f"/resumes/{uuid4()}/reprocess").status_code == 404
    path = completed(service, client)
    client.delete(path)
    assert client.post(f"{path}/reprocess").status_code == 410


@pytest.mark.parametrize("body", [{"from": "dessert"}, {"form": "read"}, ["read"]])
def test_an_unknown_stage_is_refused(service: Service, client: httpx.Client, body: object) -> None:
    """422 that names the field."""
    path = completed(service, client)
    assert client.post(f"{path}/reprocess", json=body).status_code == 422


def test_a_reader_cannot_reprocess(service: Service, client: httpx.Client) -> None:
    """It needs the scope `upload`."""
    path = completed(service, client)
    with service.client("read") as reader:
        assert reader.post(f"{path}/reprocess").status_code == 403


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("textract:0123", "textract"),
        ("quota:gemini-tokens", "quota"),
        ("vendor:gemini", "vendor"),
        ("budget", "budget"),
        (f"normalise:{'0' * 64}:{'1' * 64}", "same-content"),
    ],
)
def test_a_waiting_resume_says_what_it_waits_for(
    service: Service, client: httpx.Client, reason: str, told: str
) -> None:
    """In words that no vendor's ids are in."""
    path = upload(client).json()["links"]["self"]
    (job,) = JobQueue(service.engine).claim(7, Lane.ONLINE, 1)
    assert client.get(path).json()["waiting_for"] is None
    JobQueue(service.engine).wait(job.lease, reason=reason, seconds=60)
    resume = client.get(path).json()
    assert (resume["status"], resume["waiting_for"], resume["attempts"]) == ("processing", told, 0)
