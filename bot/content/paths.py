"""Where the data folders are: inside the installed package, or in the checkout."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]


def data_root() -> Path:
    """The folder that holds `templates/` and `locales/`: `bot/_data` once installed, else the checkout."""
    packaged = PACKAGE / "_data"
    return packaged if packaged.is_dir() else PACKAGE.parent
