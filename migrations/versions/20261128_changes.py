"""Lists of what changed, in order, and of one external id.

Revision ID: 4e8a2d70c5b9
Revises: 9d3c41f7e6b2
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "4e8a2d70c5b9"
down_revision = "9d3c41f7e6b2"
branch_labels = None
depends_on = None

LOCK_TIMEOUT = "5s"


def upgrade() -> None:
    op.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    op.create_index("applications_updated_at_id", "applications", ["updated_at", "id"])
    op.drop_index("applications_updated_at", "applications")
    op.create_index(
        "applications_external_id",
        "applications",
        ["external_id"],
        postgresql_where=sa.text("external_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    op.drop_index("applications_external_id", "applications")
    op.create_index("applications_updated_at", "applications", ["updated_at"])
    op.drop_index("applications_updated_at_id", "applications")
