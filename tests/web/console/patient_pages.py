"""What the tests of the patient's page share: Rosa with a visit ahead, and the parts of her page."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.web.console.desk import Browser

Sit = Callable[[str], Browser]
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PAGE = "/console/patients/P-010"
EVIDENCE = "she said so on the phone"


def story_of(page: str) -> str:
    """What happened."""
    return page[page.index('id="story"') : page.index('id="ahead"')]


def ahead_of(page: str) -> str:
    """What is to come."""
    return page[page.index('id="ahead"') : page.index('id="phones"')]
