"""Notifications: one LISTEN connection and its thread, which outlives every cut of the connection.

A notification is a hint that saves waiting: whoever listens polls as well, now and then.
"""

from __future__ import annotations

import logging
import os
import select
import threading
import time
from collections.abc import Callable, Sequence

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as pg_connection

from pipeline.adapters.postgres.engine import connect
from pipeline.domain.errors import DatabaseUnavailable

log = logging.getLogger(__name__)

RETRY_S = (0.1, 0.5, 1.0, 2.0, 5.0)
#: How often a silent connection is asked whether it is still there.
CHECK_S = 30.0
START_S = 5.0


class Listener:
    """Calls `on_notify(channel, payload)` in its own thread; `on_reconnect()` when some may have been missed."""

    def __init__(
        self,
        url: str,
        channels: Sequence[str],
        on_notify: Callable[[str, str], None],
        on_reconnect: Callable[[], None] | None = None,
    ) -> None:
        self._url = url
        self._channels = tuple(channels)
        self._on_notify = on_notify
        self._on_reconnect = on_reconnect
        self._stopping = threading.Event()
        self._listening = threading.Event()
        self._wake_read, self._wake_write = os.pipe()
        self._thread = threading.Thread(target=self._run, name="postgres-listener", daemon=True)

    def start(self) -> None:
        """Begin; returns when it listens, or after 5 s when the server does not answer yet. Call once."""
        self._thread.start()
        self._listening.wait(START_S)

    def stop(self) -> None:
        """End the thread and its connection. Idempotent."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        os.write(self._wake_write, b"x")
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join()
        os.close(self._wake_read)
        os.close(self._wake_write)

    def _run(self) -> None:
        failures = 0
        connected_before = False
        while not self._stopping.is_set():
            try:
                connection = self._connect()
            except (DatabaseUnavailable, psycopg2.Error):
                self._stopping.wait(RETRY_S[min(failures, len(RETRY_S) - 1)])
                failures += 1
                continue
            failures = 0
            self._listening.set()
            if connected_before and self._on_reconnect is not None:
                self._call(self._on_reconnect)
            connected_before = True
            try:
                self._deliver(connection)
            except (psycopg2.Error, OSError) as error:
                log.info("the notification connection was cut (%s): connecting again", type(error).__name__)
                self._stopping.wait(RETRY_S[0])
            finally:
                connection.close()

    def _connect(self) -> pg_connection:
        connection = connect(self._url, application_name="resumes-listen")
        with connection.cursor() as cursor:
            for channel in self._channels:
                cursor.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
        return connection

    def _deliver(self, connection: pg_connection) -> None:
        checked = time.monotonic()
        while not self._stopping.is_set():
            ready, _, _ = select.select([connection, self._wake_read], [], [], CHECK_S)
            if connection in ready:
                connection.poll()
            while connection.notifies:
                notification = connection.notifies.pop(0)
                self._call(self._on_notify, notification.channel, notification.payload)
            if time.monotonic() - checked > CHECK_S:
                checked = time.monotonic()
                with connection.cursor() as cursor:
                    cursor.execute("SELECT 1")

    def _call(self, callback: Callable[..., None], *arguments: str) -> None:
        try:
            callback(*arguments)
        except Exception:  # somebody else's code: its fault must not end the thread that everybody listens by
            log.exception("a notification's callback failed")
