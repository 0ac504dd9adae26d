"""The rates of API keys, one budget for all replicas: each leases requests in advance, a chunk at a time."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Engine, text

from pipeline.adapters.postgres.engine import transaction


class RateLease(NamedTuple):
    """Requests that a replica may let through without asking, and how many more the key has left."""

    requests: int
    left: float


class KeyRates:
    """The table `key_rates`: a token bucket of `per_minute` requests for each key, refilled evenly over a minute."""

    def __init__(self, engine: Engine, per_minute: int) -> None:
        self._engine = engine
        self._per_minute = per_minute

    def lease(self, key_id: UUID, wanted: int, unused: int) -> RateLease:
        """Up to `wanted` requests of what the key has left, after giving back what an earlier lease left `unused`.

        Raises DatabaseUnavailable, StatementRefused (the key is gone).
        """
        parameters = {
            "key_id": key_id,
            "wanted": wanted,
            "unused": unused,
            "per_minute": self._per_minute,
            "each_s": 60 / self._per_minute,
        }
        with transaction(self._engine) as connection:
            row = connection.execute(text(LEASE), parameters).one()
        # A time of the database's is right to a microsecond, and so what is left to a small part of a request.
        left = round(self._per_minute * (1 - row.full_in_s / 60), 3)
        return RateLease(row.leased, max(0.0, left))


# What is used is kept as the time that its refill takes. The row that ON CONFLICT has locked is the newest one, so two
# replicas never lease the same requests.
USED_UP_TO = "greatest(now(), rate.full_at - make_interval(secs => :unused * :each_s))"
GRANTED = f"""
    least(:wanted, greatest(0, floor(:per_minute - extract(epoch FROM {USED_UP_TO} - now()) / :each_s)))::integer"""
LEASE = f"""
    INSERT INTO key_rates AS rate (key_id, full_at, leased)
    VALUES (:key_id, now() + make_interval(secs => :wanted * :each_s), :wanted)
    ON CONFLICT (key_id) DO UPDATE
        SET full_at = {USED_UP_TO} + make_interval(secs => {GRANTED} * :each_s), leased = {GRANTED}
    RETURNING leased, extract(epoch FROM full_at - now())::float8 AS full_in_s"""
