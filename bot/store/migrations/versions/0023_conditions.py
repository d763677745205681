"""Conditions by which lessons begin, requests that a caller may repeat, and loops listed by when they were opened."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

LOOPS = sa.text("journey <> 'appointment'")


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "conditions",
        sa.Column("condition_id", sa.String(length=128), nullable=False),
        sa.Column("patient_id", sa.String(length=128), nullable=False),
        sa.Column("series", sa.String(length=64), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("row_hash", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.patient_id"], name=op.f("fk_conditions_patient_id_patients")
        ),
        sa.PrimaryKeyConstraint("condition_id", name=op.f("pk_conditions")),
    )
    op.create_index(op.f("ix_conditions_patient_id"), "conditions", ["patient_id"])
    op.create_table(
        "request_keys",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("body", sa.String(length=64), nullable=False),
        sa.Column("object_id", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request_keys")),
    )
    op.create_index(
        "ix_enrollments_loops", "enrollments", ["created_at", "id"], postgresql_where=LOOPS, sqlite_where=LOOPS
    )


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_enrollments_loops", table_name="enrollments")
    op.drop_table("request_keys")
    op.drop_index(op.f("ix_conditions_patient_id"), table_name="conditions")
    op.drop_table("conditions")
