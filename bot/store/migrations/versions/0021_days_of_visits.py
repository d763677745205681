"""The day of a visit: its link, when its patient arrived, how to check in there, and who needs an interpreter."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

ARRIVED = sa.text("arrived_at IS NOT NULL")


def upgrade() -> None:
    """Forward."""
    op.add_column("appointments", sa.Column("telehealth_url", sa.LargeBinary(), nullable=True))
    op.add_column("appointments", sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_appointments_arrived_at", "appointments", ["arrived_at"], postgresql_where=ARRIVED, sqlite_where=ARRIVED
    )
    op.add_column("patients", sa.Column("interpreter", sa.Boolean(), nullable=True))
    op.add_column("locations", sa.Column("check_in", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("locations", sa.Column("directions", sa.JSON(), server_default="{}", nullable=False))
    op.add_column("locations", sa.Column("spoken", sa.JSON(), server_default="[]", nullable=False))


def downgrade() -> None:
    """Back."""
    for column in ("spoken", "directions", "check_in"):
        op.drop_column("locations", column)
    op.drop_column("patients", "interpreter")
    op.drop_index("ix_appointments_arrived_at", table_name="appointments")
    for column in ("arrived_at", "telehealth_url"):
        op.drop_column("appointments", column)
