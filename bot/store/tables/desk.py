"""What coordinators work with: canned replies, saved views, presence, and who has reviewed which text."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Date, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.columns import Id, Table, word


class ReviewState(StrEnum):
    """Whether a qualified speaker stands behind a text."""

    DRAFT = "draft"
    APPROVED = "approved"


class CannedReply(Table):
    """A reply kept ready, found by `/` and its shortcut; its words in each language are `canned_texts`."""

    __tablename__ = "canned_replies"

    id: Mapped[Id]
    shortcut: Mapped[str] = mapped_column(String(32), unique=True)
    title: Mapped[str] = mapped_column(String(80))
    active: Mapped[bool] = mapped_column(default=True)
    created_by: Mapped[str] = mapped_column(String(32))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class CannedText(Table):
    """A canned reply in one language. Merge fields stand as {given_name}, {visit}, {clinic}, {phone}."""

    __tablename__ = "canned_texts"

    reply_id: Mapped[str] = mapped_column(ForeignKey("canned_replies.id"), primary_key=True)
    language: Mapped[str] = mapped_column(String(16), primary_key=True)
    body: Mapped[str] = mapped_column(String(1600))
    source_digest: Mapped[str] = mapped_column(String(64))
    """Of the English words that were translated: other ones withdraw the approval."""
    state: Mapped[ReviewState] = word(ReviewState, default=ReviewState.DRAFT)
    reviewer: Mapped[str | None] = mapped_column(String(80))
    qualification: Mapped[str | None] = mapped_column(String(120))
    reviewed_on: Mapped[date | None] = mapped_column(Date)
    updated_at: Mapped[datetime]


class Review(Table):
    """A qualified speaker's approval of one patient text in one language: void once the source or the text changes."""

    __tablename__ = "reviews"
    __table_args__ = (Index("ix_reviews_text_key_language_at", "text_key", "language", "at"),)

    id: Mapped[Id]
    text_key: Mapped[str] = mapped_column(String(64))
    """`<journey>/<step>`."""
    language: Mapped[str] = mapped_column(String(16))
    source_digest: Mapped[str] = mapped_column(String(64))
    text_digest: Mapped[str] = mapped_column(String(64))
    reviewer: Mapped[str] = mapped_column(String(80))
    qualification: Mapped[str] = mapped_column(String(120))
    author_id: Mapped[str] = mapped_column(String(32))
    """The account that recorded it."""
    at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class SavedView(Table):
    """A view of the inbox under a name: its query string."""

    __tablename__ = "saved_views"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(60))
    query: Mapped[str] = mapped_column(String(500))
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    shared: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]


class Presence(Table):
    """Who has a conversation open, and whether they are writing in it."""

    __tablename__ = "presences"

    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), primary_key=True)
    seen_at: Mapped[datetime]
    typing_at: Mapped[datetime | None]
