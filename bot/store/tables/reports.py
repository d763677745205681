"""What reports read: each night's figures, by measure, day and group, and until when they have been worked out."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Date, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.columns import Table, Word


class Cut(StrEnum):
    """By what the figures of a row are told apart, beside location and language."""

    TOTAL = "total"
    AGE = "age"
    PART = "part"
    """By the measure's own parts: templates, priorities, states."""


class Grain(StrEnum):
    """How long a row's time is."""

    DAY = "day"
    MONTH = "month"
    """A whole month that is over, so that a year is read in a few rows."""


class Figure(Table):
    """One count of one group in one day or month."""

    __tablename__ = "figures"

    cut: Mapped[Cut] = mapped_column(Word(Cut, 8), primary_key=True)
    grain: Mapped[Grain] = mapped_column(Word(Grain, 8), primary_key=True)
    measure: Mapped[str] = mapped_column(String(32), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    """The clinic's calendar day, or the first one of the month."""
    location: Mapped[str] = mapped_column(String(120), primary_key=True)
    language: Mapped[str] = mapped_column(String(16), primary_key=True)
    age_band: Mapped[str] = mapped_column(String(8), primary_key=True)
    """Empty unless cut by age, or where no birth date is known."""
    part: Mapped[str] = mapped_column(String(64), primary_key=True)
    numerator: Mapped[int] = mapped_column(BigInteger)
    denominator: Mapped[int] = mapped_column(BigInteger)
    people: Mapped[bytes]
    """Digests of at most eleven people of the group, four bytes each: whether it is too small to be shown."""


class RollUp(Table):
    """Which days and months have been worked out, and when."""

    __tablename__ = "roll_ups"

    grain: Mapped[Grain] = mapped_column(Word(Grain, 8), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    at: Mapped[datetime]
