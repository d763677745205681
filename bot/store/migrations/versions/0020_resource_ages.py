"""Whom a community resource is for, by age (HSDS minimum_age, maximum_age)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

COLUMNS = ("minimum_age", "maximum_age")


def upgrade() -> None:
    """Forward."""
    for name in COLUMNS:
        op.add_column("resources", sa.Column(name, sa.Integer(), nullable=True))


def downgrade() -> None:
    """Back."""
    for name in COLUMNS:
        op.drop_column("resources", name)
