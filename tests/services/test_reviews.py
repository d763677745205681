"""Approvals: who stands behind a text, and how an edit of the source or of the text voids it by itself."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.content.messages import Messages
from bot.content.paths import data_root
from bot.content.samples import plain
from bot.services import reviews
from bot.services.places import Known
from bot.services.reviews import Standing
from bot.services.setting import Fault
from bot.store.tables import AuditEntry, Message, Review
from tests.services.sending import Scene
from tests.services.test_pause import last_reply
from tests.web.console.desk import Desk

KEY = "appointment/booked"
FORM = {"reviewer": "Lucía Ortega", "qualification": "Certified medical translator", "on": "2026-11-20"}


@pytest.fixture
def desk(scene: Scene, tmp_path: Path) -> Desk:
    """A clinic with texts of its own, which a test may edit."""
    for folder in ("templates/messages/appointment", "locales/en", "locales/es"):
        shutil.copytree(data_root() / folder, tmp_path / folder)
    return Desk(replace(scene.clinic, texts=Messages.load(tmp_path)))


def edited(desk: Desk, folder: Path, file: str, old: str, new: str) -> None:
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    desk.clinic = replace(desk.clinic, texts=Messages.load(folder))


def approve(desk: Desk, **more: str) -> Mapping[str, Fault] | None:
    form = {**FORM, "seen": reviews.seen(desk.clinic.texts, KEY, "es"), **more}
    return reviews.approve(desk.clinic, form, key=KEY, language="es", actor_id="sam", now=desk.now)


def standing(desk: Desk, key: str = KEY) -> Standing:
    with desk.clinic.database.read() as connection:
        return reviews.standings(desk.clinic.texts, connection, "es")[key]


def test_an_approval_counts_and_is_audited(desk: Desk) -> None:
    assert standing(desk) is Standing.DRAFT
    assert approve(desk) is None
    assert standing(desk) is Standing.APPROVED
    assert desk.row(Review).at == datetime(2026, 11, 20, 18, tzinfo=UTC)
    detail = desk.row(AuditEntry, AuditEntry.action == "text.approve").detail
    assert (detail["reviewer"], detail["language"], detail["on"]) == ("Lucía Ortega", "es", "2026-11-20")
    with desk.clinic.database.read() as connection:
        [tally] = reviews.tallies(desk.clinic, connection)
        assert reviews.across(desk.clinic.texts, connection, KEY)["en"] is Standing.SOURCE
    assert (tally.language, tally.approved, tally.missing, tally.is_approved) == ("es", 1, 0, False)


def unapproved(desk: Desk, *sent: tuple[str, str]) -> frozenset[tuple[str, str]]:
    with desk.clinic.database.read() as connection:
        return reviews.unapproved(desk.clinic.texts, connection, sent)


def test_what_is_to_go_out_is_marked_until_it_is_approved(desk: Desk) -> None:
    sent = ((KEY, "es"), (KEY, "en"), ("staff", "es"))
    assert unapproved(desk, *sent) == {(KEY, "es")}
    approve(desk)
    assert unapproved(desk, *sent) == frozenset()


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("templates/messages/appointment/booked.txt", "you have a visit", "you have got a visit"),
        ("locales/es/LC_MESSAGES/messages.po", "tiene cita", "tiene una cita"),
        ("locales/es/language.toml", '"lun"', '"lunes"'),
    ],
)
def test_an_edit_voids_it(file: str, old: str, new: str, desk: Desk, tmp_path: Path) -> None:
    approve(desk)
    edited(desk, tmp_path, file, old, new)
    # A source that says something new has no translation until there is one.
    assert standing(desk) is (Standing.MISSING if file.endswith(".txt") else Standing.CHANGED)
    edited(desk, tmp_path, file, new, old)
    assert standing(desk) is Standing.APPROVED


def test_a_comment_of_the_template_voids_nothing(desk: Desk, tmp_path: Path) -> None:
    approve(desk)
    edited(desk, tmp_path, "templates/messages/appointment/booked.txt", "{# ", "{# Reworded: ")
    assert standing(desk) is Standing.APPROVED


def test_what_was_read_is_what_is_approved(desk: Desk, tmp_path: Path) -> None:
    seen = reviews.seen(desk.clinic.texts, KEY, "es")
    edited(desk, tmp_path, "locales/es/LC_MESSAGES/messages.po", "tiene cita", "tiene una cita")
    with pytest.raises(reviews.Moved):
        approve(desk, seen=seen)
    assert standing(desk) is Standing.DRAFT


def test_a_text_that_is_not_translated_in_full_has_nothing_to_approve(desk: Desk, tmp_path: Path) -> None:
    edited(desk, tmp_path, "templates/messages/appointment/booked.txt", "you have a visit", "you have got a visit")
    assert desk.clinic.texts.sent_in(KEY, "es") == "en"
    with pytest.raises(LookupError):
        approve(desk)
    with pytest.raises(LookupError):
        reviews.approve(
            desk.clinic, {**FORM, "seen": reviews.seen(desk.clinic.texts, KEY, "en")}, key=KEY, language="en",
            actor_id="sam", now=desk.now,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ({"reviewer": " "}, {"reviewer": Fault.MISSING}),
        ({"qualification": ""}, {"qualification": Fault.MISSING}),
        ({"on": "2026-11-24"}, {"on": Fault.DATE}),
        ({"on": ""}, {"on": Fault.MISSING}),
    ],
)
def test_an_approval_says_who_with_what_right_and_when(
    wrong: dict[str, str], fault: dict[str, Fault], desk: Desk
) -> None:
    assert approve(desk, **wrong) == fault
    assert standing(desk) is Standing.DRAFT


def test_withdrawn_is_withdrawn_and_stays_in_the_history(desk: Desk) -> None:
    approve(desk)
    approve(desk, reviewer="Omar Diaz")
    assert reviews.withdraw(desk.clinic, key=KEY, language="es", actor_id="sam", now=desk.now)
    assert not reviews.withdraw(desk.clinic, key=KEY, language="es", actor_id="sam", now=desk.now)
    assert standing(desk) is Standing.DRAFT
    with desk.clinic.database.read() as connection:
        rows = reviews.queries.history(connection, KEY, "es")
    assert {row.reviewer for row in rows} == {"Lucía Ortega", "Omar Diaz"}
    assert all(row.withdrawn_at for row in rows)


def test_a_language_that_its_file_says_is_reviewed_is_approved(desk: Desk, tmp_path: Path) -> None:
    edited(desk, tmp_path, "locales/es/language.toml", "reviewed = false", "reviewed = true")
    assert standing(desk) is Standing.APPROVED


@pytest.fixture
def careful(desk: Desk) -> Desk:
    """A clinic that sends no translation that nobody has approved."""
    settings = desk.clinic.settings.model_copy(update={"draft_translations": "english"})
    desk.clinic = replace(desk.clinic, settings=settings, known=Known())
    return desk


def said(desk: Desk, key: str, language: str = "es-MX") -> str:
    return reviews.render(desk.clinic, key, language=language, values={**plain()}).language


def test_drafts_are_sent_unless_the_clinic_says_otherwise(desk: Desk) -> None:
    assert said(desk, KEY) == "es"


def test_a_careful_clinic_sends_english_until_somebody_approves(careful: Desk, tmp_path: Path) -> None:
    assert said(careful, KEY) == "en"
    approve(careful)
    assert said(careful, KEY) == "es"
    assert said(careful, "appointment/moved") == "en"
    edited(careful, tmp_path, "locales/es/LC_MESSAGES/messages.po", "tiene cita", "tiene una cita")
    assert said(careful, KEY) == "en"
    with careful.clinic.database.read() as connection:
        [tally] = reviews.tallies(careful.clinic, connection)
    assert tally.in_english == tally.total


def test_a_reply_to_danger_is_never_held_back(scene: Scene) -> None:
    settings = scene.clinic.settings.model_copy(update={"draft_translations": "english"})
    desk = Desk(replace(scene.clinic, settings=settings, known=Known()))
    desk.patient(10, "Rosa", "Delgado", language="es")
    desk.text(10, "me duele el pecho y no puedo respirar")
    assert "911" in last_reply(desk)
    assert desk.row(Message, Message.direction == "outbound").language == "es"
    desk.patient(11, "Ana", "Ruiz", language="es")
    desk.text(11, "dónde me estaciono?")
    assert {row.language for row in sent(desk)} == {"es", "en"}
    safe = [key for key in scene.clinic.texts.keys() if key.startswith(reviews.SAFETY)]  # noqa: SIM118
    assert len(safe) == 8


def sent(desk: Desk) -> list[Any]:
    with desk.clinic.database.read() as connection:
        return list(connection.execute(select(Message.language).where(Message.direction == "outbound")))
