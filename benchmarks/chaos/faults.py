"""What is killed, and the proof that it had work in hand.

A stage's replica is frozen first (SIGSTOP): what is at its stage then stays there, is counted, and only then does the
process die. A fault that finds nothing at work within its patience lets the victim go on, and is no kill but a miss.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psutil
from sqlalchemy import Engine, text

from benchmarks.chaos.stream import Stream
from benchmarks.service import Service, title
from pipeline.adapters.postgres.engine import transaction
from pipeline.domain.errors import DatabaseUnavailable

STAGES = {
    "TextReader": "read",
    "ProfileNormaliser": "normalise",
    "ChunkEmbedder": "embed",
    "ResumeWriter": "save",
}
PARSER_CHILD, DISPATCHER, INGRESS = "parser child", "Dispatcher", "Ingress"
POSTGRES, BACKEND, STALL = "postgres", "pg_terminate_backend", "stall past the lease"
KINDS = (*STAGES, PARSER_CHILD, DISPATCHER, INGRESS, POSTGRES, BACKEND, STALL)

_PATIENCE_S = 20.0
#: Stages are shown in batches, so late at most; after that, what is shown at a frozen process is there.
_NEWS_S = 0.5
_LOOK_S = 0.02
_LATE_S = 1.0
#: Saves in the writer's hands when it stalls, if there are so many: each is a chance of a late write.
_MANY = 10

#: Suspects run in a process of their own, except for the save.
AT_STAGE = """
    SELECT CAST(j.application_id AS text) FROM jobs j JOIN applications a ON a.id = j.application_id
    WHERE j.state = 'running' AND a.stage = :stage AND (j.suspicions = 0 OR a.stage = 'save')"""
RUNNING = "SELECT CAST(application_id AS text) FROM jobs WHERE state = 'running'"
#: Dispatchers that live and have running jobs: they hold their lock.
BUSY_OWNERS = """
    SELECT DISTINCT j.lease_owner FROM jobs j JOIN pg_locks l
        ON l.locktype = 'advisory' AND l.granted AND (l.classid::bigint << 32) | l.objid::bigint = j.lease_owner
    WHERE j.state = 'running'"""
#: Of these jobs, those that were taken from a worker since, and run again under another lease.
RUN_AGAIN = """
    SELECT CAST(j.application_id AS text) FROM jobs j JOIN events e ON e.application_id = j.application_id
    WHERE j.application_id = ANY(CAST(:ids AS uuid[])) AND e.reason = 'worker-lost' AND e.at > :since
      AND j.state = 'running' AND j.lease_epoch > e.epoch"""
IDLE_WRITERS = """
    SELECT pid FROM pg_stat_activity WHERE application_name = 'resumes-writer' AND state = 'idle'
    ORDER BY state_change DESC"""
TAKEN = "SELECT application_id FROM events WHERE reason = 'worker-lost' AND at > :since"
BACKENDS = """
    SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend'
        AND application_name <> current_setting('application_name')
    ORDER BY state <> 'idle' DESC, state_change DESC LIMIT 4"""


@dataclass(frozen=True, slots=True)
class Kill:
    """One fault that hit: when, and what was in the victim's hands (ids of jobs, or uploads without one yet)."""

    kind: str
    at: datetime
    ids: tuple[str, ...]
    uploads: int = 0


