"""The live OpenAPI document held against the live service: Schemathesis draws the requests, and judges the answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from benchmarks.service import Service
from pipeline.adapters.postgres.api_keys import ApiKeys
from pipeline.orchestration import wiring
from tests.chaos.killer import wait_until
from tests.serve_app.samples import zipped

ROOT = Path(__file__).parents[2]
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "missing_required_header",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
)
SEED = 14
#: It answers 2xx only to whoever catches an ingestion in the act: tests/serve_app does.
SELDOM_2XX = {"POST /ingestions/{id}/cancel"}
READABLE, ERASABLE = 4, 12


class Calls:
    """The calls that were made, a line each: the operation, the method, the status."""

    def __init__(self, path: Path) -> None:
        lines = [line.split("\t") for line in path.read_text("utf-8").splitlines()]
        self.count = len(lines)
        #: By operation, of the calls with its own method.
        self.statuses: dict[str, Counter[int]] = {}
        for operation, method, status in lines:
            if operation.split(" ")[0] == method.upper():
                self.statuses.setdefault(operation, Counter())[int(status)] += 1

    def with_2xx(self) -> set[str]:
        return {name for name, seen in self.statuses.items() if any(200 <= status < 300 for status in seen)}


def texts(folder: Path, count: int) -> Iterator[Path]:
    for number in range(count):
        path = folder / f"cv-{number}.txt"
        path.write_text(
            f"Ada Example\nada{number}@example.com\n\nExperience\nNurse, Example Hospital, 2019 - 2023\n"
        )
        yield path


@pytest.fixture(scope="module")
def given(service: Service, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the hooks need: keys, and ids of what is there."""
    folder = tmp_path_factory.mktemp("given")
    engine = wiring.database(service.settings, name="witness", pool_size=1)
    narrow_key = ApiKeys(engine).create("narrow", ["read"])[1]
    engine.dispose()
    archive = folder / "cvs.zip"
    archive.write_bytes(zipped("one.txt", "two.txt", "three.json"))
    with closing(service.client()) as client:
        resumes = [client.upload(path)["id"] for path in texts(folder, READABLE + ERASABLE)]
        ingestion = client.ingest_archive(archive)["id"]
        for resume in resumes:
            assert client.wait(resume)["status"] == "completed"
        wait_until(
            lambda: client.ingestion(ingestion)["state"] not in {"listing", "running"},
            seconds=120,
            what="the ingestion to end",
        )
    return {
        "key": service.key,
        "narrow_key": narrow_key,
        "resumes": resumes[:READABLE],
        "erasable": resumes[READABLE:],
        "ingestions": [ingestion],
    }


def schemathesis(service: Service, given: dict[str, Any], folder: Path, *options: str) -> Calls:
    """Run it to its end. Fails with its report, which has a curl command for each finding."""
    calls = folder / "calls.tsv"
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{service.url}/openapi.json", *options]
    command += ["--checks", ",".join(CHECKS), "--seed", str(SEED), "--suppress-health-check", "all"]
    command += ["--generation-database", "none", "--generation-with-security-parameters", "false"]
    command += ["--continue-on-failure", "--no-shrink", "--warnings", "off", "--no-color"]
    ended = subprocess.run(
        command,
        env=os.environ
        | {
            "PYTHONPATH": str(ROOT),
            "SCHEMATHESIS_HOOKS": "tests.integration.schemathesis_hooks",
            "SCHEMATHESIS_GIVEN": json.dumps(given | {"calls": str(calls)}),
        },
        cwd=folder,  # it leaves folders of its own where it runs
        capture_output=True,
        text=True,
        check=False,
    )
    report = ended.stdout + ended.stderr
    assert ended.returncode == 0, f"{report}\n(keys stand as [Filtered]; the seed is {SEED})"
    return Calls(calls)


def assert_all_was_tried(service: Service, calls: Calls) -> None:
    """Refusals alone would prove little: every operation was called, and answered what it is there for."""
    paths = httpx.get(f"{service.url}/openapi.json").json()["paths"]
    operations = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    assert set(calls.statuses) == operations
    assert calls.with_2xx() >= operations - SELDOM_2XX, calls.statuses
    seen = sum(calls.statuses.values(), Counter[int]())
    assert seen[401] > 0
    assert seen[403] > 0
    assert seen[429] + seen[503] < seen.total() / 20, calls.statuses


def test_some_200_answers_are_as_documented(service: Service, given: dict[str, Any], tmp_path: Path) -> None:
    calls = schemathesis(service, given, tmp_path, "--phases", "fuzzing", "--max-examples", "16")
    assert calls.count >= 200
    assert_all_was_tried(service, calls)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_10_000_answers_are_as_documented(service: Service, given: dict[str, Any], tmp_path: Path) -> None:
    """All phases: values at every limit, wrong methods, missing headers; then draws; then calls that follow others."""
    calls = schemathesis(service, given, tmp_path, "--max-examples", "800")
    assert calls.count >= 10_000
    assert_all_was_tried(service, calls)
