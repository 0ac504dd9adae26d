"""The trace that a job belongs to.

Revision ID: a07c4be25d61
Revises: c1d95e7a3f08
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "a07c4be25d61"
down_revision = "c1d95e7a3f08"
branch_labels = None
depends_on = None

LOCK_TIMEOUT = "5s"


def upgrade() -> None:
    op.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    op.add_column("jobs", sa.Column("traceparent", sa.Text(), nullable=True))


def downgrade() -> None:
    op.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    op.drop_column("jobs", "traceparent")
