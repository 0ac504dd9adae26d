"""The lock that proves an owner alive."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from pipeline.adapters.postgres.owner import OwnerLock
from pipeline.domain.errors import DatabaseUnavailable
from tests.chaos.killer import wait_until

#: What a client sends last: the protocol's Terminate.
GOODBYE = b"X\x00\x00\x00\x04"


def test_a_session_that_outlived_its_connection_is_ended(database_url: str, half_open: str) -> None:
    """Cut off for longer than the client waits, and healed: the server was never told, and still holds the lock."""
    lock = OwnerLock(half_open)
    lock.acquire()
    lock.close()  # the server behind the half-open connection hears nothing of it
    other = OwnerLock(database_url)
    other.owner = lock.owner
    with pytest.raises(DatabaseUnavailable, match="still holds"):
        other.acquire()

    def acquired() -> bool:
        try:
            other.acquire()
        except DatabaseUnavailable:
            return False
        return other.held()

    wait_until(acquired, seconds=30, what="the lock is free")
    other.close()


def test_a_lock_that_is_held_is_not_taken_from_its_holder(database_url: str) -> None:
    """To acquire twice changes nothing; another owner is left alone."""
    one, other = OwnerLock(database_url), OwnerLock(database_url)
    one.acquire()
    other.acquire()
    one.acquire()
    assert one.held()
    assert other.held()
    one.close()
    other.close()


@pytest.fixture
def half_open(database_url: str) -> Iterator[str]:
    """The database behind a port that forwards everything but the end of a connection."""
    url = make_url(database_url)
    kept: list[socket.socket] = []

    def forward(source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(1 << 16):
                if data != GOODBYE:
                    target.sendall(data)
        except OSError:
            pass

    def accept(listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            far.connect(str(Path(str(url.query["host"])) / ".s.PGSQL.5432"))
            kept.extend((near, far))
            for pair in ((near, far), (far, near)):
                threading.Thread(target=forward, args=pair, daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, args=(listener,), daemon=True).start()
        there = url.set(host="127.0.0.1", port=listener.getsockname()[1], query={})
        yield there.render_as_string(hide_password=False)
    for one in kept:
        one.close()
