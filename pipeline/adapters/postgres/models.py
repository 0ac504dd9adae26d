"""The tables. Migrations are held equal to this file by a test.

Every time is the database's own (`now()`): no worker's clock decides anything. Lower `priority` goes first.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    SmallInteger,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from pipeline.domain.ingestion import IngestionState
from pipeline.domain.journey import CLAIMABLE, JobState, Lane, Status

#: Indexes of this prefix belong to a model and are made at run time (`search.ensure_index`), not by Alembic.
MODEL_INDEX_PREFIX = "chunks_embedding_"


def sql_list(names: frozenset[JobState] | type[StrEnum]) -> str:
    """`'a', 'b'`: the values of our own enumerations as SQL literals, sorted."""
    return ", ".join(f"'{name.value}'" for name in sorted(names))


CLAIMABLE_SQL = f"state IN ({sql_list(CLAIMABLE)})"
UNFINISHED_SQL = f"state IN ({sql_list(CLAIMABLE | {JobState.RUNNING})})"
INGESTED_SQL = "ingestion_id IS NOT NULL"
#: The job table is rewritten all day: room for HOT updates, and a vacuum every few hundred dead rows.
CHURN = {
    "postgresql_with": {
        "fillfactor": 70,
        "autovacuum_vacuum_scale_factor": 0.01,
        "autovacuum_vacuum_threshold": 500,
        "autovacuum_analyze_scale_factor": 0.02,
        "autovacuum_vacuum_cost_delay": 0,
    }
}


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "%(table_name)s_%(column_0_N_name)s",
            "uq": "%(table_name)s_%(column_0_N_name)s_key",
            "ck": "%(table_name)s_%(constraint_name)s_check",
            "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
            "pk": "%(table_name)s_pkey",
        }
    )
    type_annotation_map = {
        str: Text,
        datetime: DateTime(timezone=True),
        UUID: Uuid,
        dict[str, Any]: JSONB,
        bytes: LargeBinary,
    }


class Application(Base):
    """One upload and what callers see of it."""

    __tablename__ = "applications"
    __table_args__ = (
        CheckConstraint(f"status IN ({sql_list(Status)})", "status"),
        CheckConstraint("content_sha256 ~ '^[0-9a-f]{64}$'", "content_sha256"),
        CheckConstraint("size >= 0", "size"),
        CheckConstraint("object_key IS NOT NULL OR status = 'erased'", "object_key"),
        UniqueConstraint("ingestion_id", "ingestion_member"),
        Index(None, "status"),
        Index(None, "job_post_id"),
        Index(None, "created_at"),
        Index(None, "updated_at", "id"),
        Index(None, "external_id", postgresql_where=text("external_id IS NOT NULL")),
        Index(None, "status", "created_at"),
        Index(None, "job_post_id", "status"),
        Index(None, "email", "status"),
        Index(None, "content_sha256"),
        Index(None, "ingestion_id", "status", "completed_at", postgresql_where=text(INGESTED_SQL)),
        Index(None, "ingestion_id", "id", postgresql_where=text(INGESTED_SQL)),
        # Equal bytes for the same post and person are one application of an ingestion; an erased one has lost what
        # tells it from others.
        Index(
            "applications_ingestion_content",
            "ingestion_id",
            "content_sha256",
            "job_post_id",
            "external_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text(f"{INGESTED_SQL} AND erased_at IS NULL"),
        ),
        Index(
            "applications_object_erasure",
            "erased_at",
            postgresql_where=text("erased_at IS NOT NULL AND object_key IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    status: Mapped[str] = mapped_column(server_default=Status.QUEUED.value)
    stage: Mapped[str | None]
    job_post_id: Mapped[str | None]
    email: Mapped[str | None]
    external_id: Mapped[str | None]
    filename: Mapped[str | None]
    content_sha256: Mapped[str]
    object_key: Mapped[str | None]
    size: Mapped[int] = mapped_column(BigInteger)
    mime: Mapped[str]
    as_of_date: Mapped[date]
    pages: Mapped[int | None]
    ingestion_id: Mapped[UUID | None]
    ingestion_member: Mapped[str | None]
    error_code: Mapped[str | None]
    error_detail: Mapped[str | None]
    profile: Mapped[dict[str, Any] | None]
    versions: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    receipt: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    started_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]
    reprocessed_at: Mapped[datetime | None]


class Job(Base):
    """An application's place in the queue, and the lease of whoever works on it.

    `lease_epoch` counts claims: the epoch of a lease is the only proof of who may write. `suspicions` is 0
    for a job that no death is linked with, else 1 + its worker's deaths while it ran alone.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        CheckConstraint(f"state IN ({sql_list(JobState)})", "state"),
        CheckConstraint(f"lane IN ({sql_list(Lane)})", "lane"),
        CheckConstraint(
            "(state = 'running') = (lease_owner IS NOT NULL AND lease_until IS NOT NULL)", "lease"
        ),
        Index(
            "jobs_claim",
            "lane",
            "priority",
            "run_at",
            postgresql_where=text(f"{CLAIMABLE_SQL} AND suspicions = 0"),
        ),
        Index(
            "jobs_claim_suspects",
            "lane",
            "priority",
            "run_at",
            postgresql_where=text(f"{CLAIMABLE_SQL} AND suspicions > 0"),
        ),
        # Without lease_until on purpose: heartbeats stay heap-only updates, and the rows that run are few.
        Index("jobs_running", "lease_owner", postgresql_where=text("state = 'running'")),
        Index("jobs_waiting", "reason", postgresql_where=text("state = 'waiting'")),
        Index("jobs_due", "run_at", postgresql_where=text("state IN ('retry_wait', 'waiting')")),
        Index("jobs_unfinished", "lane", postgresql_where=text(UNFINISHED_SQL)),
        CHURN,
    )

    application_id: Mapped[UUID] = mapped_column(
        ForeignKey("applications.id", ondelete="CASCADE"), primary_key=True
    )
    lane: Mapped[str]
    priority: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    state: Mapped[str] = mapped_column(server_default=JobState.QUEUED.value)
    reason: Mapped[str | None]
    run_at: Mapped[datetime] = mapped_column(server_default=func.now())
    attempt: Mapped[int] = mapped_column(server_default="0")
    suspicions: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    lease_epoch: Mapped[int] = mapped_column(BigInteger, server_default="0")
    lease_owner: Mapped[int | None] = mapped_column(BigInteger)
    lease_until: Mapped[datetime | None]
    traceparent: Mapped[str | None]


