"""Tendril: two-way texting for care coordinators."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def create_app() -> Flask:
    """The WSGI application, built from the environment; gunicorn serves `bot:create_app()`."""
    # Inside the function, so that importing the package opens nothing and stays cheap for the CLI.
    from bot.web.app import create_app as build

    return build()
