"""Every call of resumes_client but ingestions from S3 against the running service, blocking and awaiting."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest

from benchmarks.service import Service
from pipeline.cli.demo import samples_dir
from resumes_client import AsyncClient, Client, IngestionResult, ProblemError
from tests.chaos.killer import wait_until
from tests.clients.faces import awaiting, blocking

NURSE = samples_dir() / "nurse_single_column.pdf"


@pytest.fixture(params=[blocking, awaiting], ids=["blocking", "awaiting"])
def ask(request: pytest.FixtureRequest, service: Service) -> Callable[..., Any]:
    """A call of the service's by its name."""
    return partial(request.param, service.url, api_key=service.key)


def test_a_journey_from_the_upload_to_the_receipt(
    ask: Callable[..., Any], request: pytest.FixtureRequest
) -> None:
    began = datetime.now(UTC) - timedelta(minutes=1)
    job = f"client-{request.node.name}"
    about = {"job_post_id": job, "email": "Ada@example.com", "external_id": "1", "idempotency_key": job}
    first, again = (ask("upload", NURSE, **about) for _ in range(2))
    assert (first["existed"], again["existed"]) == (False, True)
    id_ = first["id"]
    assert again["id"] == id_
    resume = ask("wait", id_)
    assert (resume["status"], resume["email"]) == ("completed", "ada@example.com")
    name = resume["profile"]["person"]["name"]["full"]
    full = ask("get_full", id_)
    assert full["profile"]["person"]["name"]["full"]["value"] == name
    assert ask("get_json_resume", id_)["profile"]["basics"]["name"] == name
    lines = [line["text"] for page in ask("text", id_)["pages"] for line in page["lines"]]
    assert name in " ".join(lines)
    (listed,) = ask("list", job_post_id=job, status=["completed"], created_after=began, page_size=1)
    assert listed["id"] == id_
    (hit,) = ask("search", "night shift nurse", job_post_id=job, created_after=began)["items"]
    assert hit["id"] == id_
    # What others still write may come before it: a feed tells what is settled.
    wait_until(lambda: ask("changes", job_post_id=job)["items"], seconds=60, what="the change is told")
    changes = ask("changes", job_post_id=job)
    assert [one["id"] for one in changes["items"]] == [id_]
    assert ask("changes", changes["next_cursor"], job_post_id=job)["items"] == []
    ask("reprocess", id_, "normalise")
    assert ask("wait", id_)["reprocessed_at"]
    receipt = ask("erase", id_)
    assert receipt["status"] == "erased"
    with pytest.raises(ProblemError) as raised:
        ask("get", id_)
    assert (raised.value.status, raised.value.code) == (410, "erased")


def test_what_an_archive_became(
    ask: Callable[..., Any], request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    archive = tmp_path / "applications.zip"
    with zipfile.ZipFile(archive, "w") as out:
        for path in sorted(samples_dir().glob("*.pdf"))[:2]:
            out.write(path, path.name)
        out.writestr("index.json", "{}")
    with archive.open("rb") as file:
        accepted = ask("ingest_archive", file, job_post_id=f"client-{request.node.name}")
    id_ = accepted["id"]
    wait_until(lambda: ask("ingestion", id_)["state"] == "completed", seconds=120, what="the ingestion ends")
    results = ask("ingestion_results", id_)
    assert sorted(result["member"] for result in results) == [0, 1]
    assert all(set(result) == set(IngestionResult.__annotations__) for result in results)
    assert ask("ingestion_results", id_, after=results[0]["id"]) == results[1:]
    (left_out,) = ask("ingestion_errors", id_)
    assert left_out["outcome"] == "skipped"
    assert id_ in [one["id"] for one in ask("ingestions")]
    with pytest.raises(ProblemError) as raised:
        ask("cancel_ingestion", id_)
    assert raised.value.code == "ended"


def test_an_original_comes_back_as_it_was(service: Service, client: Client) -> None:
    id_ = client.upload(NURSE)["id"]
    with client.file(id_) as response:
        assert response.read() == NURSE.read_bytes()

    async def awaited() -> bytes:
        async with AsyncClient(service.url, service.key) as other, other.file(id_) as response:
            return b"".join([piece async for piece in response.aiter_bytes()])

    assert anyio.run(awaited) == NURSE.read_bytes()


def test_a_command_that_is_repeated_uploads_nothing_twice(service: Service) -> None:
    """For each job post a resume, however often it is sent."""

    def printed(job: str) -> str:
        command = [
            sys.executable,
            "-m",
            "pipeline.cli",
            "upload",
            str(NURSE),
            "--no-wait",
            "--job-post-id",
            job,
        ]
        told = {"API_URL": service.url, "API_KEY": service.key}
        return subprocess.run(
            command, env={**os.environ, **told}, capture_output=True, text=True, check=True, timeout=60
        ).stdout

    first, again, other = (printed(job) for job in ("one", "one", "other"))
    assert all("1 of 1 accepted." in text for text in (first, again, other))
    ids = [re.search(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text)[0] for text in (first, again, other)]
    assert ids[0] == ids[1] != ids[2], (first, again, other)


def test_many_uploads_are_awaited_at_once(service: Service) -> None:
    """One client, one loop: thirty at a time, each with a resume of its own."""
    ids: list[str] = []

    async def run() -> None:
        async with AsyncClient(service.url, service.key) as client, anyio.create_task_group() as tasks:

            async def one(number: int) -> None:
                content = f"Ada Example {number}\nada{number}@example.com\nSkills: Go, PostgreSQL\n".encode()
                ids.append((await client.upload(content, filename=f"{number}.txt"))["id"])

            for number in range(30):
                tasks.start_soon(one, number)

    anyio.run(run)
    assert len(set(ids)) == 30
