"""Chores: long work that somebody asked for on a page, and that a worker does step by step."""

from __future__ import annotations

from enum import StrEnum


class ChoreKind(StrEnum):
    """What is to be done."""

    DRAW = "draw"
    """Put a campaign's patients into its line."""
    FORECAST = "forecast"
    """Play a campaign's days ahead."""
    LIST = "list"
    """Look up the patients of an uploaded list."""
