"""A rolling redeploy under load: every replica of the service is replaced while uploads go on.

Serve is given the application again, as after a change of code: it starts new replicas, moves the calls to them and
drains the old ones. Four clients upload all the while, and none of them ever tries again: what fails, fails.

    python -m benchmarks.redeploy [--uploads 2000]

The last line is a JSON object: `failed`, and the seconds of an upload, p50 and p99, before and during the redeploy. The
documents are the samples, uploaded again and again; uploads go on until their number is reached and the redeploy has
ended.
"""

from __future__ import annotations

import argparse
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import text

from benchmarks.report import tell
from benchmarks.service import Service, running
from pipeline.cli.demo import samples_dir
from pipeline.orchestration import wiring
from pipeline.orchestration.ray.local import redeploy
from serve_app.app import build_app

_CLIENTS = 4
#: The share of the uploads that come before the redeploy begins.
_BEFORE = 0.25
_COMPLETE_WITHIN_S = 600
_STATES = text("SELECT status, count(*) FROM applications GROUP BY status")


@dataclass(frozen=True, slots=True)
class Upload:
    """One upload: when it began, its seconds, and what it was answered (a status, or the error's name)."""

    began: float
    seconds: float
    answer: str

    @property
    def failed(self) -> bool:
        return self.answer != str(int(httpx.codes.ACCEPTED))


class Load:
    """Clients that upload, each with a pause between two uploads, until they are told to stop."""

    def __init__(self, service: Service, pause_s: float) -> None:
        self.uploads: list[Upload] = []
        self._service = service
        self._files = sorted(samples_dir().glob("*.pdf"))
        self._pause_s = pause_s
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(_CLIENTS)]
        for thread in self._threads:
            thread.start()

    def _run(self, number: int) -> None:
        headers = {"Authorization": f"Bearer {self._service.key}"}
        with httpx.Client(base_url=self._service.url, headers=headers, timeout=60, trust_env=False) as http:
            turn = number
            while not self._stop.wait(self._pause_s):
                self.uploads.append(_upload(http, self._files[turn % len(self._files)]))
                turn += 1

    def wait_for(self, number: int) -> None:
        """Until so many uploads have been answered."""
        while len(self.uploads) < number:
            time.sleep(0.05)

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()


def _upload(http: httpx.Client, path: Path) -> Upload:
    began = time.monotonic()
    try:
        answer = http.post("/resumes/upload", files={"file": (path.name, path.read_bytes())})
    except httpx.TransportError as error:
        return Upload(began, time.monotonic() - began, type(error).__name__)
    return Upload(began, time.monotonic() - began, str(answer.status_code))


def run(uploads: int, *, pause_s: float = 0) -> dict[str, Any]:
    """The figures of one redeploy under at least so many uploads, a client's so many seconds apart."""
    # Two of what is never to be missing, as in the manifests: a replica is replaced while the other answers.
    with running(ingress_replicas=2, dispatcher_replicas=2, rate_limit_per_minute=1_000_000) as service:
        before = {process.pid for process in service.replicas("Ingress")}
        load = Load(service, pause_s)
        load.wait_for(round(uploads * _BEFORE))
        began = time.monotonic()
        redeploy(build_app)
        ended = time.monotonic()
        load.wait_for(uploads)
        load.stop()
        after = {process.pid for process in service.replicas("Ingress")}
        states = _completed(service)
    if before & after:
        raise SystemExit("A replica of the old version still runs: nothing was redeployed.")
    return _figures(load.uploads, began, ended) | {"ends": states}


def _completed(service: Service) -> dict[str, int]:
    """Applications by status, when none is under way any more or the patience ends."""
    engine = wiring.database(service.settings, name="witness", pool_size=1)
    deadline = time.monotonic() + _COMPLETE_WITHIN_S
    while True:
        with engine.connect() as connection:
            states = {str(status): int(count) for status, count in connection.execute(_STATES)}
        if not states.keys() & {"queued", "processing"} or time.monotonic() > deadline:
            engine.dispose()
            return states
        time.sleep(0.5)


def _figures(uploads: list[Upload], began: float, ended: float) -> dict[str, Any]:
    quiet = [upload for upload in uploads if upload.began + upload.seconds <= began]
    rolling = [upload for upload in uploads if upload.began < ended and upload.began + upload.seconds > began]
    failures = [upload.answer for upload in uploads if upload.failed]
    return {
        "uploads": len(uploads),
        "failed": len(failures),
        "failures": {answer: failures.count(answer) for answer in sorted(set(failures))},
        "redeploy_seconds": round(ended - began, 1),
        "uploads_during": len(rolling),
        "p50_before_s": _percentile(quiet, 0.5),
        "p99_before_s": _percentile(quiet, 0.99),
        "p50_during_s": _percentile(rolling, 0.5),
        "p99_during_s": _percentile(rolling, 0.99),
    }


def _percentile(uploads: list[Upload], share: float) -> float:
    ordered = sorted(upload.seconds for upload in uploads)
    return round(ordered[int(share * (len(ordered) - 1))], 4)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.redeploy", description=__doc__.split("\n")[0])
    parser.add_argument("--uploads", type=int, default=2000)
    figures = run(parser.parse_args().uploads)
    tell("A rolling redeploy under load", figures)


if __name__ == "__main__":
    main()
