"""What an erasure leaves, looked for everywhere: canaries in a text, its name, its fields, its picture."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import ray
from sqlalchemy import Engine, text

from benchmarks.service import Service
from pipeline.cli.demo import samples_dir
from pipeline.orchestration import wiring
from resumes_client import Client
from tests.adapters.image_bytes import page, saved
from tests.adapters.pdf_bytes import pdf, text_at
from tests.integration.canaries import files_with, traces

NAME, EMPLOYER, PLACE = "Zyxwora", "Quibbleforge", "Vantorvale"
CANARIES = [NAME, EMPLOYER, PLACE]
FIELDS = {
    "email": f"{NAME.lower()}@example.org",
    "external_id": f"person-{NAME}",
    "job_post_id": "canaries",
}
SAMPLE = sorted(samples_dir().glob("*.pdf"))[0]
UNDER_WAY = ("queued", "processing")
SPREAD_S = (0, 0.03, 0.06, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.9, 1.3, 1.8)


def resume(mark: str = "") -> bytes:
    lines = [f"{NAME} Fiktiva", f"{NAME.lower()}@example.org", "Experience"]
    lines += [f"Nurse, {EMPLOYER}, {PLACE}", f"2015 - 2020 {mark}", "Skills", f"Triage, {EMPLOYER}"]
    return pdf(["".join(text_at(60, 760 - 30 * n, line, size=14) for n, line in enumerate(lines))])


def scan(mark: str = "") -> bytes:
    return saved(page((f"{NAME} Fiktiva", f"Nurse at {EMPLOYER}", f"{PLACE} {mark}")), "PNG")


@pytest.fixture(scope="module")
def engine(service: Service) -> Iterator[Engine]:
    """The service's own database."""
    made = wiring.database(service.settings, name="canaries", pool_size=2)
    yield made
    made.dispose()


@pytest.fixture
def http(service: Service) -> Iterator[httpx.Client]:
    """A client that sees whole answers."""
    with httpx.Client(
        base_url=service.url, headers={"Authorization": f"Bearer {service.key}"}, timeout=60
    ) as client:
        yield client


def upload(http: httpx.Client, content: bytes, **headers: str) -> str:
    files = {"file": (f"{NAME}_{PLACE}.pdf", content)}
    answer = http.post("/resumes/upload", files=files, data=FIELDS, headers=headers)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def logs() -> Path:
    """Where every process of this Ray session writes."""
    node: Any = ray._private.worker._global_node
    return Path(node.get_logs_dir_path())


def everywhere(service: Service, engine: Engine) -> set[tuple[str, ...]]:
    """Every trace in the database, the store, and the logs of Ray's processes and of PostgreSQL."""
    found: set[tuple[str, ...]] = set()
    found |= traces(engine, CANARIES)
    found |= files_with(service.settings.objects_dir, CANARIES)
    found |= files_with(logs(), CANARIES)
    return found | {
        (str(log), canary)
        for log in service.settings.data_dir.rglob("*.log")
        for canary in CANARIES
        if canary.lower().encode() in log.read_bytes().lower()
    }


@pytest.mark.parametrize("make", [resume, scan], ids=["text", "scan"])
def test_an_erased_resume_leaves_no_trace(
    service: Service, client: Client, engine: Engine, http: httpx.Client, make: Any
) -> None:
    """Before, the canaries are in tables and in the store; after, nowhere, logs included."""
    id_ = upload(http, make(), **{"Idempotency-Key": f"key-of-{NAME}-{make.__name__}"})
    assert client.wait(id_)["status"] == "completed"
    assert http.post("/search", json={"query": f"{NAME} at {EMPLOYER}"}).status_code == 200
    before = traces(engine, CANARIES)
    assert {"applications", "texts", "chunks", "idempotency_keys"} <= {table for table, _, _ in before}
    assert ("checkpoints" in {table for table, _, _ in before}) == (make is scan)
    assert client.erase(id_)["status"] == "erased"
    assert files_with(logs(), [id_]), "logs carry ids, and are looked through"
    assert everywhere(service, engine) == set()
    assert not list(service.settings.objects_dir.rglob(f"*{id_}*"))


@pytest.mark.parametrize("make", [resume, scan], ids=["text", "scan"])
def test_what_is_erased_mid_run_does_not_come_back(
    service: Service, client: Client, engine: Engine, http: httpx.Client, make: Any
) -> None:
    """Erased at a dozen moments of their journey (fault 23); when all is quiet, nothing of them is anywhere."""
    delays = SPREAD_S if make is resume else SPREAD_S[::3]
    ids = []
    for number, delay in enumerate(delays):
        ids.append(upload(http, make(f"copy {number}")))
        time.sleep(delay)
        client.erase(ids[-1])
    last = client.upload(SAMPLE)["id"]
    assert client.wait(last)["status"] == "completed"
    wait_until_quiet(engine)
    states = states_of(engine, ids)
    assert any("running" in seen for seen in states), "some were being worked on"
    assert any("succeeded" not in seen for seen in states), "not all had been completed before"
    assert everywhere(service, engine) == set()
    for id_ in ids:
        assert http.get(f"/resumes/{id_}").status_code == 410
        assert not list(service.settings.objects_dir.rglob(f"*{id_}*"))


def states_of(engine: Engine, ids: list[str]) -> list[set[str]]:
    """The states that each of these jobs went through."""
    query = text("SELECT to_state FROM events WHERE application_id = CAST(:id AS uuid)")
    with engine.connect() as connection:
        return [set(connection.execute(query, {"id": id_}).scalars()) for id_ in ids]


def wait_until_quiet(engine: Engine) -> None:
    """No job is open, and what a worker held when its lease was lost had time to end."""
    deadline = time.monotonic() + 60
    query = text("SELECT count(*) FROM applications WHERE status = ANY(:under_way)")
    while True:
        with engine.connect() as connection:
            left = connection.execute(query, {"under_way": list(UNDER_WAY)}).scalar_one()
        if not left:
            break
        assert time.monotonic() < deadline, f"{left} jobs are still open"
        time.sleep(0.2)
    time.sleep(3)
