"""A Redis of the benchmark's own: on a free port of the loopback interface, in a directory of its own."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from pipeline.orchestration.ray.local import free_port

_START_S = 20.0
_STOP_S = 10.0


@contextmanager
def redis_running(directory: Path) -> Iterator[tuple[str, int]]:
    """Its URL and its pid. Raises FileNotFoundError where redis-server is not installed.

    Tasks reach the disk once a second (`appendonly`), as a broker that may not lose what it accepted is run.
    """
    program = shutil.which("redis-server")
    if program is None:
        raise FileNotFoundError("redis-server is not installed: apt-get install redis-server.")
    directory.mkdir(parents=True, exist_ok=True)
    port = free_port()
    command = [
        program, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(directory), "--save", "",
        "--appendonly", "yes", "--appendfsync", "everysec", "--daemonize", "no", "--logfile", "redis.log",
    ]  # fmt: skip
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        _wait(port, server)
        yield f"redis://127.0.0.1:{port}/0", server.pid
    finally:
        server.terminate()
        try:
            server.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait(port: int, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_S
    with redis.Redis(port=port) as client:
        while True:
            try:
                client.ping()
                return
            except redis.ConnectionError:
                if server.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(
                        "redis-server did not start: see redis.log in its directory."
                    ) from None
                time.sleep(0.05)
