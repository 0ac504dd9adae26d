"""The queue, the results, the search index and the callers' keys.

Revision ID: d4736175900c
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from pgvector.sqlalchemy import HALFVEC
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError

from pipeline.domain.errors import ConfigurationError

revision = "d4736175900c"
down_revision = None
branch_labels = None
depends_on = None

#: A migration that cannot get its locks at once gives up, instead of stopping the service behind it.
LOCK_TIMEOUT = "5s"


def upgrade() -> None:
    op.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    create_vector_extension()
    create_applications()
    index_applications()
    create_jobs()
    create_events()
    create_chunks()
    create_texts()
    create_checkpoints()
    create_api_keys()
    create_idempotency_keys()


def downgrade() -> None:
    """Everything goes but the extension, which others in the database may use."""
    op.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    op.drop_table("idempotency_keys")
    op.drop_table("api_keys")
    op.drop_table("checkpoints")
    op.drop_table("texts")
    op.drop_table("chunks")
    op.drop_table("events")
    op.drop_table("jobs")
    op.drop_table("applications")


def create_vector_extension() -> None:
    try:
        op.execute("CREATE EXTENSION IF NOT EXISTS vector")
    except DBAPIError as error:
        raise ConfigurationError(
            "pgvector is not in this database: let an administrator run CREATE EXTENSION vector in it.",
            key="DB_URL",
        ) from error


def create_applications() -> None:
    op.create_table(
        "applications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), server_default="queued", nullable=False),
        sa.Column("stage", sa.Text(), nullable=True),
        sa.Column("job_post_id", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("filename", sa.Text(), nullable=True),
        sa.Column("content_sha256", sa.Text(), nullable=False),
        sa.Column("object_key", sa.Text(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mime", sa.Text(), nullable=False),
        sa.Column("as_of_date", sa.Date(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=True),
        sa.Column("ingestion_id", sa.Uuid(), nullable=True),
        sa.Column("ingestion_member", sa.Text(), nullable=True),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("error_detail", sa.Text(), nullable=True),
        sa.Column("profile", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column(
            "versions",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("receipt", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "content_sha256 ~ '^[0-9a-f]{64}$'", name=op.f("applications_content_sha256_check")
        ),
        sa.CheckConstraint(
            "object_key IS NOT NULL OR status = 'erased'", name=op.f("applications_object_key_check")
        ),
        sa.CheckConstraint(
            "status IN ('cancelled', 'completed', 'erased', 'failed', 'processing', 'queued')",
            name=op.f("applications_status_check"),
        ),
        sa.CheckConstraint("size >= 0", name=op.f("applications_size_check")),
        sa.PrimaryKeyConstraint("id", name="applications_pkey"),
        sa.UniqueConstraint(
            "ingestion_id", "ingestion_member", name="applications_ingestion_id_ingestion_member_key"
        ),
    )


def index_applications() -> None:
    op.create_index("applications_content_sha256", "applications", ["content_sha256"])
    op.create_index("applications_created_at", "applications", ["created_at"])
    op.create_index("applications_email_status", "applications", ["email", "status"])
    op.create_index("applications_ingestion_id", "applications", ["ingestion_id"])
    op.create_index("applications_job_post_id", "applications", ["job_post_id"])
    op.create_index("applications_job_post_id_status", "applications", ["job_post_id", "status"])
    op.create_index(
        "applications_object_erasure",
        "applications",
        ["erased_at"],
        postgresql_where=sa.text("erased_at IS NOT NULL AND object_key IS NOT NULL"),
    )
    op.create_index("applications_status", "applications", ["status"])
    op.create_index("applications_status_created_at", "applications", ["status", "created_at"])
    op.create_index("applications_updated_at", "applications", ["updated_at"])


def create_jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("state", sa.Text(), server_default="queued", nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("run_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("suspicions", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("lease_epoch", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("lease_owner", sa.BigInteger(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'running') = (lease_owner IS NOT NULL AND lease_until IS NOT NULL)",
            name=op.f("jobs_lease_check"),
        ),
        sa.CheckConstraint("lane IN ('bulk', 'online')", name=op.f("jobs_lane_check")),
        sa.CheckConstraint(
            "state IN ('cancelled', 'dead', 'erased', 'failed', 'queued', 'retry_wait', 'running', "
            "'succeeded', 'waiting')",
            name=op.f("jobs_state_check"),
        ),
        sa.ForeignKeyConstraint(
            ["application_id"], ["applications.id"], name="jobs_application_id_fkey", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("application_id", name="jobs_pkey"),
        postgresql_with={
            "fillfactor": 70,
            "autovacuum_vacuum_scale_factor": 0.01,
            "autovacuum_vacuum_threshold": 500,
            "autovacuum_analyze_scale_factor": 0.02,
            "autovacuum_vacuum_cost_delay": 0,
        },
    )
    op.create_index(
        "jobs_claim",
        "jobs",
        ["lane", "priority", "run_at"],
        postgresql_where=sa.text("state IN ('queued', 'retry_wait', 'waiting') AND suspicions = 0"),
    )
    op.create_index(
        "jobs_claim_suspects",
        "jobs",
        ["lane", "priority", "run_at"],
        postgresql_where=sa.text("state IN ('queued', 'retry_wait', 'waiting') AND suspicions > 0"),
    )
    op.create_index(
        "jobs_due", "jobs", ["run_at"], postgresql_where=sa.text("state IN ('retry_wait', 'waiting')")
    )
    op.create_index("jobs_running", "jobs", ["lease_owner"], postgresql_where=sa.text("state = 'running'"))
    op.create_index(
        "jobs_unfinished",
        "jobs",
        ["lane"],
        postgresql_where=sa.text("state IN ('queued', 'retry_wait', 'running', 'waiting')"),
    )
    op.create_index("jobs_waiting", "jobs", ["reason"], postgresql_where=sa.text("state = 'waiting'"))


def create_events() -> None:
    op.create_table(
        "events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("from_state", sa.Text(), nullable=True),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=True),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("owner", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["application_id"], ["applications.id"], name="events_application_id_fkey", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="events_pkey"),
    )
    op.create_index("events_application_id_id", "events", ["application_id", "id"])


def create_chunks() -> None:
    op.create_table(
        "chunks",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("chunk_no", sa.Integer(), nullable=False),
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("line_ids", sa.ARRAY(sa.Integer()), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("tsv", postgresql.TSVECTOR(), nullable=False),
        sa.Column("embedding", HALFVEC(), nullable=False),
        sa.Column("job_post_id", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"], ["applications.id"], name="chunks_application_id_fkey", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("application_id", "model", "chunk_no", name="chunks_pkey"),
    )
    op.create_index("chunks_created_at", "chunks", ["created_at"])
    op.create_index("chunks_job_post_id_created_at", "chunks", ["job_post_id", "created_at"])
    op.create_index("chunks_tsv", "chunks", ["tsv"], postgresql_using="gin")


def create_texts() -> None:
    op.create_table(
        "texts",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"], ["applications.id"], name="texts_application_id_fkey", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("application_id", name="texts_pkey"),
    )


def create_checkpoints() -> None:
    op.create_table(
        "checkpoints",
        sa.Column("content_sha256", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=True),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(state = 'done') = (value IS NOT NULL)", name=op.f("checkpoints_value_check")),
        sa.CheckConstraint("state IN ('pending', 'done')", name=op.f("checkpoints_state_check")),
        sa.PrimaryKeyConstraint("content_sha256", "stage", "digest", name="checkpoints_pkey"),
    )


def create_api_keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="api_keys_pkey"),
        sa.UniqueConstraint("token_sha256", name="api_keys_token_sha256_key"),
    )


def create_idempotency_keys() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("key_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=True),
        sa.Column("application_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(application_id IS NOT NULL) = (fingerprint IS NOT NULL)",
            name=op.f("idempotency_keys_done_check"),
        ),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["applications.id"],
            name="idempotency_keys_application_id_fkey",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("key_id", "key", name="idempotency_keys_pkey"),
    )
    op.create_index("idempotency_keys_application_id", "idempotency_keys", ["application_id"])
    op.create_index("idempotency_keys_expires_at", "idempotency_keys", ["expires_at"])
