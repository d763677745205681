"""Reports: the figures of each night, and the ways to a day's messages, moved visits and opt-outs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

WAYS = (
    ("ix_messages_heard", "messages", "created_at", sa.text("direction = 'inbound'")),
    ("ix_messages_sent_at", "messages", "sent_at", sa.text("sent_at IS NOT NULL")),
    ("ix_appointments_previous_starts_at", "appointments", "previous_starts_at",
     sa.text("previous_starts_at IS NOT NULL")),
    ("ix_consent_entries_opted_out", "consent_entries", "at", sa.text("status = 'opted-out'")),
)  # fmt: skip


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "figures",
        sa.Column("cut", sa.String(length=8), nullable=False),
        sa.Column("grain", sa.String(length=8), nullable=False),
        sa.Column("measure", sa.String(length=32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("location", sa.String(length=120), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("age_band", sa.String(length=8), nullable=False),
        sa.Column("part", sa.String(length=64), nullable=False),
        sa.Column("numerator", sa.BigInteger(), nullable=False),
        sa.Column("denominator", sa.BigInteger(), nullable=False),
        sa.Column("people", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint(
            "cut", "grain", "measure", "day", "location", "language", "age_band", "part", name=op.f("pk_figures")
        ),
    )
    op.create_table(
        "roll_ups",
        sa.Column("grain", sa.String(length=8), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("grain", "day", name=op.f("pk_roll_ups")),
    )
    for name, table, column, where in WAYS:
        op.create_index(name, table, [column], unique=False, postgresql_where=where, sqlite_where=where)


def downgrade() -> None:
    """Back."""
    for name, table, _column, where in reversed(WAYS):
        op.drop_index(name, table_name=table, postgresql_where=where, sqlite_where=where)
    op.drop_table("roll_ups")
    op.drop_table("figures")
