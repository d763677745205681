"""Reports read loops and their moves a day at a time."""

from __future__ import annotations

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_index("ix_enrollments_journey_created_at", "enrollments", ["journey", "created_at"])
    op.create_index("ix_enrollment_moves_at", "enrollment_moves", ["at"])


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_enrollment_moves_at", table_name="enrollment_moves")
    op.drop_index("ix_enrollments_journey_created_at", table_name="enrollments")
