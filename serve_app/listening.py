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
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from pipeline.domain.errors import ConfigurationError
from pipeline.settings import Settings

#: What HAProxy has connected to a socket before it was taken away is accepted, and asks, within this.
_LAST_CONNECTIONS_S = 0.3
_CONNECTIONS_WAITING = 2048
_LAST_REQUESTS_S = 60


def socket_paths(settings: Settings, directory: Path) -> list[Path]:
    """Where replicas may listen: as many places as a redeploy needs, which starts the new ones before the old stop."""
    return [directory / f"{number}.sock" for number in range(2 * settings.ingress_replicas)]


@asynccontextmanager
async def listening(app: ASGIApp, settings: Settings) -> AsyncIterator[None]:
    """Serve the application for the block where HAProxy looks for it; what was begun is answered before it ends.

    Does nothing where no directory of sockets is set. Raises ConfigurationError when every place is taken.
    """
    if settings.front_sockets is None:
        yield
        return
    with (
        _place(socket_paths(settings, settings.front_sockets)) as path,
        socket.socket(socket.AF_UNIX) as listener,
    ):
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
def _place(paths: Sequence[Path]) -> Iterator[Path]:
    """A socket's path that no living replica has: a lock beside it dies with its holder, even one that is killed."""
    for path in paths:
        lock = os.open(path.with_suffix(".lock"), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        with contextlib.closing(os.fdopen(lock, "rb")) as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            path.unlink(missing_ok=True)
            yield path
            return
    raise ConfigurationError(
        f"{len(paths)} ingress replicas run on this machine, twice as many as INGRESS_REPLICAS: stop what else uses "
        f"{paths[0].parent}.",
        key="FRONT_SOCKETS",
    )
