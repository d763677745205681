"""Where a referral stands, how soon it is needed and when its visit is; discharges; refills."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.add_column("referrals", sa.Column("stage", sa.String(length=24), nullable=True))
    op.add_column("referrals", sa.Column("urgency", sa.String(length=16), server_default="routine", nullable=False))
    op.add_column("referrals", sa.Column("scheduled_on", sa.Date(), nullable=True))
    op.create_table(
        "discharges",
        sa.Column("discharge_id", sa.String(length=128), nullable=False),
        sa.Column("patient_id", sa.String(length=128), nullable=False),
        sa.Column("discharged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("facility", sa.LargeBinary(), nullable=True),
        sa.Column("risk", sa.String(length=16), nullable=False),
        sa.Column("row_hash", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.patient_id"], name=op.f("fk_discharges_patient_id_patients")
        ),
        sa.PrimaryKeyConstraint("discharge_id", name=op.f("pk_discharges")),
    )
    op.create_index(op.f("ix_discharges_patient_id"), "discharges", ["patient_id"])
    op.create_table(
        "refills",
        sa.Column("refill_id", sa.String(length=128), nullable=False),
        sa.Column("patient_id", sa.String(length=128), nullable=False),
        sa.Column("medicine", sa.LargeBinary(), nullable=True),
        sa.Column("pharmacy", sa.LargeBinary(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("row_hash", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient_id"], name=op.f("fk_refills_patient_id_patients")),
        sa.PrimaryKeyConstraint("refill_id", name=op.f("pk_refills")),
    )
    op.create_index(op.f("ix_refills_patient_id"), "refills", ["patient_id"])


def downgrade() -> None:
    """Back."""
    op.drop_table("refills")
    op.drop_table("discharges")
    for column in ("scheduled_on", "urgency", "stage"):
        op.drop_column("referrals", column)
