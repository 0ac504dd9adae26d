"""`resumes serve` as a process: it stops in order, and comes back with everything after it was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from pipeline.cli.demo import samples_dir
from pipeline.orchestration.ray.local import free_port
from pipeline.settings import Settings
from resumes_client import Client

SAMPLES = sorted(samples_dir().glob("*.pdf"))


class Served:
    """A data directory, and a `resumes serve` on it that can be started again."""

    def __init__(self, data_dir: Path) -> None:
        self.port = free_port()
        # Not the settings of a service that runs in this process: two on one database would share its jobs.
        inherited = {k: v for k, v in os.environ.items() if k.lower() not in Settings.model_fields}
        self._environment = {**inherited, "DATA_DIR": str(data_dir), "PORT": str(self.port)}
        self._log = data_dir.parent / f"{data_dir.name}.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "pipeline.cli", "serve"], env=self._environment, stderr=log, stdout=log
            )
        deadline = time.monotonic() + 120
        while b"Ready at" not in self._log.read_bytes().split(b"Stopping")[-1].split(b"KILLED")[-1]:
            assert self.process.poll() is None, self._log.read_text()
            assert time.monotonic() < deadline, self._log.read_text()
            time.sleep(0.2)

    def run(self, *arguments: str) -> str:
        """Another `resumes` command on the same data."""
        command = [sys.executable, "-m", "pipeline.cli", *arguments]
        ended = subprocess.run(command, env=self._environment, capture_output=True, text=True, check=True)
        return ended.stdout

    def stop(self, number: int) -> list[psutil.Process]:
        """Signal the process; the processes that it had, to be looked at afterwards."""
        assert self.process is not None
        had = psutil.Process(self.process.pid).children(recursive=True)
        self.process.send_signal(number)
        self.process.wait(timeout=90)
        if number == signal.SIGKILL:
            with self._log.open("ab") as log:
                log.write(b"\nKILLED\n")
        return had


@pytest.fixture
def served() -> Iterator[Served]:
    """A running `resumes serve`; stopped at the end."""
    # Not pytest's tmp_path: run by root, the server's system user could not pass its parents.
    with tempfile.TemporaryDirectory(prefix="resumes-served-", ignore_cleanup_errors=True) as folder:
        made = Served(Path(folder) / "data")
        made.start()
        yield made
        if made.process is not None and made.process.poll() is None:
            made.stop(signal.SIGTERM)


@contextmanager
def client_of(served: Served, key: str) -> Iterator[Client]:
    client = Client(f"http://127.0.0.1:{served.port}", key)
    yield client
    client.close()


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["asked to stop", "killed"])
def test_what_was_accepted_completes_after_a_restart(served: Served, number: int) -> None:
    """Stopped with work in flight, by request or by force: its successor finishes everything."""
    key = served.run("keys", "create", "test", "--scope", "admin").strip()
    assert "test" in served.run("keys", "list")  # and neither command has stopped the service's PostgreSQL
    with client_of(served, key) as client:
        ids = [client.upload(path)["id"] for turn in range(4) for path in SAMPLES]
        left = served.stop(number)
    _, alive = psutil.wait_procs(left, timeout=10)
    if number == signal.SIGKILL:  # nobody tells Ray's agents: they notice by themselves, within two minutes
        alive = [process for process in alive if not process.name().endswith("Agent")]
    assert alive == []
    served.start()
    with client_of(served, key) as client:
        ends = [client.wait(one) for one in ids]
    assert [end["error"] for end in ends if end["status"] != "completed"] == []
