"""Paid work: what it remembers, its quotas, its breakers and its ledger; when a resume was reprocessed.

Revision ID: 6b1f0e2c9a47
Revises: d4736175900c
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "6b1f0e2c9a47"
down_revision = "d4736175900c"
branch_labels = None
depends_on = None

LOCK_TIMEOUT = "5s"


def upgrade() -> None:
    op.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    op.add_column("applications", sa.Column("reprocessed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "checkpoints",
        sa.Column(
            "note", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
    )
    op.create_index(
        "checkpoints_pending", "checkpoints", ["stage"], postgresql_where=sa.text("state = 'pending'")
    )
    op.create_table(
        "quotas",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("tat", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paced", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name="quotas_pkey"),
    )
    op.create_table(
        "vendors",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("blocked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name", name="vendors_pkey"),
    )
    create_ledger()
    op.create_table(
        "spending",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("usd", sa.Numeric(14, 8), nullable=False),
        sa.PrimaryKeyConstraint("day", name="spending_pkey"),
    )


def downgrade() -> None:
    op.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    for table in ("spending", "ledger", "vendors", "quotas"):
        op.drop_table(table)
    op.drop_index("checkpoints_pending", "checkpoints")
    op.drop_column("checkpoints", "note")
    op.drop_column("applications", "reprocessed_at")


def create_ledger() -> None:
    counts = ("pages", "prompt_tokens", "cached_tokens", "output_tokens", "thought_tokens")
    op.create_table(
        "ledger",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("vendor", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Integer(), server_default="0", nullable=False) for name in counts),
        sa.Column("usd", sa.Numeric(14, 8), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"], ["applications.id"], name="ledger_application_id_fkey", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="ledger_pkey"),
    )
    op.create_index("ledger_application_id", "ledger", ["application_id"])
    op.create_index("ledger_at", "ledger", ["at"])