class Killer:
    """Strikes a running service. The engine's own connections are spared."""

    def __init__(self, service: Service, engine: Engine, stream: Stream, chance: random.Random) -> None:
        self._service, self._engine, self._stream, self._chance = service, engine, stream, chance
        self._lease_s = service.settings.lease_s

    def strike(self, kind: str) -> Kill | None:
        """Do one fault of this kind; None where nothing was at work."""
        others = {
            DISPATCHER: self._kill_dispatcher,
            INGRESS: self._kill_ingress,
            POSTGRES: self._kill_postgres,
            BACKEND: self._end_backend,
            STALL: self._stall,
        }
        try:
            return others[kind]() if kind in others else self._kill_at_stage(kind)
        except psutil.NoSuchProcess:  # it ended by itself, of an earlier fault
            return None

    # -- the faults ------------------------------------------------------------------------------------

    def _kill_at_stage(self, kind: str) -> Kill | None:
        victim = self._victim(kind)
        if victim is None:
            return None
        with frozen(victim):
            ids = self._wait(lambda: self._ids(AT_STAGE, stage=STAGES.get(kind, "read")), at_least_s=_NEWS_S)
            return self._killed(kind, victim, ids) if ids else None

    def _kill_dispatcher(self) -> Kill | None:
        busy = self._wait(self._all_dispatchers_busy)
        victim = self._victim(DISPATCHER) if busy else None
        if victim is None:
            return None
        with frozen(victim):
            ids = self._ids(RUNNING)
            return self._killed(DISPATCHER, victim, ids) if self._all_dispatchers_busy() else None

    def _kill_ingress(self) -> Kill | None:
        victim = self._victim(INGRESS)
        if victim is None:
            return None
        with frozen(victim):
            uploads = self._wait(self._stream.uploading, at_least_s=_NEWS_S)
            if not uploads:
                return None
            victim.kill()
            return Kill(INGRESS, _now(), (), uploads)

    def _kill_postgres(self) -> Kill | None:
        ids = self._wait(lambda: self._ids(RUNNING))
        victim = self._service.postmaster()
        return self._killed(POSTGRES, victim, ids) if ids and victim else None

    def _end_backend(self) -> Kill | None:
        ids = self._wait(lambda: self._ids(RUNNING))
        found = self._ids(BACKENDS)
        if not ids or not found:
            return None
        at = _now()
        ended = self._ids("SELECT pg_terminate_backend(:pid)", pid=self._chance.choice(found))
        return Kill(BACKEND, at, tuple(ids)) if ended == [True] else None

    def _stall(self) -> Kill | None:
        """A machine that stops for longer than a lease: a dispatcher, and the writer with saves in its hands.

        They go on when a job of theirs runs again elsewhere, so that their late writes meet a live lease.
        """
        writer = self._victim("ResumeWriter")
        connection = self._idle_connection_of_writer()
        if writer is None or connection is None or not self._wait(self._all_dispatchers_busy):
            return None
        # Its connection first: the writer goes on taking saves, and begins none.
        with frozen(connection):
            if connection.pid not in self._ids(IDLE_WRITERS):
                return None
            self._wait(lambda: len(self._ids(AT_STAGE, stage="save")) >= _MANY, at_least_s=1.0)
            with frozen(writer):
                ids = self._ids(AT_STAGE, stage="save")
                dispatcher = self._victim(DISPATCHER)
                if not ids or dispatcher is None or not self._all_dispatchers_busy():
                    return None
                since = _now()
                with frozen(dispatcher):
                    self._wait(
                        lambda: self._ids(RUN_AGAIN, ids=ids, since=since),
                        patience_s=self._lease_s + _PATIENCE_S / 2,
                        feed=False,
                    )
                    # The writer first: the dispatcher would notice, and take back what it has asked for.
                    connection.resume()
                    writer.resume()
                    time.sleep(_LATE_S)
        return Kill(STALL, _now(), tuple(ids)) if self._ids(TAKEN, since=since) else None

    def _idle_connection_of_writer(self) -> psutil.Process | None:
        """The server's process behind it, between two transactions: then it holds nothing that others wait for."""
        found = self._wait(lambda: self._ids(IDLE_WRITERS), feed=False)
        return psutil.Process(found[0]) if found else None

    # -- what they need --------------------------------------------------------------------------------

    def _victim(self, kind: str) -> psutil.Process | None:
        """A process of this kind that serves, waiting while it is being replaced."""
        found = self._wait(lambda: self._processes(kind), patience_s=3 * _PATIENCE_S, feed=False)
        return self._chance.choice(found) if found else None

    def _processes(self, kind: str) -> list[psutil.Process]:
        if kind != PARSER_CHILD:
            return self._service.replicas(kind)
        children = [child for reader in self._service.replicas("TextReader") for child in reader.children()]
        return [child for child in children if "spawn_main" in title(child)]

    def _all_dispatchers_busy(self) -> bool:
        """Whether each dispatcher that runs has jobs: then whichever is struck has some."""
        running = len(self._processes(DISPATCHER))
        return 0 < running <= len(self._ids(BUSY_OWNERS))

    def _killed(self, kind: str, victim: psutil.Process, ids: Sequence[Any]) -> Kill:
        victim.kill()
        return Kill(kind, _now(), tuple(ids))

    def _ids(self, sql: str, **parameters: Any) -> list[Any]:
        """The first column; nothing while PostgreSQL is away."""
        try:
            with transaction(self._engine) as connection:
                return list(connection.execute(text(sql), parameters).scalars())
        except DatabaseUnavailable:
            return []

    def _wait(
        self,
        look: Callable[[], Any],
        *,
        patience_s: float = _PATIENCE_S,
        at_least_s: float = 0,
        feed: bool = True,
    ) -> Any:
        """The first true answer from `at_least_s` on, else the last. `feed` lets a stream that stands still go on."""
        begun = fed = time.monotonic()
        while True:
            found, now = look(), time.monotonic()
            if (found and now - begun >= at_least_s) or now - begun > patience_s:
                return found
            if feed and now - fed > 1:
                self._stream.allow_more(4)
                fed = now
            time.sleep(_LOOK_S)


@contextmanager
def frozen(process: psutil.Process) -> Iterator[None]:
    """Stopped with SIGSTOP; if it is still alive at the end, it goes on."""
    process.suspend()
    try:
        yield
    finally:
        with suppress(psutil.NoSuchProcess):
            process.resume()


def _now() -> datetime:
    return datetime.now(UTC)