class ChunkRow(Base):
    """One embedded piece of a resume, with its own copy of the columns that searches filter by."""

    __tablename__ = "chunks"
    __table_args__ = (
        Index(None, "tsv", postgresql_using="gin"),
        Index(None, "job_post_id", "created_at"),
        Index(None, "created_at"),
    )

    application_id: Mapped[UUID] = mapped_column(
        ForeignKey("applications.id", ondelete="CASCADE"), primary_key=True
    )
    model: Mapped[str] = mapped_column(primary_key=True)
    chunk_no: Mapped[int] = mapped_column(Integer, primary_key=True)
    section: Mapped[str]
    line_ids: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    text: Mapped[str]
    tsv: Mapped[str] = mapped_column(TSVECTOR)
    embedding: Mapped[Any] = mapped_column(HALFVEC, nullable=False)
    job_post_id: Mapped[str | None]
    created_at: Mapped[datetime]


class TextRow(Base):
    """The text as it was read: zlib over the JSON that `documents.pack` describes."""

    __tablename__ = "texts"

    application_id: Mapped[UUID] = mapped_column(
        ForeignKey("applications.id", ondelete="CASCADE"), primary_key=True
    )
    body: Mapped[bytes]


class Checkpoint(Base):
    """Paid or slow work by content, stage and version; `pending` under the lease (job_id, epoch).

    `note` is what the pending work has to remember between its runs: a vendor's job, a reserved slot.
    """

    __tablename__ = "checkpoints"
    __table_args__ = (
        CheckConstraint("state IN ('pending', 'done')", "state"),
        CheckConstraint("(state = 'done') = (value IS NOT NULL)", "value"),
        Index("checkpoints_pending", "stage", postgresql_where=text("state = 'pending'")),
    )

    content_sha256: Mapped[str] = mapped_column(primary_key=True)
    stage: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    value: Mapped[bytes | None]
    note: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    job_id: Mapped[UUID]
    epoch: Mapped[int] = mapped_column(BigInteger)
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Quota(Base):
    """A vendor's rate limit as two GCRAs: `tat` is when every slot handed out so far will have been used up,
    `paced` when every request that was let through will have been."""

    __tablename__ = "quotas"

    name: Mapped[str] = mapped_column(primary_key=True)
    tat: Mapped[datetime]
    paced: Mapped[datetime]


