"""The embedded server: started, adopted, killed, restarted, stopped for good."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg2
import pytest
from sqlalchemy import text

from pipeline.adapters.postgres import migrate
from pipeline.adapters.postgres.applications import Applications
from pipeline.adapters.postgres.embedded import EmbeddedPostgres
from pipeline.adapters.postgres.engine import open_engine, transaction
from pipeline.adapters.postgres.jobs import JobQueue
from pipeline.domain.errors import ConfigurationError, DatabaseUnavailable
from pipeline.domain.journey import Lane
from tests.adapters.postgres.factories import created

RECOVERY_S = 10


@pytest.fixture
def server(server_directory: Path) -> Iterator[EmbeddedPostgres]:
    made = EmbeddedPostgres(server_directory / "postgres")
    made.start()
    yield made
    made.stop()


def answer(url: str) -> int:
    connection = psycopg2.connect(url)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 42")
            return int(cursor.fetchone()[0])
    finally:
        connection.close()


def kill(server: EmbeddedPostgres) -> int:
    pid = server.pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    return pid


def wait_until(condition: object, seconds: float = RECOVERY_S) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def test_a_second_owner_adopts_the_running_server(server: EmbeddedPostgres) -> None:
    """The same process, the same URL, and either of them can stop it."""
    second = EmbeddedPostgres(server.directory)
    assert second.start() == server.url
    assert second.pid() == server.pid()
    assert answer(second.url) == 42
    second.stop()
    assert not server.is_running()
    server.stop()
    assert server.start() == second.url


def test_the_server_outlives_its_owners_death(server: EmbeddedPostgres) -> None:
    """An owner that is killed with -9 leaves a server that the next one adopts, data and all."""
    server.stop()
    code = (
        "import os, sys, signal; from pathlib import Path;"
        "from pipeline.adapters.postgres.embedded import EmbeddedPostgres;"
        "EmbeddedPostgres(Path(sys.argv[1])).start(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    owner = subprocess.run(
        [sys.executable, "-c", code, str(server.directory)],
        cwd=Path(__file__).parents[3],
        check=False,
        timeout=60,
    )
    assert owner.returncode == -signal.SIGKILL
    pid = server.pid()
    assert pid is not None
    assert answer(server.start()) == 42
    assert server.pid() == pid


def test_a_killed_server_is_started_again_and_the_pool_recovers(server: EmbeddedPostgres) -> None:
    """kill -9, three times: supervised back within seconds, no acknowledged row lost, old pools work."""
    migrate.upgrade(server.url)
    engine = open_engine(server.url, application_name="t")
    restarted = threading.Event()
    server.supervise(restarted.set)
    ids = []
    for _ in range(3):
        ids.append(created(engine))
        restarted.clear()
        began = time.monotonic()
        kill(server)
        with pytest.raises(DatabaseUnavailable), transaction(engine) as connection:
            connection.execute(text("SELECT pg_sleep(5)"))
        assert restarted.wait(RECOVERY_S)
        assert time.monotonic() - began < RECOVERY_S
        Applications(engine).ping()
    assert {job.upload.resume_id for job in JobQueue(engine).claim(1, Lane.ONLINE, 10)} == set(ids)
    engine.dispose()


def test_one_backends_death_is_survived_without_a_restart(server: EmbeddedPostgres) -> None:
    """PostgreSQL recovers by itself; the supervisor leaves it alone, and the pool recovers."""
    engine = open_engine(server.url, application_name="t")
    server.supervise(lambda: pytest.fail("the postmaster was alive"))
    pid = server.pid()
    with engine.connect() as connection:
        backend = int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())
    os.kill(backend, signal.SIGKILL)

    def works() -> bool:
        try:
            with transaction(engine) as connection:
                return bool(connection.execute(text("SELECT true")).scalar_one())
        except DatabaseUnavailable:
            return False

    wait_until(works)
    assert server.pid() == pid
    engine.dispose()


def test_a_stopped_server_stays_stopped(server: EmbeddedPostgres) -> None:
    """Stopping ends supervision first; nothing of the server is left running."""
    server.supervise()
    pid = server.pid()
    assert pid is not None
    children = psutil.Process(pid).children()
    server.stop()
    time.sleep(1.2)
    assert not server.is_running()
    assert not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children)
    server.stop()


def test_a_stale_pid_file_of_a_recycled_pid_is_no_server(server: EmbeddedPostgres) -> None:
    """After a crash of the machine the recorded pid may be anybody's: ours, for example."""
    server.stop()
    lines = [str(os.getpid()), str(server.directory), "1", "5432", str(server.directory), "", "1 1", "ready"]
    (server.directory / "postmaster.pid").write_text("\n".join(lines) + "\n")
    assert server.pid() is None
    assert answer(server.start()) == 42


def test_a_long_or_odd_path_works_and_its_url_travels(server_directory: Path) -> None:
    """The socket moves to a short directory; another process connects with nothing but the URL."""
    directory = server_directory / "a directory with spaces, and é" / ("deep/" * 15) / "postgres"
    server = EmbeddedPostgres(directory)
    try:
        url = server.start()
        code = "import sys, psycopg2; psycopg2.connect(sys.argv[1]); print('connected')"
        done = subprocess.run([sys.executable, "-c", code, url], capture_output=True, text=True, check=False)
        assert done.stdout.strip() == "connected", done.stderr
        assert EmbeddedPostgres(directory).url == url
        engine = open_engine(url, application_name="t")
        Applications(engine).ping()
        engine.dispose()
    finally:
        server.stop()


def test_an_interrupted_initialisation_is_begun_again(server_directory: Path) -> None:
    """What a killed initdb left beside the data directory is cleared away."""
    directory = server_directory / "postgres"
    unfinished = directory.with_name("postgres.initdb")
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("18")
    server = EmbeddedPostgres(directory)
    try:
        assert answer(server.start()) == 42
        assert not unfinished.exists()
    finally:
        server.stop()


def test_a_directory_with_other_things_in_it_is_left_alone(server_directory: Path) -> None:
    """Nothing of a stranger's is overwritten."""
    (server_directory / "thesis.txt").write_text("years of work")
    with pytest.raises(ConfigurationError, match="not a PostgreSQL"):
        EmbeddedPostgres(server_directory).start()


def test_the_server_is_reachable_by_its_owner_only_and_logs_no_statement(server: EmbeddedPostgres) -> None:
    """No TCP port, a private directory, and a refused row stays out of the log."""
    assert (server.directory.stat().st_mode & 0o077) == 0
    connection = psycopg2.connect(server.url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SHOW listen_addresses")
        assert cursor.fetchone() == ("",)
        with pytest.raises(psycopg2.DataError):
            cursor.execute("SELECT %s::int", ("Ada Example's secret",))
        with pytest.raises(psycopg2.ProgrammingError):
            cursor.execute("SELECT secret_column_of_ada")
    connection.close()
    log = (server.directory / "server.log").read_text()
    assert "secret" not in log


def test_starting_from_several_processes_at_once_makes_one_server(
    server_directory: Path,
) -> None:
    """One initialises and starts, the others wait and adopt."""
    directory = server_directory / "postgres"
    servers = [EmbeddedPostgres(directory) for _ in range(3)]
    threads = [threading.Thread(target=server.start) for server in servers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    try:
        assert len({server.pid() for server in servers}) == 1
        assert answer(servers[0].url) == 42
    finally:
        servers[0].stop()
