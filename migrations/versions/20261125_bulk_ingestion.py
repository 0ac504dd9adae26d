"""Bulk ingestion: sources, their shards, and the members that were not accepted.

Revision ID: 9d3c41f7e6b2
Revises: 6b1f0e2c9a47
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "9d3c41f7e6b2"
down_revision = "6b1f0e2c9a47"
branch_labels = None
depends_on = None

LOCK_TIMEOUT = "5s"
_NOW = sa.text("now()")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    create_ingestions()
    create_shards()
    create_errors()
    index_applications()


def downgrade() -> None:
    op.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    for index in ("ingestion_content", "ingestion_id_id", "ingestion_id_status_completed_at"):
        op.drop_index(f"applications_{index}", "applications")
    op.create_index("applications_ingestion_id", "applications", ["ingestion_id"])
    for table in ("ingestion_errors", "ingestion_shards", "ingestions"):
        op.drop_table(table)


def create_ingestions() -> None:
    op.create_table(
        "ingestions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("object_key", sa.Text(), nullable=True),
        sa.Column("job_post_id", sa.Text(), nullable=True),
        sa.Column("as_of_date", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("sequential", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("source_key", sa.Text(), nullable=True),
        sa.Column("same_as", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), server_default="listing", nullable=False),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("error_detail", sa.Text(), nullable=True),
        sa.Column("members", sa.BigInteger(), nullable=True),
        sa.Column("owner", sa.BigInteger(), nullable=True),
        sa.Column("epoch", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("lease_until", _TIME, nullable=True),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("run_at", _TIME, server_default=_NOW, nullable=False),
        sa.Column("created_at", _TIME, server_default=_NOW, nullable=False),
        sa.Column("listed_at", _TIME, nullable=True),
        sa.Column("stored_at", _TIME, nullable=True),
        sa.Column("completed_at", _TIME, nullable=True),
        sa.CheckConstraint(
            "state IN ('cancelled', 'completed', 'listing', 'rejected', 'running')",
            name=op.f("ingestions_state_check"),
        ),
        sa.PrimaryKeyConstraint("id", name="ingestions_pkey"),
        sa.UniqueConstraint("source_key", name="ingestions_source_key_key"),
    )
    op.create_index(
        "ingestions_open",
        "ingestions",
        ["created_at"],
        postgresql_where=sa.text("state IN ('listing', 'running')"),
    )
    op.create_index("ingestions_created_at", "ingestions", ["created_at"])


def create_shards() -> None:
    counts = ("position", "accepted", "duplicate", "skipped", "failed")
    op.create_table(
        "ingestion_shards",
        sa.Column("ingestion_id", sa.Uuid(), nullable=False),
        sa.Column("shard_no", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), server_default="queued", nullable=False),
        sa.Column("members", sa.LargeBinary(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Integer(), server_default="0", nullable=False) for name in counts),
        sa.Column("owner", sa.BigInteger(), nullable=True),
        sa.Column("epoch", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("lease_until", _TIME, nullable=True),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("run_at", _TIME, server_default=_NOW, nullable=False),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'done', 'cancelled')", name=op.f("ingestion_shards_state_check")
        ),
        sa.CheckConstraint(
            "position = accepted + duplicate + skipped + failed", name=op.f("ingestion_shards_counts_check")
        ),
        sa.CheckConstraint(
            "(state = 'running') = (owner IS NOT NULL)", name=op.f("ingestion_shards_owner_check")
        ),
        sa.ForeignKeyConstraint(
            ["ingestion_id"], ["ingestions.id"], name="ingestion_shards_ingestion_id_fkey", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("ingestion_id", "shard_no", name="ingestion_shards_pkey"),
    )
    for name, column, where in (
        ("claim", "run_at", "state = 'queued'"),
        ("running", "owner", "state = 'running'"),
        ("open", "ingestion_id", "state IN ('queued', 'running')"),
    ):
        op.create_index(
            f"ingestion_shards_{name}", "ingestion_shards", [column], postgresql_where=sa.text(where)
        )


def create_errors() -> None:
    op.create_table(
        "ingestion_errors",
        sa.Column("ingestion_id", sa.Uuid(), nullable=False),
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('duplicate', 'failed', 'skipped')", name=op.f("ingestion_errors_outcome_check")
        ),
        sa.ForeignKeyConstraint(
            ["ingestion_id"], ["ingestions.id"], name="ingestion_errors_ingestion_id_fkey", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("ingestion_id", "ordinal", name="ingestion_errors_pkey"),
    )
    op.create_index(
        "ingestion_errors_application_id",
        "ingestion_errors",
        ["application_id"],
        postgresql_where=sa.text("application_id IS NOT NULL"),
    )


def index_applications() -> None:
    """Partial: what is uploaded one by one pays for none of them."""
    op.drop_index("applications_ingestion_id", "applications")
    ingested = sa.text("ingestion_id IS NOT NULL")
    for columns in (["ingestion_id", "status", "completed_at"], ["ingestion_id", "id"]):
        name = f"applications_{'_'.join(columns)}"
        op.create_index(name, "applications", columns, postgresql_where=ingested)
    op.create_index(
        "applications_ingestion_content",
        "applications",
        ["ingestion_id", "content_sha256", "job_post_id", "external_id"],
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("ingestion_id IS NOT NULL AND erased_at IS NULL"),
    )
