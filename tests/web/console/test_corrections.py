"""Under each of a patient's texts stands what it was read as, and a coordinator can say what it meant."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.web.console.desk import Browser, Desk


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_a_text_meant_is_put_right(desk: Desk, browser_of: Callable[[str], Browser]) -> None:
    desk.patient(13, "Marian", "Whitfield")
    talk = desk.text(13, "my chest hurts and I can't breathe")
    browser = browser_of("Ana Ruiz")
    page = browser.get(f"/console/conversations/{talk}").text
    assert "Read as: An emergency" in page
    (path,) = set(re.findall(r'action="(/console/messages/\w+/meant)"', page))
    assert browser.post(path, {"intent": "nonsense"}).status_code == 400
    assert browser.post("/console/messages/nothing/meant", {"intent": "symptom"}).status_code == 404
    assert browser.post(path, {"intent": "symptom"}).status_code == 303
    assert "Meant: A symptom" in browser.get(f"/console/conversations/{talk}").text
