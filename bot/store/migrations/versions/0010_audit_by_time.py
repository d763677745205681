"""The audit trail is read by time, a page at a time."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_index("ix_audit_entries_at_seq", "audit_entries", ["at", "seq"])


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_audit_entries_at_seq", table_name="audit_entries")
