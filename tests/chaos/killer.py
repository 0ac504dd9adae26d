"""Kills processes of a running service with -9, and shows that each kill hit running jobs."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import psutil
from sqlalchemy import Engine, text

from benchmarks.service import Service

_RUNNING = text("SELECT count(*) FROM jobs WHERE state = 'running'")


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill: of what, and how many jobs were running at that moment."""

    target: str
    pid: int
    running_jobs: int


class Killer:
    """Finds a victim by what it is, waits until jobs run, and kills it."""

    def __init__(self, service: Service, engine: Engine) -> None:
        self._service, self._engine = service, engine
        self.kills: list[Kill] = []

    def kill(self, target: str, *, patience_s: float = 60) -> Kill:
        """`target` is a deployment's name or `postgres`. Raises TimeoutError if nothing runs meanwhile."""
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            running = self._running_jobs()
            victims = self._victims(target)
            if running and victims:
                victims[0].kill()
                done = Kill(target, victims[0].pid, running)
                self.kills.append(done)
                return done
            time.sleep(0.005)
        raise TimeoutError(f"{target} was never found at work")

    def _victims(self, target: str) -> list[psutil.Process]:
        if target == "postgres":
            postmaster = self._service.postmaster()
            return [postmaster] if postmaster else []
        return self._service.replicas(target)

    def _running_jobs(self) -> int:
        try:
            with self._engine.connect() as connection:
                return int(connection.execute(_RUNNING).scalar_one())
        except Exception:  # noqa: BLE001 - PostgreSQL may be the one that was killed: then nothing is known
            return 0


def wait_until(condition: Callable[[], bool], *, seconds: float, what: str) -> None:
    """Poll until the condition holds. Raises TimeoutError naming `what`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        time.sleep(0.1)