class VendorRow(Base):
    """A vendor's circuit breaker: failures in a row, and until when nobody asks."""

    __tablename__ = "vendors"

    name: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int] = mapped_column(server_default="0")
    blocked_until: Mapped[datetime | None]
    reason: Mapped[str | None]


class LedgerRow(Base):
    """What one paid call used and cost. Rows are only ever added, and name no person."""

    __tablename__ = "ledger"
    __table_args__ = (Index(None, "application_id"), Index(None, "at"))

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    application_id: Mapped[UUID] = mapped_column(ForeignKey("applications.id", ondelete="CASCADE"))
    vendor: Mapped[str]
    model: Mapped[str]
    pages: Mapped[int] = mapped_column(server_default="0")
    prompt_tokens: Mapped[int] = mapped_column(server_default="0")
    cached_tokens: Mapped[int] = mapped_column(server_default="0")
    output_tokens: Mapped[int] = mapped_column(server_default="0")
    thought_tokens: Mapped[int] = mapped_column(server_default="0")
    usd: Mapped[Decimal] = mapped_column(Numeric(14, 8))


class Spending(Base):
    """The ledger's sum by day (UTC): what the budget is compared with before each paid call."""

    __tablename__ = "spending"

    day: Mapped[date] = mapped_column(primary_key=True)
    usd: Mapped[Decimal] = mapped_column(Numeric(14, 8))


class IngestionTable(Base):
    """A bulk ingestion of one source. `source_key` is what makes a re-run the same one; `same_as` names the
    ingestion that a re-run found. `owner`, `epoch` and `lease_until` are the lease of whoever lists its members."""

    __tablename__ = "ingestions"
    __table_args__ = (
        CheckConstraint(f"state IN ({sql_list(IngestionState)})", "state"),
        UniqueConstraint("source_key"),
        Index("ingestions_open", "created_at", postgresql_where=text("state IN ('listing', 'running')")),
        Index(None, "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    source: Mapped[str]
    object_key: Mapped[str | None]
    job_post_id: Mapped[str | None]
    as_of_date: Mapped[date]
    kind: Mapped[str | None]
    sequential: Mapped[bool] = mapped_column(server_default=text("false"))
    source_key: Mapped[str | None]
    same_as: Mapped[UUID | None]
    state: Mapped[str] = mapped_column(server_default=IngestionState.LISTING.value)
    error_code: Mapped[str | None]
    error_detail: Mapped[str | None]
    members: Mapped[int | None] = mapped_column(BigInteger)
    owner: Mapped[int | None] = mapped_column(BigInteger)
    epoch: Mapped[int] = mapped_column(BigInteger, server_default="0")
    lease_until: Mapped[datetime | None]
    attempt: Mapped[int] = mapped_column(server_default="0")
    run_at: Mapped[datetime] = mapped_column(server_default=func.now())
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    listed_at: Mapped[datetime | None]
    stored_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]


class IngestionShard(Base):
    """A range of a source's members, with how far it has come. `members` is packed (`shards.pack`), and dropped
    when the shard is done; `attempt` counts the runs since the last progress."""

    __tablename__ = "ingestion_shards"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'running', 'done', 'cancelled')", "state"),
        CheckConstraint("position = accepted + duplicate + skipped + failed", "counts"),
        CheckConstraint("(state = 'running') = (owner IS NOT NULL)", "owner"),
        Index("ingestion_shards_claim", "run_at", postgresql_where=text("state = 'queued'")),
        Index("ingestion_shards_running", "owner", postgresql_where=text("state = 'running'")),
        Index(
            "ingestion_shards_open", "ingestion_id", postgresql_where=text("state IN ('queued', 'running')")
        ),
    )

    ingestion_id: Mapped[UUID] = mapped_column(
        ForeignKey("ingestions.id", ondelete="CASCADE"), primary_key=True
    )
    shard_no: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(server_default="queued")
    members: Mapped[bytes | None]
    size: Mapped[int]
    position: Mapped[int] = mapped_column(server_default="0")
    accepted: Mapped[int] = mapped_column(server_default="0")
    duplicate: Mapped[int] = mapped_column(server_default="0")
    skipped: Mapped[int] = mapped_column(server_default="0")
    failed: Mapped[int] = mapped_column(server_default="0")
    owner: Mapped[int | None] = mapped_column(BigInteger)
    epoch: Mapped[int] = mapped_column(BigInteger, server_default="0")
    lease_until: Mapped[datetime | None]
    attempt: Mapped[int] = mapped_column(server_default="0")
    run_at: Mapped[datetime] = mapped_column(server_default=func.now())


