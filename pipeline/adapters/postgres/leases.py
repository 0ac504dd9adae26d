"""Leases, whatever is leased: an owner renews what it holds, and what a dead or stalled owner held is taken back.

An owner is a process that holds an advisory lock (`owner.py`). Jobs and the work of ingestions are leased by the same
rules (docs/decisions/003): a lock that is free tells of a death within seconds; a lease that nobody renewed for a
minute tells of a stall, in which the lock is still held.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection
from typing import Any, ClassVar, Generic, TypeVar

from sqlalchemy import Engine, Row, text

from pipeline.adapters.postgres import fence
from pipeline.adapters.postgres.engine import transaction
from pipeline.adapters.postgres.moves import INGESTIONS, LEASE_ENDS, move
from pipeline.domain.ingestion import IngestionClaim
from pipeline.domain.journey import JobState, Lease

C = TypeVar("C")

#: After a restart of the server every lock is gone; owners have this long to take theirs again.
RELOCK_GRACE_S = 5
LEASE_S = 60.0
#: Nobody waits for these to reach the disk: losing one costs a repeated stage at most.
NOT_DURABLE = text("SET LOCAL synchronous_commit = off")


def dead_owners_sql(held: str) -> str:
    """The owners, among those of `held` (a query for `owner` and `lease_until`), whose advisory lock nobody holds.

    A lease renewed before the server's own start proves nothing yet: its owner lost the lock with the server.
    """
    return f"""
        SELECT DISTINCT w.owner FROM ({held}) AS w
        WHERE (pg_postmaster_start_time() < now() - make_interval(secs => :grace_s)
               OR pg_postmaster_start_time() < w.lease_until - make_interval(secs => :lease_s))
          AND NOT EXISTS (
              SELECT FROM pg_locks l
              WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted
                AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
                AND (l.classid::bigint << 32) | l.objid::bigint = w.owner
          )"""


class PostgresLeases(ABC, Generic[C]):
    """What one kind of work is leased by. Every method raises DatabaseUnavailable; none raises for a lost lease."""

    #: A query for `owner` and `lease_until` of whatever is held.
    _HELD: ClassVar[str]
    #: Each renews what :owner holds for :lease_s and answers it.
    _RENEW: ClassVar[tuple[str, ...]]

    def __init__(self, engine: Engine, *, lease_s: float = LEASE_S) -> None:
        self._engine = engine
        self._lease_s = lease_s

    def renew(self, owner: int) -> set[C]:
        """Renew what this owner holds, and answer it."""
        held: set[C] = set()
        with transaction(self._engine) as connection:
            connection.execute(NOT_DURABLE)
            for statement in self._RENEW:
                rows = connection.execute(text(statement), {"owner": owner, "lease_s": self._lease_s})
                held.update(map(self._claim_of, rows))
        return held

    def dead_owners(self) -> set[int]:
        """Owners of running work whose advisory lock nobody holds."""
        parameters = {"lease_s": self._lease_s, "grace_s": RELOCK_GRACE_S}
        with transaction(self._engine) as connection:
            rows = connection.execute(text(dead_owners_sql(self._HELD)), parameters)
            return {row.owner for row in rows}

    def _count(self, *statements: str, **parameters: Any) -> int:
        """The rows that the statements answer, each in a transaction of its own."""
        rows = 0
        for statement in statements:
            with transaction(self._engine) as connection:
                rows += len(connection.execute(text(statement), parameters).all())
        return rows

    @abstractmethod
    def reap(self, owners: Collection[int]) -> int:
        """Take back what these owners held, and what nobody renewed: how many."""

    @abstractmethod
    def release(self, owner: int, claims: Collection[C]) -> int:
        """Give back what this owner holds, as if it had never been claimed: how many were still its own."""

    @staticmethod
    @abstractmethod
    def _claim_of(row: Row[Any]) -> C:
        """What a row of `_RENEW` says is held."""


class JobLeases(PostgresLeases[Lease]):
    """The leases of jobs; see `JobQueue`."""

    _HELD = "SELECT lease_owner AS owner, lease_until FROM jobs WHERE state = 'running'"
    _RENEW = (
        """
        UPDATE jobs SET lease_until = now() + make_interval(secs => :lease_s)
        WHERE lease_owner = :owner AND state = 'running'
        RETURNING application_id, lease_epoch""",
    )

    def __init__(self, engine: Engine, *, lease_s: float = LEASE_S, max_attempts: int = 20) -> None:
        super().__init__(engine, lease_s=lease_s)
        self._max_attempts = max_attempts

    def reap(self, owners: Collection[int]) -> int:
        """Take the running jobs of these owners, and all whose lease expired, back into the queue: how many.

        Each becomes a suspect (its worker may have died of it), due at once; at its last attempt it is dead.
        """
        return self._count(reap_jobs_sql(), owners=sorted(owners), max_attempts=self._max_attempts)

    def release(self, owner: int, claims: Collection[Lease]) -> int:
        """Put jobs back as if this owner had never claimed them: how many were still its own."""
        return self._count(release_jobs_sql(), **fence.of(list(claims))) if claims else 0

    @staticmethod
    def _claim_of(row: Row[Any]) -> Lease:
        return Lease(row.application_id, row.lease_epoch)


class IngestionLeases(PostgresLeases[IngestionClaim]):
    """The leases of listings and shards; see `IngestionWork`."""

    _HELD = """
        SELECT owner, lease_until FROM ingestion_shards WHERE state = 'running'
        UNION ALL SELECT owner, lease_until FROM ingestions WHERE state = 'listing' AND owner IS NOT NULL"""
    _RENEW = (
        """
        UPDATE ingestion_shards SET lease_until = now() + make_interval(secs => :lease_s)
        WHERE state = 'running' AND owner = :owner
        RETURNING ingestion_id, shard_no""",
        """
        UPDATE ingestions SET lease_until = now() + make_interval(secs => :lease_s)
        WHERE state = 'listing' AND owner = :owner
        RETURNING id AS ingestion_id, NULL AS shard_no""",
    )

    def reap(self, owners: Collection[int]) -> int:
        """Make what these owners held, and what nobody renewed, claimable again: how many listings and shards.

        An owner's death says nothing about the members that its tasks had.
        """
        return self._count(_REAP_SHARDS, _REAP_LISTINGS, owners=sorted(owners))

    def release(self, owner: int, claims: Collection[IngestionClaim]) -> int:
        """Make these, which this owner holds and nobody works on, claimable again: how many there were."""
        named = {"ids": [one.ingestion_id for one in claims], "numbers": [one.shard_no for one in claims]}
        return self._count(_RELEASE_SHARDS, _RELEASE_LISTINGS, owner=owner, **named)

    @staticmethod
    def _claim_of(row: Row[Any]) -> IngestionClaim:
        return IngestionClaim(row.ingestion_id, row.shard_no)


def reap_jobs_sql() -> str:
    return move(
        """picked AS (
            SELECT j.application_id, j.state, j.lease_owner FROM jobs j
            WHERE j.state = 'running'
              AND (j.lease_owner = ANY(CAST(:owners AS bigint[])) OR j.lease_until < now())
            ORDER BY j.application_id
            FOR UPDATE SKIP LOCKED
        )""",
        to=(JobState.RETRY_WAIT, JobState.DEAD),
        state="CASE WHEN j.attempt >= :max_attempts THEN 'dead' ELSE 'retry_wait' END",
        changes=f"""{LEASE_ENDS}, run_at = now(), reason = 'worker-lost',
            suspicions = greatest(j.suspicions, 1)""",
        code="'internal'",
        detail="'The workers that held this document were lost too often.'",
    )


def release_jobs_sql() -> str:
    return move(
        fence.held(),
        to=(JobState.QUEUED,),
        changes=f"{LEASE_ENDS}, reason = NULL, attempt = j.attempt - 1, run_at = now()",
    )


_SHARD_QUEUED_AGAIN = "state = 'queued', owner = NULL, run_at = now(), attempt = greatest(attempt - 1, 0)"

_REAP_SHARDS = f"""
    UPDATE ingestion_shards SET {_SHARD_QUEUED_AGAIN}
    WHERE state = 'running' AND (owner = ANY(CAST(:owners AS bigint[])) OR lease_until < now())
    RETURNING pg_notify('{INGESTIONS}', '')"""

_REAP_LISTINGS = f"""
    UPDATE ingestions SET owner = NULL, run_at = now()
    WHERE state = 'listing' AND owner IS NOT NULL
      AND (owner = ANY(CAST(:owners AS bigint[])) OR lease_until < now())
    RETURNING pg_notify('{INGESTIONS}', '')"""

_NAMED = "unnest(CAST(:ids AS uuid[]), CAST(:numbers AS int[])) AS w (id, shard_no)"

_RELEASE_SHARDS = f"""
    UPDATE ingestion_shards s SET {_SHARD_QUEUED_AGAIN} FROM {_NAMED}
    WHERE s.state = 'running' AND s.owner = :owner AND s.ingestion_id = w.id AND s.shard_no = w.shard_no
    RETURNING pg_notify('{INGESTIONS}', '')"""

_RELEASE_LISTINGS = f"""
    UPDATE ingestions i SET owner = NULL, run_at = now() FROM {_NAMED}
    WHERE i.state = 'listing' AND i.owner = :owner AND i.id = w.id AND w.shard_no IS NULL
    RETURNING pg_notify('{INGESTIONS}', '')"""
