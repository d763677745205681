"""What holds sending back, whose claim a message is, and how often nobody looked at it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "brakes",
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("code", sa.Integer(), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_brakes")),
    )
    op.add_column("messages", sa.Column("claimed_by", sa.String(length=32), nullable=True))
    op.add_column("messages", sa.Column("knocks", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    """Back."""
    op.drop_column("messages", "knocks")
    op.drop_column("messages", "claimed_by")
    op.drop_table("brakes")
