"""Saved segments, and lists of patients that somebody uploaded."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "cohorts",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("definition", sa.JSON(), nullable=False),
        sa.Column("owner_id", sa.String(length=32), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("counted", sa.Integer(), nullable=True),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_cohorts_owner_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cohorts")),
    )
    op.create_index(op.f("ix_cohorts_owner_id"), "cohorts", ["owner_id"])
    op.create_table(
        "patient_lists",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("owner_id", sa.String(length=32), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("unknown", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_patient_lists_owner_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patient_lists")),
    )
    op.create_index(op.f("ix_patient_lists_owner_id"), "patient_lists", ["owner_id"])
    op.create_table(
        "listed_patients",
        sa.Column("list_id", sa.String(length=32), nullable=False),
        sa.Column("patient_id", sa.String(length=128), nullable=False),
        sa.ForeignKeyConstraint(
            ["list_id"], ["patient_lists.id"], name=op.f("fk_listed_patients_list_id_patient_lists")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.patient_id"], name=op.f("fk_listed_patients_patient_id_patients")
        ),
        sa.PrimaryKeyConstraint("list_id", "patient_id", name=op.f("pk_listed_patients")),
    )
    op.create_index(op.f("ix_listed_patients_patient_id"), "listed_patients", ["patient_id"])


def downgrade() -> None:
    """Back."""
    op.drop_table("listed_patients")
    op.drop_table("patient_lists")
    op.drop_table("cohorts")
