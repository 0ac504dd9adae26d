"""Single faults in a running service, each with work in the victim's hands, and what must hold after it."""

from __future__ import annotations

import os
import random
import re
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import pytest
import ray
from sqlalchemy import Engine

from benchmarks.chaos.faults import AT_STAGE, BUSY_OWNERS, RUNNING, STAGES, frozen
from benchmarks.chaos.stream import resume
from benchmarks.service import Service
from pipeline.adapters.postgres.engine import libpq_dsn
from pipeline.orchestration import wiring
from resumes_client import Client
from tests.chaos import living
from tests.chaos.killer import wait_until
from tests.chaos.living import column, one

RUN_AGAIN_WITHIN_S = 90
POLL_S = 2.0
#: A day and an hour: older than any upload that could still get its row.
OLD_S = 25 * 3600.0
WINDOW_S, PAIRS = 5.0, 3
ENOUGH, AHEAD = 0.9, 40


#: Two dispatchers, so that one has a peer; leases so short that outliving them is short too.
service = living.service(dispatcher_replicas=2, lease_s=6, heartbeat_s=1, give_up_s=4, poll_s=POLL_S)
engine = living.witness
client = living.client


class Files:
    """Small resumes, each unlike every other one of this module. Thread-safe."""

    _numbers = count(1)

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def next(self) -> Path:
        number = next(Files._numbers)
        path = self._folder / f"{number}.pdf"
        path.write_bytes(resume(number)[0])
        return path


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def uploaded(client: Client, files: Files, number: int) -> list[str]:
    return [str(client.upload(files.next())["id"]) for _ in range(number)]


def assert_completed_once(engine: Engine, client: Client, ids: list[str]) -> None:
    ends = [client.wait(id_, timeout=RUN_AGAIN_WITHIN_S) for id_ in ids]
    assert [end["error"] for end in ends if end["status"] != "completed"] == []
    assert one(engine, SUCCESSES, ids=ids) == len(ids)


SUCCESSES = """
    SELECT count(*) FROM events WHERE to_state = 'succeeded' AND application_id = ANY(CAST(:ids AS uuid[]))"""


def a_replica(service: Service, deployment: str) -> psutil.Process:
    """One that serves, once the ones that an earlier test killed are back."""
    wait_until(lambda: bool(service.replicas(deployment)), seconds=60, what=f"a {deployment} runs")
    return service.replicas(deployment)[0]


@pytest.mark.long
@pytest.mark.parametrize("deployment", STAGES)
def test_what_a_killed_stage_held_is_run_again_once(
    service: Service, engine: Engine, client: Client, files: Files, deployment: str
) -> None:
    """kill -9 mid-document: run again within 90 s, one result each."""
    assert_completed_once(engine, client, uploaded(client, files, 1))  # an earlier victim is replaced
    victim = a_replica(service, deployment)
    stage = STAGES[deployment]
    with frozen(victim):
        ids = uploaded(client, files, 4)
        wait_until(
            lambda: set(ids) <= set(column(engine, AT_STAGE, stage=stage)), seconds=60, what=f"all at {stage}"
        )
        victim.kill()
    assert_completed_once(engine, client, ids)


@pytest.mark.long
def test_a_dispatcher_that_was_stopped_past_its_lease_writes_nothing(
    service: Service, engine: Engine, client: Client, files: Files
) -> None:
    """Its peer finishes its jobs meanwhile; going on, it writes not a row and counts its leases as lost.

    The stages wait for nobody who hangs: all is done before Serve's health check would end the victim (100 s).
    """
    assert_completed_once(engine, client, uploaded(client, files, 1))
    lost_before = leases_lost()
    with frozen(a_replica(service, "ProfileNormaliser")):
        ids = uploaded(client, files, 12)
        while len(column(engine, BUSY_OWNERS)) < 2:
            ids += uploaded(client, files, 1)
            time.sleep(0.3)  # until it is claimed
            assert len(ids) < 60, "one dispatcher took everything"
        victim = service.replicas("Dispatcher")[0]
        victim.suspend()
    try:
        wait_until(
            # Suspects, one after the other; should the victim have stopped inside a transaction, then after the server
            # has ended that.
            lambda: one(engine, UNFINISHED, ids=ids) == 0,
            seconds=90,
            what="its peer finishes everything",
        )
        owner = one(engine, TAKEN_FROM, ids=ids)
        last = one(engine, "SELECT max(id) FROM events")
    finally:
        victim.resume()
    time.sleep(3)
    assert (
        column(engine, "SELECT id FROM events WHERE owner = :owner AND id > :last", owner=owner, last=last)
        == []
    )
    assert_completed_once(engine, client, ids)
    wait_until(lambda: leases_lost() >= lost_before + 1, seconds=30, what="its lost leases are counted")


UNFINISHED = """
    SELECT count(*) FROM jobs WHERE application_id = ANY(CAST(:ids AS uuid[])) AND state <> 'succeeded'"""
