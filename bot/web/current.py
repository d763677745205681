"""The clinic that the running application serves, for views that are not built around it."""

from __future__ import annotations

from typing import cast

from flask import Flask, current_app

from bot.services.clinic import Clinic

EXTENSION = "clinic"


def clinic(app: Flask | None = None) -> Clinic:
    """The clinic of this application, or of the one that is answering now."""
    return cast(Clinic, (app or current_app).extensions[EXTENSION])
