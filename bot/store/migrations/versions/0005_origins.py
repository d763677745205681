"""Which record stays after a merge, and whose resource a link comes from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.add_column("patients", sa.Column("replaced_by", sa.String(length=128), nullable=True))
    op.create_index("ix_patients_replaced_by", "patients", ["replaced_by"], unique=False)
    op.add_column("patient_contacts", sa.Column("contact_id", sa.String(length=128), nullable=True))


def downgrade() -> None:
    """Back."""
    op.drop_column("patient_contacts", "contact_id")
    op.drop_index("ix_patients_replaced_by", table_name="patients")
    op.drop_column("patients", "replaced_by")
