"""Kills processes of a running service with -9, and shows that each kill hit work in hand."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import psutil
from sqlalchemy import Engine, text

from benchmarks.service import Service, title

RUNNING_JOBS = "SELECT count(*) FROM jobs WHERE state = 'running'"


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill: of what, and how much was going on at that moment: jobs, where nothing else was asked for."""

    target: str
    pid: int
    running_jobs: int


class Killer:
    """Finds a victim by what it is, waits until it has work, and kills it.

    `work` has a count in SQL for each target at whose work something else than jobs must run.
    """

    def __init__(self, service: Service, engine: Engine, work: Mapping[str, str] | None = None) -> None:
        self._service, self._engine, self._work = service, engine, work or {}
        self.kills: list[Kill] = []

    def kill(self, target: str, *, patience_s: float = 60) -> Kill:
        """As `kill_at_work`. Raises TimeoutError if nothing runs meanwhile."""
        done = self.kill_at_work(target, patience_s=patience_s)
        if done is None:
            raise TimeoutError(f"{target} was never found at work")
        return done

    def kill_at_work(self, target: str, *, patience_s: float) -> Kill | None:
        """`target` is a deployment's name, `store_shard` or `postgres`; None where it had no work for so long."""
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            victims = self._victims(target)  # they take longer to find than work: what runs is asked last
            running = self._at_work(target) if victims else 0
            if running:
                victims[0].kill()
                done = Kill(target, victims[0].pid, running)
                self.kills.append(done)
                return done
            time.sleep(0.005)
        return None

    def _victims(self, target: str) -> list[psutil.Process]:
        if target == "postgres":
            postmaster = self._service.postmaster()
            return [postmaster] if postmaster else []
        if target == "store_shard":
            return [one for one in self._service.processes() if title(one).startswith("ray::store_shard")]
        return self._service.replicas(target)

    def _at_work(self, target: str) -> int:
        try:
            with self._engine.connect() as connection:
                return int(connection.execute(text(self._work.get(target, RUNNING_JOBS))).scalar_one())
        except Exception:  # noqa: BLE001 - PostgreSQL may be the one that was killed: then nothing is known
            return 0


def wait_until(condition: Callable[[], bool], *, seconds: float, what: str) -> None:
    """Poll until the condition holds. Raises TimeoutError naming `what`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        time.sleep(0.1)
