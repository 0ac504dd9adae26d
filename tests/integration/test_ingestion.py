"""Bulk ingestion by the real service, and by `resumes ingest --wait` in a cluster of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine

from benchmarks.resume_maker import iter_resumes
from benchmarks.service import Service
from pipeline.adapters.postgres.ingestions import Ingestions, Progress
from pipeline.domain.ingestion import IngestionState
from pipeline.domain.journey import Status
from pipeline.orchestration import wiring
from resumes_client import Client
from tests.chaos.killer import wait_until


def archive_in(folder: Path, count: int, seed: int) -> Path:
    """Made resumes, one of them twice, and three members of other kinds."""
    path = folder / "applications.zip"
    made = [one.pdf for one in iter_resumes(count, seed)]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, pdf in enumerate(made):
            archive.writestr(f"cv/{number}.pdf", pdf)
        archive.writestr("cv/again.pdf", made[0])
        archive.writestr("cv/broken.pdf", b"%PDF-1.7\nnothing else")
        archive.writestr("index.json", b'{"no": "resume"}')
        archive.writestr("../../etc/passwd.pdf", made[1])
    return path


def resumes(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command, as somebody types it; its output is no terminal."""
    return subprocess.run(
        [sys.executable, "-m", "pipeline.cli", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.fixture
def engine(service: Service) -> Iterator[Engine]:
    made = wiring.database(service.settings, name="witness", pool_size=1)
    yield made
    made.dispose()


def ended(ingestions: Ingestions, id_: object) -> Progress:
    """Wait for the end; every look at it on the way has counts that add up."""
    found: list[Progress] = []

    def over() -> bool:
        progress = ingestions.progress(id_)  # type: ignore[arg-type]
        assert progress is not None
        if progress.row.members is not None:
            parts = progress.accepted, progress.duplicate, progress.skipped, progress.failed
            assert sum(parts) + progress.not_started == progress.row.members
        assert sum(progress.resumes.values()) == progress.accepted
        found.append(progress)
        return progress.row.state not in (IngestionState.LISTING, IngestionState.RUNNING)

    wait_until(over, seconds=120, what="the ingestion ends")
    return found[-1]


def test_an_archive_is_ingested_by_the_running_service(
    service: Service, engine: Engine, client: Client, tmp_path: Path
) -> None:
    """Every member is accounted for, resumes are found by search, and the commands tell the same."""
    ingestions = Ingestions(engine)
    archive = archive_in(tmp_path, 12, seed=611)
    id_ = ingestions.create(str(archive), as_of_date=date(2026, 11, 25), job_post_id="bulk-test")
    progress = ended(ingestions, id_)
    assert progress.row.state is IngestionState.COMPLETED
    assert (progress.accepted, progress.duplicate, progress.skipped, progress.failed) == (13, 1, 2, 0)
    assert progress.resumes == {Status.COMPLETED: 12, Status.FAILED: 1}
    assert progress.failures == {
        ("failed", "corrupt"): 1,
        ("skipped", "not-a-resume-type"): 1,
        ("skipped", "unsafe-name"): 1,
    }
    assert client.search("experience and education", job_post_id="bulk-test", limit=5)["items"]
    told = {"DB_URL": service.settings.environment()["DB_URL"]}
    shown = json.loads(resumes("ingestion", str(id_), "--json", **told).stdout)
    assert (shown["accepted"], shown["state"]) == (13, "completed")
    errors = resumes("ingestion", str(id_), "--errors", **told).stdout
    assert all(
        code in errors for code in ("(duplicate)", "(corrupt)", "(not-a-resume-type)", "(unsafe-name)")
    )
    out = tmp_path / "results.ndjson"
    assert resumes("ingestion", str(id_), "--results", str(out), **told).returncode == 0
    lines = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert sorted(line["member"] for line in lines) == [*range(12), 13]
    assert all(line["profile"]["person"]["name"]["full"] for line in lines if line["status"] == "completed")


@pytest.mark.slow
def test_ingest_and_wait_runs_a_cluster_of_its_own_and_exits_by_the_counts(tmp_path: Path) -> None:
    """No service runs: it starts what it needs, says how far it is in plain lines, and ends with 2 for a failure;
    the same source again starts nothing and says so."""
    archive = archive_in(tmp_path, 6, seed=612)
    # Not below `tmp_path`: every pytest that root starts closes its folder to the server's own user.
    with tempfile.TemporaryDirectory(prefix="resumes-ingest-", ignore_cleanup_errors=True) as data_dir:
        told = {"DATA_DIR": data_dir, "DB_URL": ""}
        first = resumes("ingest", str(archive), "--wait", **told)
        again = resumes("ingest", str(archive), "--wait", **told)
    assert first.returncode == 2, first.stderr
    assert "completed: 10 of 10 members ended, 1 failed" in first.stdout
    assert "Starting Ray" in first.stderr
    assert "\x1b[" not in first.stdout
    assert again.returncode == 2
    assert "nothing is done twice" in " ".join(again.stdout.split())
    assert "Starting Ray" not in again.stderr


def test_a_source_that_is_not_there_is_said_at_once(service: Service, tmp_path: Path) -> None:
    """One sentence, exit status 1, and no ingestion is begun."""
    told = {"DB_URL": service.settings.environment()["DB_URL"]}
    answer = resumes("ingest", str(tmp_path / "nowhere.zip"), **told)
    assert answer.returncode == 1
    assert "nowhere.zip" in answer.stderr
    assert "Traceback" not in answer.stderr
