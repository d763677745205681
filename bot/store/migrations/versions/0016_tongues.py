"""What language a phone's texts have come in, and which one its owner has been offered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.add_column("conversations", sa.Column("tongue", sa.JSON()))


def downgrade() -> None:
    """Back."""
    op.drop_column("conversations", "tongue")
