"""Proof of life: an advisory lock that a dispatcher holds for as long as it is connected."""

from __future__ import annotations

import secrets
from contextlib import suppress

import psycopg2
import psycopg2.extensions

from pipeline.adapters.postgres.engine import connect
from pipeline.domain.errors import DatabaseUnavailable

#: Ends the session that holds the lock on a 64-bit number; it goes a moment later.
_END_HOLDER = """
    SELECT pg_terminate_backend(pid) FROM pg_locks
    WHERE locktype = 'advisory' AND objsubid = 1 AND granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND (classid::bigint << 32) | objid::bigint = %s"""


class OwnerLock:
    """A session lock on a random id, on a connection of its own: a free lock means a dead owner.

    The lock goes with the connection, whoever cut it: `acquire` takes it again under the same id. A server that was
    not told that a connection is gone keeps its session for hours: `acquire` ends it. Not thread-safe.
    """

    def __init__(self, url: str, *, beside: int | None = None) -> None:
        """`beside` is a lock that every owner of a kind shares: whether any of them lives can be asked by it."""
        self.owner = secrets.randbits(63) or 1
        self._beside = beside
        self._url = url
        self._connection: psycopg2.extensions.connection | None = None

    def acquire(self) -> None:
        """Take the lock, or do nothing while it is held. Raises DatabaseUnavailable, also where the session of this
        owner's last connection had to be ended first: the next call succeeds."""
        if self.held():
            return
        self.close()
        self._connection = connect(self._url, application_name="resumes-owner")
        if not self._ask("SELECT pg_try_advisory_lock(%s)", self.owner):
            # The server has not noticed that our last connection is gone, and would not before its own keepalive
            # (two hours). The id is random: nobody else can hold it.
            self._ask(_END_HOLDER, self.owner)
            self.close()
            raise DatabaseUnavailable("PostgreSQL still holds the lock of this owner's last connection.")
        if self._beside is not None:
            self._ask("SELECT pg_try_advisory_lock_shared(%s)", self._beside)

    def held(self) -> bool:
        """Whether the connection, and the lock with it, is still there. Never raises."""
        return self._connection is not None and self._ask("SELECT true")

    def close(self) -> None:
        """Give the lock back. Idempotent."""
        if self._connection is not None:
            with suppress(psycopg2.Error):
                self._connection.close()
            self._connection = None

    def _ask(self, sql: str, *parameters: object) -> bool:
        assert self._connection is not None
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(sql, parameters)
                row = cursor.fetchone()
                return row is not None and bool(row[0])
        except psycopg2.Error:
            return False
