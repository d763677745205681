"""Queries by noun. They never commit: services own the transaction."""
