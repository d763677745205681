"""Tests: they mirror the tree of `bot/`, with `architecture/` for what holds of the whole."""
