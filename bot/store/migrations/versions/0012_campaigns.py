"""Campaigns, their patients and forecasts; fuses; the numbers that a clinic sets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "campaigns",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.Column("goal", sa.String(length=24), nullable=False),
        sa.Column("cohort", sa.JSON(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("arms", sa.JSON(), nullable=False),
        sa.Column("zones", sa.JSON(), nullable=False),
        sa.Column("daily_cap", sa.Integer(), nullable=True),
        sa.Column("replies_an_hour", sa.Integer(), nullable=True),
        sa.Column("response_rate", sa.Double(), nullable=True),
        sa.Column("location", sa.String(length=120), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("author_id", sa.String(length=32), nullable=False),
        sa.Column("approved_by", sa.String(length=32), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaigns")),
    )
    op.create_index("ix_campaigns_state", "campaigns", ["state"])

    op.create_table(
        "clinic_limits",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_clinic_limits")),
    )
    op.create_table(
        "fuses",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("guards", sa.String(length=24), nullable=False),
        sa.Column("subject", sa.String(length=128), nullable=False),
        sa.Column("why", sa.String(length=24), nullable=False),
        sa.Column("counted", sa.Double(), nullable=False),
        sa.Column("limit", sa.Double(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("escalation_id", sa.String(length=32), nullable=True),
        sa.Column("blown_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reset_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reset_by", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fuses")),
    )
    op.create_index("ix_fuses_blown_at", "fuses", ["blown_at"])
    op.create_index(
        "ix_fuses_stands",
        "fuses",
        ["guards", "subject"],
        unique=True,
        postgresql_where=sa.text("reset_at IS NULL"),
        sqlite_where=sa.text("reset_at IS NULL"),
    )

    op.create_table(
        "campaign_forecasts",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("campaign_id", sa.String(length=32), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("summary", sa.JSON(), nullable=False),
        sa.Column("error", sa.String(length=64), nullable=True),
        sa.Column("author_id", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_campaign_forecasts_campaign_id_campaigns")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_forecasts")),
    )
    op.create_index("ix_campaign_forecasts_campaign_id_created_at", "campaign_forecasts", ["campaign_id", "created_at"])

    op.create_table(
        "campaign_recipients",
        sa.Column("campaign_id", sa.String(length=32), nullable=False),
        sa.Column("patient_id", sa.String(length=128), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("arm", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("message_id", sa.String(length=32), nullable=True),
        sa.Column("segments", sa.Integer(), nullable=False),
        sa.Column("let_go_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_campaign_recipients_campaign_id_campaigns")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.patient_id"], name=op.f("fk_campaign_recipients_patient_id_patients")
        ),
        sa.PrimaryKeyConstraint("campaign_id", "patient_id", name=op.f("pk_campaign_recipients")),
    )
    op.create_index("ix_campaign_recipients_let_go_at", "campaign_recipients", ["campaign_id", "let_go_at"])
    op.create_index("ix_campaign_recipients_line", "campaign_recipients", ["campaign_id", "state", "zone", "place"])
    op.create_index("ix_campaign_recipients_message_id", "campaign_recipients", ["message_id"])
    op.create_index("ix_campaign_recipients_patient_id", "campaign_recipients", ["patient_id"])

    op.create_table(
        "campaign_trials",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("campaign_id", sa.String(length=32), nullable=False),
        sa.Column("arm", sa.String(length=40), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("phone", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("error", sa.String(length=120), nullable=True),
        sa.Column("author_id", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_campaign_trials_campaign_id_campaigns")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_trials")),
    )
    op.create_index("ix_campaign_trials_campaign_id", "campaign_trials", ["campaign_id"])
    op.create_table(
        "campaign_texts",
        sa.Column("campaign_id", sa.String(length=32), nullable=False),
        sa.Column("arm", sa.String(length=40), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("body", sa.String(length=1600), nullable=False),
        sa.Column("is_source", sa.Boolean(), nullable=False),
        sa.Column("source_digest", sa.String(length=64), nullable=False),
        sa.Column("reviewer", sa.String(length=80), nullable=True),
        sa.Column("qualification", sa.String(length=120), nullable=True),
        sa.Column("reviewed_on", sa.Date(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_campaign_texts_campaign_id_campaigns")
        ),
        sa.PrimaryKeyConstraint("campaign_id", "arm", "language", name=op.f("pk_campaign_texts")),
    )
    op.create_table(
        "forecast_lines",
        sa.Column("forecast_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("patient_id", sa.String(length=128), nullable=False),
        sa.Column("arm", sa.String(length=40), nullable=False),
        sa.Column("verdict", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("kind", sa.String(length=48), nullable=True),
        sa.Column("language", sa.String(length=16), nullable=True),
        sa.Column("segments", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["forecast_id"], ["campaign_forecasts.id"], name=op.f("fk_forecast_lines_forecast_id_campaign_forecasts")
        ),
        sa.PrimaryKeyConstraint("forecast_id", "number", name=op.f("pk_forecast_lines")),
    )
    op.add_column("messages", sa.Column("campaign_id", sa.String(length=32), nullable=True))


def downgrade() -> None:
    """Back."""
    op.drop_column("messages", "campaign_id")

    op.drop_table("forecast_lines")
    op.drop_table("campaign_texts")
    op.drop_index("ix_campaign_trials_campaign_id", table_name="campaign_trials")
    op.drop_table("campaign_trials")
    op.drop_index("ix_campaign_recipients_patient_id", table_name="campaign_recipients")
    op.drop_index("ix_campaign_recipients_message_id", table_name="campaign_recipients")
    op.drop_index("ix_campaign_recipients_line", table_name="campaign_recipients")
    op.drop_index("ix_campaign_recipients_let_go_at", table_name="campaign_recipients")

    op.drop_table("campaign_recipients")
    op.drop_index("ix_campaign_forecasts_campaign_id_created_at", table_name="campaign_forecasts")

    op.drop_table("campaign_forecasts")
    op.drop_index("ix_fuses_stands", table_name="fuses")
    op.drop_index("ix_fuses_blown_at", table_name="fuses")

    op.drop_table("fuses")
    op.drop_table("clinic_limits")
    op.drop_index("ix_campaigns_state", table_name="campaigns")

    op.drop_table("campaigns")
