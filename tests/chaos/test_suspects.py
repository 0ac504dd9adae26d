"""A document whose worker dies is run alone; only three deaths alone condemn it."""

from __future__ import annotations

import io
import time
from pathlib import Path

import pikepdf
import psutil
import pytest
from sqlalchemy import Engine, text

from benchmarks.service import Service, title
from pipeline.cli.demo import samples_dir
from pipeline.domain.journey import DEATHS_ALONE_ARE_POISON
from resumes_client import Client
from tests.chaos import living
from tests.chaos.killer import wait_until

SAMPLES = sorted(samples_dir().glob("*.pdf"))


service = living.service(max_pages=100)
engine = living.witness
client = living.client


def long_document(folder: Path, mark: str) -> Path:
    """A hundred pages: reading them takes long enough to be killed at it."""
    pdf = pikepdf.new()
    with pikepdf.open(SAMPLES[0]) as sample:
        while len(pdf.pages) < 100:
            pdf.pages.extend(sample.pages)
        del pdf.pages[100:]
        made = io.BytesIO()
        pdf.save(made)
    path = folder / f"{mark}.pdf"
    path.write_bytes(made.getvalue() + f"\n%{mark}\n".encode())
    return path


def job_of(engine: Engine, resume_id: str) -> tuple[str, int]:
    """The job's state and suspicions."""
    query = text("SELECT state, suspicions FROM jobs WHERE application_id = CAST(:id AS uuid)")
    with engine.connect() as connection:
        row = connection.execute(query, {"id": resume_id}).one()
    return str(row.state), int(row.suspicions)


def isolated_workers(service: Service) -> list[psutil.Process]:
    return [process for process in service.processes() if "_IsolatedWorker" in title(process)]


def holds_a_document(process: psutil.Process) -> bool:
    """Whether it reads: its parser child runs, or ran a moment ago."""
    try:
        return bool(process.children())
    except psutil.Error:
        return False


def make_suspect(service: Service, engine: Engine, client: Client, path: Path) -> str:
    """Upload, and kill the reader while it holds the document."""
    serves = client.upload(SAMPLES[0])["id"]  # the reader that an earlier test killed is back
    assert client.wait(serves)["status"] == "completed"
    resume_id = str(client.upload(path)["id"])
    wait_until(lambda: job_of(engine, resume_id)[0] == "running", seconds=20, what="the job runs")
    time.sleep(0.1)
    service.replicas("TextReader")[0].kill()
    wait_until(lambda: job_of(engine, resume_id)[1] == 1, seconds=30, what="the job is suspected")
    return resume_id


@pytest.mark.long
def test_a_healthy_suspect_completes_alone(
    service: Service, engine: Engine, client: Client, tmp_path: Path
) -> None:
    """The death of its reader was not its fault: it is run again by itself and completes."""
    resume_id = make_suspect(service, engine, client, long_document(tmp_path, "healthy"))
    assert client.wait(resume_id, timeout=120)["status"] == "completed"


@pytest.mark.long
def test_three_deaths_alone_are_poison_and_cost_no_neighbour(
    service: Service, engine: Engine, client: Client, tmp_path: Path
) -> None:
    """Whatever held only this document died three times: it ends by name, and its neighbours complete."""
    resume_id = make_suspect(service, engine, client, long_document(tmp_path, "poison"))
    neighbours = [client.upload(path)["id"] for path in SAMPLES[:4]]
    killed: set[int] = set()
    deadline = time.monotonic() + 120
    while len(killed) < DEATHS_ALONE_ARE_POISON and time.monotonic() < deadline:
        for process in isolated_workers(service):
            if process.pid not in killed and holds_a_document(process):
                process.kill()
                killed.add(process.pid)
        time.sleep(0.01)
    resume = client.wait(resume_id, timeout=60)
    assert len(killed) == DEATHS_ALONE_ARE_POISON
    assert (resume["status"], resume["error"]["code"]) == ("failed", "poison")
    assert job_of(engine, resume_id)[0] == "dead"
    assert {client.wait(one)["status"] for one in neighbours} == {"completed"}
