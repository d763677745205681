"""Long work done step by step by workers, who has changed a campaign's draft, and loops that were put aside.

And indexes for what a round of the scheduler asks: questions by their loop and by when they are too old, and what a
loop still has to send.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

OPEN = sa.text("finished_at IS NULL")
ASKED = sa.text("state = 'open'")
TO_GO = sa.text("status = 'planned'")


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "chores",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("subject_id", sa.String(length=32), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("file", sa.LargeBinary(), nullable=True),
        sa.Column("holder", sa.String(length=64), nullable=True),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(length=64), nullable=True),
        sa.Column("author_id", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chores")),
    )
    op.create_index("ix_chores_open", "chores", ["created_at"], postgresql_where=OPEN, sqlite_where=OPEN)
    op.create_index("ix_chores_author_id_created_at", "chores", ["author_id", "created_at"])
    op.create_index("ix_chores_subject_id", "chores", ["subject_id"])
    op.create_table(
        "set_asides",
        sa.Column("work", sa.String(length=48), nullable=False),
        sa.Column("subject_id", sa.String(length=128), nullable=False),
        sa.Column("patient_id", sa.String(length=128), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("escalation_id", sa.String(length=32), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("again_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.patient_id"], name=op.f("fk_set_asides_patient_id_patients")
        ),
        sa.PrimaryKeyConstraint("work", "subject_id", name=op.f("pk_set_asides")),
    )
    op.create_index("ix_set_asides_patient_id", "set_asides", ["patient_id"])
    op.create_index("ix_set_asides_at", "set_asides", ["at"])
    op.create_index("ix_questions_enrollment_id", "questions", ["enrollment_id"])
    op.create_index("ix_messages_of_loop", "messages", ["enrollment_id"], postgresql_where=TO_GO, sqlite_where=TO_GO)
    op.create_index("ix_questions_asked", "questions", ["expires_at"], postgresql_where=ASKED, sqlite_where=ASKED)
    op.add_column("campaigns", sa.Column("chore_id", sa.String(length=32), nullable=True))
    op.add_column("campaigns", sa.Column("editors", sa.JSON(), nullable=True))
    op.add_column("campaigns", sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("patient_lists", sa.Column("chore_id", sa.String(length=32), nullable=True))


def downgrade() -> None:
    """Back."""
    op.drop_column("patient_lists", "chore_id")
    op.drop_column("campaigns", "edited_at")
    op.drop_column("campaigns", "editors")
    op.drop_column("campaigns", "chore_id")
    op.drop_index("ix_questions_asked", table_name="questions")
    op.drop_index("ix_messages_of_loop", table_name="messages")
    op.drop_index("ix_questions_enrollment_id", table_name="questions")
    op.drop_index("ix_set_asides_at", table_name="set_asides")
    op.drop_index("ix_set_asides_patient_id", table_name="set_asides")
    op.drop_table("set_asides")
    op.drop_index("ix_chores_subject_id", table_name="chores")
    op.drop_index("ix_chores_author_id_created_at", table_name="chores")
    op.drop_index("ix_chores_open", table_name="chores")
    op.drop_table("chores")
