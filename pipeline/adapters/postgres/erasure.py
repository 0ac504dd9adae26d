"""Erasure: one transaction that leaves a receipt and nothing that a person could be known by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from pipeline.adapters.postgres.moves import LEASE_ENDS, move
from pipeline.domain.journey import JobState


@dataclass(frozen=True, slots=True)
class ErasureReceipt:
    """What was erased. `object_key` is None once the object's deletion is confirmed."""

    resume_id: UUID
    object_key: str | None
    erased_at: datetime
    profile: bool
    text: bool
    chunks: int
    checkpoints: int
    idempotency_answers: int
    ingestion_errors: int = 0


def erase(connection: Connection, id_: UUID) -> ErasureReceipt | None:
    """Erase one application, whatever its state; None when there is no such one. Idempotent.

    The job's row is locked before anything else, as every worker's write locks it: a save either commits
    first and is erased here, or finds its lease lost.
    """
    if connection.execute(text(LOCK), {"id": id_}).one_or_none() is None:
        return None
    found = connection.execute(text(FOUND), {"id": id_}).one()
    if found.erased_at is None:
        counts = {"profile": found.has_profile, **_forget(connection, id_, found.content_sha256)}
        connection.execute(text(ERASE_JOB), {"id": id_})
        connection.execute(ERASE_APPLICATION, {"id": id_, "receipt": counts})
        found = connection.execute(text(FOUND), {"id": id_}).one()
    return ErasureReceipt(id_, found.object_key, found.erased_at, **found.receipt)


def _forget(connection: Connection, id_: UUID, content_sha256: str) -> dict[str, Any]:
    # Two erasures of the same content at once would each take the other for its content's last user.
    connection.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:sha256, 0))"), {"sha256": content_sha256}
    )
    parameters = {"id": id_, "sha256": content_sha256}
    counts = {name: connection.execute(text(sql), parameters).rowcount for name, sql in FORGET.items()}
    return counts | {"text": bool(counts["text"])}


LOCK = "SELECT 1 FROM jobs WHERE application_id = :id FOR UPDATE"

FOUND = """
    SELECT object_key, content_sha256, erased_at, receipt::jsonb AS receipt, profile IS NOT NULL AS has_profile
    FROM applications WHERE id = :id"""

FORGET = {
    "text": "DELETE FROM texts WHERE application_id = :id",
    "chunks": "DELETE FROM chunks WHERE application_id = :id",
    "idempotency_answers": "DELETE FROM idempotency_keys WHERE application_id = :id",
    "ingestion_errors": "DELETE FROM ingestion_errors WHERE application_id = :id",
    "checkpoints": """
        DELETE FROM checkpoints WHERE content_sha256 = :sha256 AND NOT EXISTS (
            SELECT FROM applications
            WHERE content_sha256 = :sha256 AND erased_at IS NULL AND id <> :id)""",
}

ERASE_JOB = move(
    "picked AS (SELECT application_id, state, lease_owner FROM jobs WHERE application_id = :id)",
    to=(JobState.ERASED,),
    changes=f"{LEASE_ENDS}, reason = NULL, traceparent = NULL, lease_epoch = j.lease_epoch + 1",
)

ERASE_APPLICATION = text("""
    UPDATE applications SET erased_at = now(), receipt = :receipt, stage = NULL, profile = NULL,
        versions = '{}', filename = NULL, email = NULL, external_id = NULL, error_detail = NULL,
        pages = NULL, ingestion_member = NULL
    WHERE id = :id""").bindparams(bindparam("receipt", type_=JSONB))
