"""A campaign drafted, and its draft changed, step by step as the form asks for it."""

from __future__ import annotations

import html
import re
from typing import Any

from bot.core.cohort_data import read
from bot.services import cohorts
from bot.store.tables import Campaign, User
from tests.web.console.desk import Browser, Desk

NEW = "/console/campaigns/new"
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
OWN = "{name}, new hours are here. Call {phone}."


def segment(desk: Desk, condition: object, name: str = "Everybody", owner: str = "Ana Ruiz") -> str:
    made = cohorts.save(
        desk.clinic, cohort_id=None, name=name, condition=read({"version": 1, "where": condition}), shared=True,
        actor_id=desk.row(User, User.name == owner).id, now=desk.now,
    )  # fmt: skip
    assert made is not None
    return made


def step(browser: Browser, page: str, do: str, **typed: Any) -> Any:
    """Press a button of a step, with what its hidden fields carry."""
    hidden = {name: html.unescape(value) for name, value in HIDDEN.findall(page)}
    return browser.post(NEW, {**hidden, **typed, "do": do})


def drafted(browser: Browser, source: str, *, text: dict[str, str] | None = None, **pace: str) -> str:
    """A draft made step by step; gives its address."""
    page = browser.get(NEW).text
    page = step(browser, page, "to.text", name="Autumn", source=f"s.{source}", goal="replied", location="").text
    text = text or {"a_kind": "template", "a_template": "recall/invite"}
    page = step(browser, page, "to.pace", **text).text
    answer = step(browser, page, "make", **pace)
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def start(desk: Desk) -> dict[str, str]:
    """What the button that starts the one campaign sends."""
    return {"do": "start", "version": str(desk.row(Campaign).version)}


def changed(browser: Browser, at: str, *, page: str | None = None, pace: dict[str, str], **who: str) -> Any:
    """A draft changed step by step, as its form stands."""
    page = page or browser.get(f"{at}/edit").text
    for do, typed in (("to.text", {**fields(page), **who}), ("to.pace", {})):
        page = edited(browser, at, page, do, **typed).text
    return edited(browser, at, page, "make", **{**fields(page), **pace})


def fields(page: str) -> dict[str, str]:
    """What stands in the fields of a step: text, chosen options and radio buttons."""
    found = dict(re.findall(r'<input id="([^"]+)" name="[^"]+" type="[^"]+" value="([^"]*)"', page))
    for name, options in re.findall(r'<select id="[^"]+" name="([^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        found[name] = (re.findall(r'<option value="([^"]*)" selected>', options) or [""])[0]
    found |= dict(re.findall(r'<input type="radio" name="([^"]+)" value="([^"]+)" checked>', page))
    found |= dict(re.findall(r'<textarea id="[^"]+" name="([^"]+)"[^>]*>([^<]*)</textarea>', page))
    return {name: html.unescape(value) for name, value in found.items()}


def edited(browser: Browser, at: str, page: str, do: str, **typed: str) -> Any:
    hidden = {name: html.unescape(value) for name, value in HIDDEN.findall(page)}
    return browser.post(f"{at}/edit", {**hidden, **fields(page), **typed, "do": do})
