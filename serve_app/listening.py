"""The ingress replica's own HTTP server: uvicorn on a Unix socket, where HAProxy (`serve_app.front`) finds it.

Serve's proxy and its direct ingress cost more than the upload itself (`python -m benchmarks.front`); a replica that
answers by itself pays for neither. Where no directory of sockets is set, Serve's HTTP comes first as everywhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from pipeline.domain.errors import ConfigurationError

#: How many replicas of one machine HAProxy knows: twice as many as a redeploy of `INGRESS_REPLICAS` of them needs.
MOST_REPLICAS = 16
#: What HAProxy has connected to a socket before it was taken away is accepted, and asks, within this.
_LAST_CONNECTIONS_S = 0.3
_CONNECTIONS_WAITING = 2048
_LAST_REQUESTS_S = 60


def socket_path(directory: Path, number: int) -> Path:
    """Where the replica in place `number` listens."""
    return directory / f"{number}.sock"


@asynccontextmanager
async def listening(app: ASGIApp, directory: Path | None) -> AsyncIterator[None]:
    """Serve the application on a socket in `directory` for the block; what was begun is answered before it ends.

    Raises ConfigurationError when every place is taken.
    """
    if directory is None:
        yield
        return
    with _place(directory) as path, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(_CONNECTIONS_WAITING)
        server = uvicorn.Server(
            uvicorn.Config(
                app,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                ws="none",
                timeout_graceful_shutdown=_LAST_REQUESTS_S,
            )
        )
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield
        finally:
            # First no new connections, then nobody to accept them: one that waited would be reset.
            path.unlink(missing_ok=True)
            await asyncio.sleep(_LAST_CONNECTIONS_S)
            server.should_exit = True
            await serving


@contextmanager
def _place(directory: Path) -> Iterator[Path]:
    """A socket's path that no living replica has: a lock beside it dies with its holder, even one that is killed."""
    for number in range(MOST_REPLICAS):
        lock = os.open(directory / f"{number}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        with contextlib.closing(os.fdopen(lock, "rb")) as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            path = socket_path(directory, number)
            path.unlink(missing_ok=True)
            yield path
            return
    raise ConfigurationError(
        f"{MOST_REPLICAS} ingress replicas run on this machine already: set INGRESS_REPLICAS to {MOST_REPLICAS // 2} "
        "at most.",
        key="INGRESS_REPLICAS",
    )
