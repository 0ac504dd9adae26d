"""Notifications arrive, and the listener outlives every cut of its connection."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from pipeline.adapters.postgres.jobs import JobQueue
from pipeline.adapters.postgres.listen import Listener
from pipeline.adapters.postgres.moves import JOBS, STATUS
from pipeline.adapters.postgres.results import PostgresResults
from pipeline.domain.journey import Stage
from tests.adapters.postgres.factories import claimed, created, result, sql

Heard = queue.Queue[tuple[str, str]]


@pytest.fixture
def heard(database_url: str) -> Iterator[Heard]:
    """What a listener on both channels hears; ("", "") marks a reconnection."""
    notes: Heard = queue.Queue()
    listener = Listener(
        database_url,
        [JOBS, STATUS],
        lambda channel, payload: notes.put((channel, payload)),
        lambda: notes.put(("", "")),
    )
    listener.start()
    yield notes
    listener.stop()


def drain(notes: Heard) -> list[tuple[str, str]]:
    found = []
    while True:
        try:
            found.append(notes.get(timeout=0.3))
        except queue.Empty:
            return found


def test_an_upload_is_heard_by_its_lane(engine: Engine, heard: Heard) -> None:
    """So that a dispatcher need not wait for its poll."""
    created(engine)
    assert heard.get(timeout=5) == (JOBS, "online")


def test_every_change_that_callers_can_see_is_heard(engine: Engine, heard: Heard) -> None:
    """Running, a stage, waking, completed: each with the application's id."""
    job = claimed(engine)
    id_ = str(job.lease.resume_id)
    assert (STATUS, id_) in drain(heard)
    JobQueue(engine).progress([(job.lease, Stage.READ)])
    assert drain(heard) == [(STATUS, id_)]
    PostgresResults(engine).save([result(job.lease)])
    assert drain(heard) == [(STATUS, id_)]


def test_waking_and_releasing_announce_claimable_jobs(engine: Engine, heard: Heard) -> None:
    """Waiting is silent; waking and giving back are not."""
    job, other = claimed(engine, "a"), claimed(engine, "b")
    drain(heard)
    jobs = JobQueue(engine)
    jobs.wait(job.lease, reason="quota", seconds=60)
    assert drain(heard) == []
    jobs.wake("quota")
    assert drain(heard) == [(JOBS, "online")]
    jobs.release(1, [other.lease])
    assert set(drain(heard)) == {(JOBS, "online"), (STATUS, str(other.lease.resume_id))}


def test_a_cut_connection_is_replaced_and_said_so(engine: Engine, heard: Heard) -> None:
    """After the cut the owner is told that it may have missed something, and hears again."""
    for _ in range(2):
        sql(
            engine,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'resumes-listen'",
        )
        assert heard.get(timeout=5) == ("", "")
    created(engine)
    assert heard.get(timeout=5) == (JOBS, "online")


def test_a_callback_that_fails_ends_nothing(engine: Engine, database_url: str) -> None:
    """The thread goes on for the next notification."""
    calls: queue.Queue[str] = queue.Queue()

    def broken(_channel: str, payload: str) -> None:
        calls.put(payload)
        raise RuntimeError("a mistake of the listener's owner")

    listener = Listener(database_url, [JOBS], broken)
    listener.start()
    created(engine)
    assert calls.get(timeout=5) == "online"
    created(engine)
    assert calls.get(timeout=5) == "online"
    listener.stop()
    listener.stop()


def test_a_listener_without_a_server_starts_and_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    """It keeps trying in its thread, and stopping does not wait for the server."""
    monkeypatch.setattr("pipeline.adapters.postgres.listen.START_S", 0.2)
    listener = Listener("postgresql://x@/x?host=/tmp/no-such-directory", [JOBS], lambda c, p: None)
    listener.start()
    began = time.monotonic()
    listener.stop()
    assert time.monotonic() - began < 3
