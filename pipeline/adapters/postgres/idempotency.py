"""Idempotency keys: the same request sent twice makes one application."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, Engine, text

from pipeline.adapters.postgres.engine import transaction
from pipeline.domain.errors import ResumesError

KEPT_HOURS = 24
#: A key that its holder has not renewed for so long is free: the holder died, or cannot reach the database.
HOLD_S = 6.0


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


@dataclass(frozen=True, slots=True)
class Hold:
    """The key is ours for as long as we renew it; `since` tells this hold from a later one on the same key."""

    key_id: UUID
    key: str
    since: datetime


@dataclass(frozen=True, slots=True)
class HeldElsewhere:
    """Another request with this key is being answered; the key is free in `left_s` unless that one renews it."""

    left_s: float


class AlreadyAnswered(ResumesError):
    """The idempotency key got its answer from another request meanwhile."""

    code = "idempotency-conflict"


class Idempotency:
    """The table `idempotency_keys`. Every method raises DatabaseUnavailable."""

    def __init__(self, engine: Engine, *, hold_s: float = HOLD_S) -> None:
        self._engine = engine
        self._hold_s = hold_s

    def begin(self, key_id: UUID, key: str) -> Hold | HeldElsewhere | Answered:
        """Take the key, or see who has it. A key whose time is over counts as new."""
        parameters = {"key_id": key_id, "key": key, "hold_s": self._hold_s}
        with transaction(self._engine) as connection:
            taken = connection.execute(text(BEGIN), parameters).first()
            if taken is not None:
                return Hold(key_id, key, taken.created_at)
            row = connection.execute(text(FIND), parameters).first()
        if row is None:  # given back meanwhile
            return HeldElsewhere(0)
        if row.application_id is None:
            return HeldElsewhere(row.left_s)
        return Answered(row.application_id, row.fingerprint)

    def renew(self, hold: Hold) -> None:
        """Hold the key longer, also when its time was over and nobody has taken it; else do nothing."""
        with transaction(self._engine) as connection:
            connection.execute(text(RENEW), asdict(hold) | {"hold_s": self._hold_s})

    def abandon(self, hold: Hold) -> None:
        """Give back a key that led to nothing, so that a repeat of the request may try. Idempotent."""
        with transaction(self._engine) as connection:
            connection.execute(text(ABANDON), asdict(hold))


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
    RETURNING created_at"""

FIND = """
    SELECT application_id, fingerprint, extract(epoch FROM expires_at - clock_timestamp())::float8 AS left_s
    FROM idempotency_keys WHERE key_id = :key_id AND key = :key"""

RENEW = """
    UPDATE idempotency_keys SET expires_at = now() + make_interval(secs => :hold_s)
    WHERE key_id = :key_id AND key = :key AND created_at = :since AND application_id IS NULL"""

ABANDON = """
    DELETE FROM idempotency_keys
    WHERE key_id = :key_id AND key = :key AND created_at = :since AND application_id IS NULL"""

COMPLETE = """
    INSERT INTO idempotency_keys AS held (key_id, key, fingerprint, application_id, expires_at)
    VALUES (:key_id, :key, :fingerprint, :application_id, now() + make_interval(hours => :hours))
    ON CONFLICT (key_id, key) DO UPDATE
        SET fingerprint = excluded.fingerprint, application_id = excluded.application_id,
            expires_at = excluded.expires_at
        WHERE held.application_id IS NULL OR held.expires_at < now()
    RETURNING 1"""
