"""What the console keeps: canned replies, reviews, locations, on-call, invitations; snoozing, returns and the chart."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TO_CHART = sa.text("field = 'response' AND charted_at IS NULL")
HELD = sa.text("held_by IS NOT NULL")


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "canned_replies",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("shortcut", sa.String(length=32), nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_canned_replies")),
        sa.UniqueConstraint("shortcut", name=op.f("uq_canned_replies_shortcut")),
    )
    op.create_table(
        "invitations",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("role", sa.String(length=24), nullable=False),
        sa.Column("locations", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("invited_by", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("digest", name=op.f("uq_invitations_digest")),
    )
    op.create_table(
        "locations",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("text_name", sa.String(length=80), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("hours", sa.JSON(), nullable=False),
        sa.Column("holidays", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_locations")),
        sa.UniqueConstraint("name", name=op.f("uq_locations_name")),
    )
    op.create_table(
        "resources",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("category", sa.String(length=32), nullable=False),
        sa.Column("phone", sa.String(length=40), nullable=False),
        sa.Column("url", sa.String(length=300), nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("area", sa.String(length=120), nullable=False),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("verified_on", sa.Date(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resources")),
    )
    op.create_table(
        "reviews",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("text_key", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("source_digest", sa.String(length=64), nullable=False),
        sa.Column("text_digest", sa.String(length=64), nullable=False),
        sa.Column("reviewer", sa.String(length=80), nullable=False),
        sa.Column("qualification", sa.String(length=120), nullable=False),
        sa.Column("author_id", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
    )
    op.create_index("ix_reviews_text_key_language_at", "reviews", ["text_key", "language", "at"], unique=False)
    op.create_table(
        "service_levels",
        sa.Column("priority", sa.String(length=24), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("office_hours", sa.Boolean(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("priority", name=op.f("pk_service_levels")),
    )
    op.create_table(
        "break_glass",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("patient_id", sa.String(length=128), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.patient_id"], name=op.f("fk_break_glass_patient_id_patients")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_break_glass_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_break_glass")),
    )
    op.create_index(
        "ix_break_glass_user_id_patient_id_until", "break_glass", ["user_id", "patient_id", "until"], unique=False
    )
    op.create_table(
        "canned_texts",
        sa.Column("reply_id", sa.String(length=32), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("body", sa.String(length=1600), nullable=False),
        sa.Column("source_digest", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("reviewer", sa.String(length=80), nullable=True),
        sa.Column("qualification", sa.String(length=120), nullable=True),
        sa.Column("reviewed_on", sa.Date(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["reply_id"], ["canned_replies.id"], name=op.f("fk_canned_texts_reply_id_canned_replies")
        ),
        sa.PrimaryKeyConstraint("reply_id", "language", name=op.f("pk_canned_texts")),
    )
    op.create_table(
        "name_words",
        sa.Column("word_index", sa.String(length=64), nullable=False),
        sa.Column("patient_id", sa.String(length=128), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.patient_id"], name=op.f("fk_name_words_patient_id_patients")
        ),
        sa.PrimaryKeyConstraint("word_index", "patient_id", name=op.f("pk_name_words")),
    )
    op.create_index(op.f("ix_name_words_patient_id"), "name_words", ["patient_id"], unique=False)
    op.create_table(
        "on_call",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("rung", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("after_minutes", sa.Integer(), nullable=False),
        sa.Column("phone", sa.LargeBinary(), nullable=True),
        sa.Column("by_email", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_on_call_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_on_call")),
    )
    op.create_index(op.f("ix_on_call_user_id"), "on_call", ["user_id"], unique=False)
    op.create_table(
        "recovery_codes",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_recovery_codes_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_codes")),
    )
    op.create_index(op.f("ix_recovery_codes_user_id"), "recovery_codes", ["user_id"], unique=False)
    op.create_table(
        "saved_views",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("query", sa.String(length=500), nullable=False),
        sa.Column("owner_id", sa.String(length=32), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_saved_views_owner_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_views")),
    )
    op.create_index(op.f("ix_saved_views_owner_id"), "saved_views", ["owner_id"], unique=False)
    op.create_table(
        "presences",
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("typing_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_presences_conversation_id_conversations")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_presences_user_id_users")),
        sa.PrimaryKeyConstraint("conversation_id", "user_id", name=op.f("pk_presences")),
    )
    op.create_table(
        "notices",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("escalation_id", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("rung", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=24), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(length=120), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["escalation_id"], ["escalations.id"], name=op.f("fk_notices_escalation_id_escalations")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_notices_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint(
            "escalation_id", "user_id", "channel", name=op.f("uq_notices_escalation_id_user_id_channel")
        ),
    )
    op.create_index("ix_notices_state_due_at", "notices", ["state", "due_at"], unique=False)
    op.add_column("appointment_changes", sa.Column("charted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("appointment_changes", sa.Column("charted_by", sa.String(length=32), nullable=True))
    # What was answered before this version was never listed; it does not begin to wait now.
    op.execute("UPDATE appointment_changes SET charted_at = at WHERE field = 'response'")
    op.create_index(
        "ix_appointment_changes_to_chart",
        "appointment_changes",
        ["at"],
        unique=False,
        postgresql_where=TO_CHART,
        sqlite_where=TO_CHART,
    )
    op.add_column("conversations", sa.Column("last_staff_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "conversations", sa.Column("last_staff_asked", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.create_index(
        "ix_conversations_held_by", "conversations", ["held_by"], postgresql_where=HELD, sqlite_where=HELD
    )
    op.create_index("ix_audit_entries_actor_seq", "audit_entries", ["actor", "seq"], unique=False)
    op.add_column("escalations", sa.Column("snoozed_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("escalations", sa.Column("snoozed_by", sa.String(length=32), nullable=True))
    op.add_column("escalations", sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("escalations", sa.Column("returned_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("escalations", sa.Column("returned_from", sa.String(length=32), nullable=True))
    op.add_column("escalations", sa.Column("rung", sa.Integer(), server_default="0", nullable=False))
    op.create_index("ix_escalations_status_claimed_by", "escalations", ["status", "claimed_by"], unique=False)
    op.add_column("sessions", sa.Column("agent", sa.String(length=120), server_default="", nullable=False))
    op.add_column("users", sa.Column("locations", sa.JSON(), server_default="[]", nullable=False))
    op.add_column("users", sa.Column("language", sa.String(length=16), nullable=True))


def downgrade() -> None:
    """Back."""
    op.drop_column("users", "language")
    op.drop_column("users", "locations")
    op.drop_column("sessions", "agent")
    op.drop_index("ix_escalations_status_claimed_by", "escalations")
    op.drop_column("escalations", "rung")
    op.drop_column("escalations", "returned_from")
    op.drop_column("escalations", "returned_at")
    op.drop_column("escalations", "waiting_since")
    op.drop_column("escalations", "snoozed_by")
    op.drop_column("escalations", "snoozed_until")
    op.drop_index("ix_conversations_held_by", "conversations")
    op.drop_column("conversations", "last_staff_asked")
    op.drop_column("conversations", "last_staff_at")
    op.drop_index("ix_audit_entries_actor_seq", "audit_entries")
    op.drop_index("ix_appointment_changes_to_chart", "appointment_changes")
    op.drop_column("appointment_changes", "charted_by")
    op.drop_column("appointment_changes", "charted_at")
    op.drop_index("ix_notices_state_due_at", "notices")
    op.drop_table("notices")
    op.drop_table("presences")
    op.drop_index(op.f("ix_saved_views_owner_id"), "saved_views")
    op.drop_table("saved_views")
    op.drop_index(op.f("ix_recovery_codes_user_id"), "recovery_codes")
    op.drop_table("recovery_codes")
    op.drop_index(op.f("ix_on_call_user_id"), "on_call")
    op.drop_table("on_call")
    op.drop_index(op.f("ix_name_words_patient_id"), "name_words")
    op.drop_table("name_words")
    op.drop_table("canned_texts")
    op.drop_index("ix_break_glass_user_id_patient_id_until", "break_glass")
    op.drop_table("break_glass")
    op.drop_table("service_levels")
    op.drop_index("ix_reviews_text_key_language_at", "reviews")
    op.drop_table("reviews")
    op.drop_table("resources")
    op.drop_table("locations")
    op.drop_table("invitations")
    op.drop_table("canned_replies")
