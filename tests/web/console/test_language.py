"""The console speaks Spanish, too: every sentence of it, by the account's choice or the browser's."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from bot.content.catalogues import is_usable
from bot.runtime import console_catalogue
from bot.store.tables import User
from bot.web.console.language import LANGUAGES, SOURCE
from tests.web.console.desk import Browser, Desk
from tests.web.console.sentences import TEMPLATES, bare, sentences

Sit = Callable[[str], Browser]
OTHERS = sorted(set(LANGUAGES) - {SOURCE})


@pytest.mark.parametrize("tag", OTHERS)
def test_every_sentence_is_translated(tag: str) -> None:
    catalogue = console_catalogue(tag)
    lacking = [sentence for sentence in sentences() if not catalogue.has(sentence)]
    assert not lacking, "python -m tests.web.console.sentences brings the catalogues up to date"


@pytest.mark.parametrize("tag", OTHERS)
def test_nothing_stands_there_that_nobody_says(tag: str) -> None:
    catalogue, said = console_catalogue(tag), sentences()
    singular = {sentence for sentence in said if isinstance(sentence, str)}
    assert set(catalogue.singular) <= singular
    assert set(catalogue.plural) <= {sentence[0] for sentence in said if isinstance(sentence, tuple)}


def test_the_gathering_finds_what_templates_code_and_tables_say() -> None:
    said = sentences()
    for known in ("Needs a person", "Back on the list.", "Possible emergency"):
        assert known in said
    assert ("%(num)s is done", "All %(num)s are done") in said
    assert all(
        is_usable(text, text)
        for sentence in said
        for text in (sentence if isinstance(sentence, tuple) else (sentence,))
    )


def test_the_browsers_language_is_taken(desk: Desk, console: Flask, browser_of: Sit) -> None:
    browser = browser_of("Ana Ruiz")
    assert "Nobody waits for a person." in browser.get("/console/").text
    page = browser.get("/console/", headers={"Accept-Language": "es-MX,es;q=0.9,en;q=0.5"}).text
    assert "Nadie espera a una persona." in page
    assert '<html lang="es"' in page
    assert "Nobody waits" in browser.get("/console/", headers={"Accept-Language": "pl"}).text


def test_the_accounts_choice_goes_before_the_browsers(desk: Desk, browser_of: Sit) -> None:
    browser = browser_of("Ana Ruiz")
    desk.change(User, User.name == "Ana Ruiz", language="es")
    assert "Nadie espera a una persona." in browser.get("/console/", headers={"Accept-Language": "en-US"}).text


def test_no_template_says_anything_past_the_catalogue() -> None:
    assert [found for file in sorted(TEMPLATES.glob("*.html")) for found in bare(file)] == []
