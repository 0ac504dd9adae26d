"""Checkpoints: what was paid for is kept, and two jobs with equal bytes pay once."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, text

from pipeline.adapters.postgres import fence
from pipeline.adapters.postgres.engine import transaction
from pipeline.adapters.postgres.jobs import wake
from pipeline.domain.checkpoint import CheckpointKey, Claim
from pipeline.domain.errors import LeaseLost
from pipeline.domain.journey import Lease


class PostgresCheckpoints:
    """The CheckpointStore on PostgreSQL. A job that finds `PENDING` waits with the reason `str(key)`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def take(self, key: CheckpointKey, lease: Lease) -> bytes | Claim:
        """As `CheckpointStore.take`. A pending row whose owner's lease has ended or expired becomes ours."""
        parameters = _parameters(key, lease)
        with transaction(self._engine) as connection:
            _hold(connection, lease)
            if connection.execute(text(INSERT), parameters).first() is not None:
                return Claim.OURS
            row = connection.execute(text(FIND), parameters).first()
            if row is None:
                # Erased between our two statements: the job's next run finds its place free.
                return Claim.PENDING
            if row.value is not None:
                return bytes(row.value)
            if row.owned_by_another:
                return Claim.PENDING
            connection.execute(text(REPLACE), parameters)
            return Claim.OURS

    def put(self, key: CheckpointKey, lease: Lease, value: bytes) -> None:
        """As `CheckpointStore.put`. A value that another job stored meanwhile stays: it is as good."""
        with transaction(self._engine) as connection:
            _hold(connection, lease)
            connection.execute(text(PUT), {**_parameters(key, lease), "value": value})
            wake(connection, str(key))


def _hold(connection: Connection, lease: Lease) -> None:
    """Lock the lease's job for the rest of the transaction. Raises LeaseLost."""
    rows = connection.execute(text(f"WITH {fence.held()} SELECT 1 FROM picked"), fence.of([lease]))
    if rows.first() is None:
        raise LeaseLost(key=str(lease.application_id))


def _parameters(key: CheckpointKey, lease: Lease) -> dict[str, Any]:
    return {
        "sha256": key.content_sha256,
        "stage": key.stage,
        "digest": key.digest,
        "job_id": lease.application_id,
        "epoch": lease.epoch,
    }


KEY = "content_sha256 = :sha256 AND stage = :stage AND digest = :digest"

INSERT = """
    INSERT INTO checkpoints (content_sha256, stage, digest, state, job_id, epoch)
    VALUES (:sha256, :stage, :digest, 'pending', :job_id, :epoch)
    ON CONFLICT DO NOTHING
    RETURNING 1"""

FIND = f"""
    SELECT c.value, EXISTS (
        SELECT FROM jobs j
        WHERE j.application_id = c.job_id AND j.lease_epoch = c.epoch AND j.state = 'running'
          AND j.lease_until > now() AND (j.application_id, j.lease_epoch) <> (:job_id, :epoch)
    ) AS owned_by_another
    FROM checkpoints c WHERE {KEY}
    FOR UPDATE OF c"""

REPLACE = f"UPDATE checkpoints SET job_id = :job_id, epoch = :epoch, updated_at = now() WHERE {KEY}"

PUT = """
    INSERT INTO checkpoints AS kept (content_sha256, stage, digest, state, value, job_id, epoch)
    VALUES (:sha256, :stage, :digest, 'done', :value, :job_id, :epoch)
    ON CONFLICT (content_sha256, stage, digest) DO UPDATE
        SET state = 'done', value = excluded.value, updated_at = now()
        WHERE kept.state = 'pending'"""
