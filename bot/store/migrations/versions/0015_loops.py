"""An enrollment is a loop: its kind, owner, what the office owes, how it ended, and each of its moves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

OWED = sa.text("office_step IS NOT NULL AND ended_at IS NULL")


def upgrade() -> None:
    """Forward."""
    for column in (
        sa.Column("kind", sa.String(length=64), server_default="", nullable=False),
        sa.Column("priority", sa.String(length=16), server_default="routine", nullable=False),
        sa.Column("appointment_id", sa.String(length=128), nullable=True),
        sa.Column("owner_id", sa.String(length=32), nullable=True),
        sa.Column("office_step", sa.String(length=48), nullable=True),
        sa.Column("office_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("details", sa.LargeBinary(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("outcome", sa.String(length=48), nullable=True),
    ):
        op.add_column("enrollments", column)
    op.create_index("ix_enrollments_office", "enrollments", ["office_due_at"], postgresql_where=OWED, sqlite_where=OWED)
    op.create_index("ix_enrollments_journey_ended_at", "enrollments", ["journey", "ended_at"])
    op.create_index("ix_enrollments_appointment_id", "enrollments", ["appointment_id"])
    op.create_table(
        "enrollment_moves",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("enrollment_id", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("from_step", sa.String(length=32), nullable=False),
        sa.Column("to_step", sa.String(length=32), nullable=False),
        sa.Column("cause", sa.String(length=64), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["enrollment_id"], ["enrollments.id"], name=op.f("fk_enrollment_moves_enrollment_id_enrollments")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrollment_moves")),
    )
    op.create_index("ix_enrollment_moves_enrollment_id_at", "enrollment_moves", ["enrollment_id", "at"])


def downgrade() -> None:
    """Back."""
    op.drop_table("enrollment_moves")
    op.drop_index("ix_enrollments_appointment_id", table_name="enrollments")
    op.drop_index("ix_enrollments_journey_ended_at", table_name="enrollments")
    op.drop_index("ix_enrollments_office", table_name="enrollments")
    names = (
        "outcome", "version", "details", "due_on", "office_due_at", "office_step", "owner_id", "appointment_id",
        "priority", "kind",
    )  # fmt: skip
    with op.batch_alter_table("enrollments") as batch:
        for name in names:
            batch.drop_column(name)
