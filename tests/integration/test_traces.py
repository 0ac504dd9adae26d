"""A caller's trace, followed through every process of the service by its logs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import ray

from benchmarks.service import Service
from pipeline.cli.demo import samples_dir
from pipeline.domain.journey import Stage
from resumes_client import Client
from tests.chaos.killer import wait_until

NURSE = samples_dir() / "nurse_single_column.pdf"
TRACE_ID = "5c1e0f7aa2b84d0f9f3d6a1b2c3d4e5f"


def lines(trace_id: str) -> Iterator[dict]:
    """Our lines of all processes that name this trace."""
    node = ray._private.worker._global_node
    for path in Path(node.get_logs_dir_path()).rglob("*"):
        if path.is_file():
            for line in path.read_bytes().splitlines():
                if trace_id.encode() in line and line.startswith(b"{"):
                    yield json.loads(line)


def test_every_stage_of_an_upload_logs_the_callers_trace(service: Service, client: Client) -> None:
    """So do the request and the end of the job; each names the resume."""
    answer = httpx.post(
        f"{service.url}/resumes/upload",
        headers={
            "Authorization": f"Bearer {service.key}",
            "traceparent": f"00-{TRACE_ID}-00f067aa0ba902b7-01",
        },
        files={"file": ("cv.pdf", NURSE.read_bytes())},
    )
    assert answer.status_code == 202
    resume_id = answer.json()["id"]
    client.wait(resume_id)
    events = {"request", "settled", *(stage.value for stage in Stage)}

    def named() -> set[str]:
        found = [line for line in lines(TRACE_ID) if line["resume_id"] == resume_id]
        return {line.get("stage", line["event"]) for line in found}

    wait_until(lambda: named() == events, seconds=20, what="all lines")