TAKEN_FROM = """
    SELECT DISTINCT owner FROM events
    WHERE reason = 'worker-lost' AND application_id = ANY(CAST(:ids AS uuid[]))"""


def leases_lost() -> float:
    """The counter as Prometheus would read it, over all processes."""
    url = f"http://127.0.0.1:{ray.nodes()[0]['MetricsExportPort']}/metrics"
    with urllib.request.urlopen(url, timeout=10) as answer:
        values = re.findall(
            r"^ray_resumes_lease_lost_total\{.*\} (\S+)$", answer.read().decode(), re.MULTILINE
        )
    return sum(float(value) for value in values)


@contextmanager
def no_new_rows(service: Service) -> Iterator[psycopg2.extensions.connection]:
    """Whoever inserts an application waits until the block ends, or the connection is rolled back."""
    connection = psycopg2.connect(libpq_dsn(wiring.database_url(service.settings)))
    with connection.cursor() as cursor:
        # SHARE lets foreign keys look: the upload's idempotency key is to get through.
        cursor.execute("LOCK TABLE applications IN SHARE MODE")
    try:
        yield connection
    finally:
        connection.close()


def waits(engine: Engine, event: str) -> Callable[[], bool]:
    """Whether a connection of the ingress waits for this."""
    return lambda: bool(
        column(
            engine,
            "SELECT 1 FROM pg_stat_activity WHERE application_name = 'resumes-ingress' AND wait_event = :event",
            event=event,
        )
    )


def objects(service: Service) -> set[str]:
    return {path.name for path in (service.settings.objects_dir / "resumes").iterdir()}


@contextmanager
def in_background(call: Callable[[], dict[str, Any]]) -> Iterator[Future[dict[str, Any]]]:
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(call)


@pytest.mark.long
def test_an_ingress_killed_between_object_and_row_leaves_an_orphan_and_the_retry_makes_one_job(
    service: Service, engine: Engine, client: Client, files: Files
) -> None:
    """The object is there and no row will ever be: a day later the sweep removes it; the client's retry is accepted."""
    assert_completed_once(engine, client, uploaded(client, files, 1))
    path, before, rows = files.next(), objects(service), one(engine, APPLICATIONS)
    victim = a_replica(service, "Ingress")
    with in_background(lambda: client.upload(path)) as answer:
        with no_new_rows(service):
            wait_until(waits(engine, "relation"), seconds=60, what="the ingress waits with its row")
            (orphan,) = objects(service) - before
            victim.kill()
            victim.wait(10)
        accepted = str(answer.result()["id"])
    assert accepted != orphan
    assert one(engine, APPLICATIONS) == rows + 1
    assert_completed_once(engine, client, [accepted])
    for name in (orphan, accepted):
        then = time.time() - OLD_S
        os.utime(service.settings.objects_dir / "resumes" / name, (then, then))
    assert wiring.sweeper(service.settings, engine).sweep().orphans == 1
    assert objects(service) == before | {accepted}


APPLICATIONS = "SELECT count(*) FROM applications"


@pytest.mark.long
def test_an_ingress_killed_after_its_commit_answers_the_retry_with_the_same_id(
    service: Service, engine: Engine, client: Client, files: Files
) -> None:
    """The row is on disk, the 202 never left: the same Idempotency-Key gets that row's id, and there is one job."""
    assert_completed_once(engine, client, uploaded(client, files, 1))
    path, before, rows = files.next(), objects(service), one(engine, APPLICATIONS)
    victim = a_replica(service, "Ingress")
    with in_background(lambda: client.upload(path)) as answer:
        with no_new_rows(service) as blocker:
            wait_until(waits(engine, "relation"), seconds=60, what="the ingress waits with its row")
            with unacknowledged_commits(service):
                blocker.rollback()
                wait_until(waits(engine, "SyncRep"), seconds=60, what="its row is on disk, unanswered")
                (kept,) = objects(service) - before
                victim.kill()
                victim.wait(10)
        accepted = str(answer.result()["id"])
    assert accepted == kept
    assert objects(service) == before | {kept}
    assert one(engine, APPLICATIONS) == rows + 1
    assert_completed_once(engine, client, [accepted])


@contextmanager
def unacknowledged_commits(service: Service) -> Iterator[None]:
    """Commits reach the disk and are answered only after the block: they wait for a standby that does not exist."""
    connection = psycopg2.connect(libpq_dsn(wiring.database_url(service.settings)))
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
        cursor.execute("SELECT pg_reload_conf()")
        try:
            time.sleep(0.3)  # every backend reads its configuration before its next statement
            yield
        finally:
            cursor.execute("ALTER SYSTEM RESET synchronous_standby_names")
            cursor.execute("SELECT pg_reload_conf()")
            connection.close()


