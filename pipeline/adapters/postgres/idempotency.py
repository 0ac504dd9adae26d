"""Idempotency keys: the same request sent twice makes one application."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from sqlalchemy import Connection, Engine, text

from pipeline.adapters.postgres.engine import transaction
from pipeline.domain.errors import ResumesError

KEPT_HOURS = 24


@dataclass(frozen=True, slots=True)
class IdempotencyRef:
    """A caller's `Idempotency-Key` under its API key, and the fingerprint of the request it came with."""

    key_id: UUID
    key: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Answered:
    """The key has its answer: this application, for a request of this fingerprint."""

    resume_id: UUID
    fingerprint: str


class Begun(Enum):
    """`NEW`: the key is ours, go on. `IN_PROGRESS`: another request with this key is being answered."""

    NEW = "new"
    IN_PROGRESS = "in_progress"


class AlreadyAnswered(ResumesError):
    """The idempotency key got its answer from another request meanwhile."""

    code = "idempotency-conflict"


class Idempotency:
    """The table `idempotency_keys`. Every method raises DatabaseUnavailable."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def begin(self, key_id: UUID, key: str, *, hold_s: float) -> Begun | Answered:
        """Take the key for `hold_s` seconds (NEW), or see who has it. An expired key counts as new."""
        parameters = {"key_id": key_id, "key": key, "hold_s": hold_s}
        with transaction(self._engine) as connection:
            if connection.execute(text(BEGIN), parameters).first() is not None:
                return Begun.NEW
            row = connection.execute(text(FIND), parameters).first()
        if row is None or row.application_id is None:
            return Begun.IN_PROGRESS
        return Answered(row.application_id, row.fingerprint)

    def abandon(self, key_id: UUID, key: str) -> None:
        """Give back a key that led to nothing, so that a repeat of the request may try. Idempotent."""
        with transaction(self._engine) as connection:
            connection.execute(text(ABANDON), {"key_id": key_id, "key": key})


def complete(connection: Connection, ref: IdempotencyRef, resume_id: UUID) -> None:
    """Answer the key in the transaction that creates the application. Raises AlreadyAnswered."""
    parameters = {
        "key_id": ref.key_id,
        "key": ref.key,
        "fingerprint": ref.fingerprint,
        "application_id": resume_id,
        "hours": KEPT_HOURS,
    }
    if connection.execute(text(COMPLETE), parameters).first() is None:
        raise AlreadyAnswered(key=ref.key)


# A few expired rows go with every new one: the table never needs a sweeper.
BEGIN = """
    WITH swept AS (
        DELETE FROM idempotency_keys WHERE (key_id, key) IN (
            SELECT key_id, key FROM idempotency_keys
            WHERE expires_at < now() AND (key_id, key) <> (:key_id, :key)
            ORDER BY expires_at LIMIT 3 FOR UPDATE SKIP LOCKED)
    )
    INSERT INTO idempotency_keys AS held (key_id, key, expires_at)
    VALUES (:key_id, :key, now() + make_interval(secs => :hold_s))
    ON CONFLICT (key_id, key) DO UPDATE
        SET fingerprint = NULL, application_id = NULL, created_at = now(), expires_at = excluded.expires_at
        WHERE held.expires_at < now()
    RETURNING 1"""

FIND = "SELECT application_id, fingerprint FROM idempotency_keys WHERE key_id = :key_id AND key = :key"

ABANDON = """
    DELETE FROM idempotency_keys WHERE key_id = :key_id AND key = :key AND application_id IS NULL"""

COMPLETE = """
    INSERT INTO idempotency_keys AS held (key_id, key, fingerprint, application_id, expires_at)
    VALUES (:key_id, :key, :fingerprint, :application_id, now() + make_interval(hours => :hours))
    ON CONFLICT (key_id, key) DO UPDATE
        SET fingerprint = excluded.fingerprint, application_id = excluded.application_id,
            expires_at = excluded.expires_at
        WHERE held.application_id IS NULL OR held.expires_at < now()
    RETURNING 1"""
