"""Planning finds the visits that changed without reading all the others."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TO_PLAN = sa.text("planned_version < version")


def upgrade() -> None:
    """Forward."""
    op.create_index(
        "ix_appointments_to_plan", "appointments", ["appointment_id"], postgresql_where=TO_PLAN, sqlite_where=TO_PLAN
    )
    op.drop_index("ix_appointments_planned_version", table_name="appointments")


def downgrade() -> None:
    """Back."""
    op.create_index("ix_appointments_planned_version", "appointments", ["planned_version"])
    op.drop_index("ix_appointments_to_plan", table_name="appointments")