@pytest.mark.long
def test_a_job_whose_notification_was_lost_is_found_by_the_poll(
    service: Service, engine: Engine, client: Client, files: Files
) -> None:
    """A row without its NOTIFY begins to run within a poll's time."""
    (twin,) = uploaded(client, files, 1)
    assert_completed_once(engine, client, [twin])
    unheard = str(one(engine, COPY, twin=twin))
    one(
        engine,
        "INSERT INTO jobs (application_id, lane) VALUES (CAST(:id AS uuid), 'online') RETURNING 1",
        id=unheard,
    )
    assert_completed_once(engine, client, [unheard])
    assert one(engine, WAITED, id=unheard) < POLL_S + 1


COPY = """
    INSERT INTO applications (id, content_sha256, object_key, size, mime, as_of_date)
    SELECT gen_random_uuid(), content_sha256, object_key, size, mime, as_of_date
    FROM applications WHERE id = CAST(:twin AS uuid) RETURNING id"""
WAITED = "SELECT extract(epoch FROM started_at - created_at) FROM applications WHERE id = CAST(:id AS uuid)"


@pytest.mark.long
def test_what_is_erased_while_it_is_saved_does_not_reappear(
    service: Service, engine: Engine, client: Client, files: Files
) -> None:
    """Erased with the finished result in the writer's hands: the writer goes on, and of the erased nothing is there."""
    assert_completed_once(engine, client, uploaded(client, files, 1))
    with frozen(a_replica(service, "ResumeWriter")):
        ids = uploaded(client, files, 6)
        wait_until(
            lambda: set(ids) <= set(column(engine, AT_STAGE, stage="save")),
            seconds=30,
            what="all at the writer",
        )
        erased, kept = ids[:3], ids[3:]
        for id_ in erased:
            client.erase(id_)
    assert_completed_once(engine, client, kept)
    time.sleep(3)
    assert column(
        engine, "SELECT status FROM applications WHERE id = ANY(CAST(:ids AS uuid[]))", ids=erased
    ) == ["erased"] * len(erased)
    assert [one(engine, sql, ids=erased) for sql in LEFT] == [0, 0, 0]
    assert objects(service).isdisjoint(erased)


LEFT = (
    "SELECT count(*) FROM chunks WHERE application_id = ANY(CAST(:ids AS uuid[]))",
    "SELECT count(*) FROM texts WHERE application_id = ANY(CAST(:ids AS uuid[]))",
    "SELECT count(profile) FROM applications WHERE id = ANY(CAST(:ids AS uuid[]))",
)


@pytest.mark.long
def test_connections_ended_twice_a_second_cost_a_tenth_of_the_throughput_at_most(
    service: Service, engine: Engine, client: Client, files: Files
) -> None:
    """Windows with and without pg_terminate_backend in turn, over one backlog that never empties."""
    uploads = uploaded(client, files, 30)
    chance = random.Random(5)
    done: dict[bool, int] = {False: 0, True: 0}
    ended = 0
    with fed(engine, client, files) as more:
        for pair in range(2 * PAIRS):
            if pair >= PAIRS and done[True] >= ENOUGH * done[False]:
                break  # what three pairs leave open, six decide
            for disturbed in (False, True):
                before, until = one(engine, ALL_SUCCESSES), time.monotonic() + WINDOW_S
                while time.monotonic() < until:
                    if disturbed and column(engine, RUNNING):
                        ended += end_a_connection(engine, chance)
                    time.sleep(0.5)
                done[disturbed] += one(engine, ALL_SUCCESSES) - before
    assert_completed_once(engine, client, uploads + more)
    assert ended >= PAIRS * WINDOW_S, "too few connections were ended: the run proved nothing"
    assert done[True] >= ENOUGH * done[False], done


@contextmanager
def fed(engine: Engine, client: Client, files: Files) -> Iterator[list[str]]:
    """The ids of what is uploaded while the block runs, so that there is always something to do."""
    ids: list[str] = []
    end = threading.Event()

    def feed() -> None:
        while not end.wait(0.02):
            if one(engine, UNENDED) < AHEAD:
                ids.extend(uploaded(client, files, 1))

    with ThreadPoolExecutor(3) as pool:
        feeders = [pool.submit(feed) for _ in range(3)]
        try:
            yield ids
        finally:
            end.set()
            for feeder in feeders:
                feeder.result()


def end_a_connection(engine: Engine, chance: random.Random) -> bool:
    """End any connection of the service."""
    return bool(
        one(engine, "SELECT pg_terminate_backend(:pid)", pid=chance.choice(column(engine, CONNECTIONS)))
    )


CONNECTIONS = """
    SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'
        AND application_name <> current_setting('application_name') ORDER BY backend_start, pid"""
UNENDED = "SELECT count(*) FROM jobs WHERE state IN ('queued', 'running', 'waiting', 'retry_wait')"
ALL_SUCCESSES = "SELECT count(*) FROM events WHERE to_state = 'succeeded'"