class IngestionErrorTable(Base):
    """A member that was not accepted, and why; a duplicate names the application that has its bytes."""

    __tablename__ = "ingestion_errors"
    __table_args__ = (
        CheckConstraint("outcome IN ('duplicate', 'failed', 'skipped')", "outcome"),
        Index(None, "application_id", postgresql_where=text("application_id IS NOT NULL")),
    )

    ingestion_id: Mapped[UUID] = mapped_column(
        ForeignKey("ingestions.id", ondelete="CASCADE"), primary_key=True
    )
    ordinal: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    name: Mapped[str]
    outcome: Mapped[str]
    code: Mapped[str]
    detail: Mapped[str]
    application_id: Mapped[UUID | None]


class Event(Base):
    """One transition of a job, or one stage begun. Rows are only ever added."""

    __tablename__ = "events"
    __table_args__ = (Index(None, "application_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    application_id: Mapped[UUID] = mapped_column(ForeignKey("applications.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    from_state: Mapped[str | None]
    to_state: Mapped[str]
    stage: Mapped[str | None]
    epoch: Mapped[int] = mapped_column(BigInteger)
    owner: Mapped[int | None] = mapped_column(BigInteger)
    reason: Mapped[str | None]


class ApiKey(Base):
    """A caller's key, as the SHA-256 of its token: the token itself is shown once and kept nowhere."""

    __tablename__ = "api_keys"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    token_sha256: Mapped[bytes] = mapped_column(unique=True)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class KeyRate(Base):
    """What a key has used of its rate: `full_at` is when all of it is there again, `leased` what the last lease got.

    One row a key. Not logged: after a crash every key has its whole rate, and no lease waits for the disk.
    """

    __tablename__ = "key_rates"
    __table_args__ = {"prefixes": ["UNLOGGED"]}

    key_id: Mapped[UUID] = mapped_column(ForeignKey("api_keys.id", ondelete="CASCADE"), primary_key=True)
    full_at: Mapped[datetime]
    leased: Mapped[int]


class IdempotencyKey(Base):
    """What a caller's `Idempotency-Key` led to; rows past `expires_at` count as absent."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (
        CheckConstraint("(application_id IS NOT NULL) = (fingerprint IS NOT NULL)", "done"),
        Index(None, "application_id"),
        Index(None, "expires_at"),
    )

    key_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str | None]
    application_id: Mapped[UUID | None] = mapped_column(ForeignKey("applications.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]
