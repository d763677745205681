"""TwiML that we write by hand is XML, whatever the words."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from bot.web.twiml import EMPTY, response, status_url


@given(st.lists(st.text(st.characters()), max_size=4))
def test_every_text_arrives_but_for_what_xml_cannot_say(texts: list[str]) -> None:
    url = status_url("https://texts.example.org/a?b&c\"d'", "0" * 32)
    document = ET.fromstring(response((url, text) for text in texts).encode())
    assert document.tag == "Response"
    assert [element.tag for element in document] == ["Message"] * len(texts)
    for element, text in zip(document, texts, strict=True):
        assert element.attrib == {"statusCallback": url}
        kept = "".join(
            c for c in text if c in "\t\n\r" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff"
        )
        # A parser reads every line ending as a line feed.
        assert (element.text or "") == kept.replace("\r\n", "\n").replace("\r", "\n")


def test_nothing_to_say() -> None:
    assert response([]) == EMPTY
    assert list(ET.fromstring(EMPTY)) == []
