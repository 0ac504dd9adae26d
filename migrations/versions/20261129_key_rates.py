"""What API keys have used of their rates, over all replicas.

Revision ID: c1d95e7a3f08
Revises: 4e8a2d70c5b9
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "c1d95e7a3f08"
down_revision = "4e8a2d70c5b9"
branch_labels = None
depends_on = None

LOCK_TIMEOUT = "5s"


def upgrade() -> None:
    op.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    op.create_table(
        "key_rates",
        sa.Column("key_id", sa.Uuid(), nullable=False),
        sa.Column("full_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leased", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["key_id"], ["api_keys.id"], name="key_rates_key_id_fkey", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key_id", name="key_rates_pkey"),
        prefixes=["UNLOGGED"],
    )


def downgrade() -> None:
    op.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    op.drop_table("key_rates")
