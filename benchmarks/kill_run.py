"""Uploads while the service dies around them: what a caller meets who follows the documentation to the letter.

    python -m benchmarks.kill_run [--files 500] [--clients 16] [--seed 7]

Made resumes, each uploaded once by plain HTTP (httpx, none of our clients): an Idempotency-Key, `Retry-After` obeyed,
a second's wait after a lost connection. Meanwhile ingress, dispatcher, embedder and PostgreSQL are killed with -9 in
turn, each with jobs running. What counts: uploads that were never accepted, resumes that there are too many or too few
of in the database or that did not complete, answers that are no problem+json, and the slowest upload from its first
try to its 202. The last line is a JSON object: `lost`, `doubled`, `not_completed`, `not_problems` (asked: 0 each) and
`slowest_upload_s` (asked: at most 15).
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from sqlalchemy import text

from benchmarks.latency import short_resumes
from benchmarks.report import tell
from benchmarks.service import Service, running
from pipeline.orchestration import wiring
from tests.chaos.killer import Killer, wait_until

_TARGETS = ("Ingress", "Dispatcher", "ChunkEmbedder", "postgres", "Ingress")
_PATIENCE_S = 180
_WITHOUT_ANSWER_S = 1.0
_PROBLEM = "application/problem+json"
_COMPLETE_WITHIN_S = 1800


@dataclass(slots=True)
class Met:
    """What the callers met."""

    ids: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    not_problems: int = 0
    lost: int = 0


def run(files: int, clients: int, seed: int) -> dict[str, Any]:
    """The figures of one run. Raises TimeoutError where nothing is accepted, or a target is never at work."""
    with tempfile.TemporaryDirectory() as folder, running() as service:
        paths = list(short_resumes(Path(folder), files, seed))
        engine = wiring.database(service.settings, name="witness", pool_size=2)
        killer, met = Killer(service, engine), Met()
        with ThreadPoolExecutor(clients) as pool, _caller(service) as http:
            uploads = [pool.submit(_upload, http, path, met) for path in paths]
            for number, target in enumerate(_TARGETS, 1):
                reached = number * files // (len(_TARGETS) + 1)
                wait_until(
                    lambda reached=reached: len(met.ids) >= reached,  # type: ignore[misc]
                    seconds=_PATIENCE_S,
                    what=f"{reached} uploads accepted before {target} is killed",
                )
                killer.kill(target)
            for upload in uploads:
                upload.result()
        stored, ended = _ended(service, len(met.ids))
        engine.dispose()
    ordered = sorted(met.seconds)
    return {
        "files": files, "clients": clients, "killed": ", ".join(kill.target for kill in killer.kills),
        "lost": met.lost, "doubled": stored - len(set(met.ids)), "not_completed": stored - ended,
        "not_problems": met.not_problems, "slowest_upload_s": round(ordered[-1], 1),
        "median_upload_s": round(ordered[len(ordered) // 2], 2), "answers": dict(sorted(met.statuses.items())),
    }  # fmt: skip


def _caller(service: Service) -> httpx.Client:
    return httpx.Client(
        base_url=service.url,
        headers={"Authorization": f"Bearer {service.key}"},
        timeout=30,
        limits=httpx.Limits(max_connections=None),
        trust_env=False,
    )


def _upload(http: httpx.Client, path: Path, met: Met) -> None:
    """One file until it is accepted, always under one key. Lists and counters are only ever added to."""
    began, key, content = time.monotonic(), str(uuid4()), path.read_bytes()
    while time.monotonic() - began < _PATIENCE_S:
        try:
            answer = http.post(
                "/resumes/upload", files={"file": (path.name, content)}, headers={"Idempotency-Key": key}
            )
        except httpx.TransportError as error:
            met.statuses[type(error).__name__] += 1
            time.sleep(_WITHOUT_ANSWER_S)
            continue
        met.statuses[str(answer.status_code)] += 1
        if answer.is_success:
            met.seconds.append(time.monotonic() - began)
            met.ids.append(answer.json()["id"])
            return
        met.not_problems += not answer.headers.get("Content-Type", "").startswith(_PROBLEM)
        time.sleep(float(answer.headers.get("Retry-After", _WITHOUT_ANSWER_S)))
    met.lost += 1


def _ended(service: Service, accepted: int) -> tuple[int, int]:
    """How many resumes there are, and how many of them completed, once all have ended."""
    engine = wiring.database(service.settings, name="witness", pool_size=1)

    def count(where: str) -> int:
        with engine.begin() as connection:
            return int(connection.execute(text(f"SELECT count(*) FROM applications {where}")).scalar_one())

    wait_until(
        lambda: count("WHERE status IN ('completed', 'failed')") >= accepted,
        seconds=_COMPLETE_WITHIN_S,
        what="all resumes ended",
    )
    found = count(""), count("WHERE status = 'completed'")
    engine.dispose()
    return found


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=500)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    tell("Uploads while the service is killed", run(options.files, options.clients, options.seed))


if __name__ == "__main__":
    main()
