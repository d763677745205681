"""Search: by name, number and text; bounded, honest about how far it looked, and kept to one's places."""

from __future__ import annotations

import base64
import io
import re
import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import delete, select

from bot.core.rows import Kind
from bot.services import rotate, search
from bot.services.clinic import Clinic
from bot.services.importing.run import run_import
from bot.store.tables import AuditEntry, NameWord, Patient, User
from bot.store.vault import Vault
from tests.web.console.desk import Browser, Desk

Sit = Callable[[str], Browser]
FOUND = re.compile(r'<li><a href="/console/patients/([^"]+)">')


def bring(desk: Desk, *rows: str) -> None:
    file = "patient_id,given_name,family_name,birth_date,phone,consent\n" + "".join(f"{row}\n" for row in rows)
    stream = io.BytesIO(file.encode())
    run_import(desk.clinic, Kind.PATIENTS, stream, file_name="p.csv", actor="test", dry_run=False)


def found(desk: Desk, asked: str, **options: Any) -> list[str]:
    with desk.clinic.database.read() as connection:
        return [one.patient_id for one in search.find_people(desk.clinic, connection, asked, **options).found]


@pytest.fixture
def four(desk: Desk) -> Desk:
    bring(
        desk,
        "A1,Rosa,Delgado,1961-04-17,6015550110,yes",
        "A2,Rosalind,Delacroix,1950-01-02,6015550111,yes",
        "A3,José,Núñez,1990-05-06,6015550112,yes",
        "A4,Ann,O'Brien-Smith,1988-03-03,6015550113,yes",
    )
    return desk


def test_beginnings_of_words_in_any_order_find_somebody(four: Desk) -> None:
    assert found(four, "del ros") == ["A1", "A2"]
    assert found(four, "Delgado, Rosa") == ["A1"]
    assert found(four, "nunez") == ["A3"]
    assert found(four, "smith obr") == ["A4"]
    assert found(four, "delf") == []
    # The whole word comes before the beginning of another.
    assert found(four, "rosa") == ["A1", "A2"]


@pytest.mark.parametrize("asked", ["(601) 555-0112", "601.555.0112", "+1 601 555 0112", "A3"])
def test_numbers_find_somebody_however_they_are_written(four: Desk, asked: str) -> None:
    assert found(four, asked) == ["A3"]


def test_a_new_name_replaces_the_old_one(four: Desk) -> None:
    bring(four, "A1,Rosa,Marín,1961-04-17,6015550110,yes")
    assert found(four, "delgado") == []
    assert found(four, "marin") == ["A1"]


def test_under_a_merged_record_the_one_that_stays_is_found(four: Desk) -> None:
    four.change(Patient, Patient.patient_id == "A2", replaced_by="A1")
    with four.clinic.database.read() as connection:
        [one] = search.find_people(four.clinic, connection, "delacroix").found
    assert (one.patient_id, one.once) == ("A1", "Rosalind Delacroix")


def test_who_came_before_there_was_an_index_is_made_findable_once(four: Desk) -> None:
    with four.clinic.database.begin() as connection:
        connection.execute(delete(NameWord))
    assert found(four, "delgado") == []
    assert sum(mended for _, mended in rotate.index_names(four.clinic, batch=3)) == 4
    assert sum(mended for _, mended in rotate.index_names(four.clinic, batch=3)) == 0
    assert found(four, "delgado") == ["A1"]
    with four.clinic.database.read() as connection:
        stored = " ".join(connection.execute(select(NameWord.word_index)).scalars())
    assert "del" not in stored


def test_names_are_found_before_during_and_after_a_key_is_rotated(four: Desk) -> None:
    old = [key.get_secret_value() for key in four.clinic.settings.data_keys]
    fresh = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    both, after = (replace(four.clinic, vault=Vault(keys)) for keys in ([fresh, *old], [fresh]))

    def named(clinic: Clinic) -> list[str]:
        with clinic.database.read() as connection:
            return [one.patient_id for one in search.find_people(clinic, connection, "del ros").found]

    assert named(both) == ["A1", "A2"]
    list(rotate.rotate(both, batch=3))
    assert named(both) == named(after) == ["A1", "A2"]


def test_a_name_elsewhere_is_not_found_from_here(desk: Desk) -> None:
    rosa = desk.patient(10, "Rosa", "Delgado")
    desk.visit(1, rosa)
    list(rotate.index_names(desk.clinic))
    assert found(desk, "delgado", locations=("Main St",)) == [rosa]
    for asked in ("delgado", rosa, "601 555 0110"):
        assert found(desk, asked, locations=("Elm St",)) == []


def test_more_than_can_be_shown_is_said(desk: Desk) -> None:
    bring(desk, *(f"B{n:02},Rosa,Dorn{n:02},1961-04-17,60155501{n:02},yes" for n in range(search.SHOWN + 3)))
    with desk.clinic.database.read() as connection:
        people = search.find_people(desk.clinic, connection, "ros dor")
    assert (len(people.found), people.more) == (search.SHOWN, True)


def test_words_of_a_message_lead_to_it(desk: Desk, browser_of: Sit) -> None:
    desk.patient(10, "Rosa", "Delgado")
    talk = desk.text(10, "Is the garáge open on Thursday?")
    desk.text(10, "thanks")
    browser = browser_of("Ana Ruiz")
    page = browser.post("/console/search", {"q": "THURSDAY garage"}).text
    assert "the <mark>garáge</mark> open on <mark>Thursday</mark>" in page
    [link] = re.findall(rf'href="(/console/conversations/{talk}\?[^"]+)"', page)
    assert "garáge" in browser.get(link.replace("&amp;", "&")).text
    assert "There are no older ones." in page
    assert "No message among these has it." in browser.post("/console/search", {"q": "tuesday"}).text
    with desk.clinic.database.read() as connection:
        entries = connection.execute(select(AuditEntry).where(AuditEntry.action.like("%.search"))).all()
    assert len(entries) == 4
    # Counts only: neither a name nor what was said.
    assert all(set(row.detail) <= {"count", "looked"} for row in entries)


def test_older_messages_are_looked_through_when_asked_for(desk: Desk) -> None:
    desk.patient(10, "Rosa", "Delgado")
    desk.text(10, "about the parking lot")
    for _ in range(4):
        desk.text(10, "hello?")
    before, looks = None, 0
    with desk.clinic.database.read() as connection:
        while True:
            texts = search.find_texts(desk.clinic, connection, "parking", before=before, limit=3)
            looks += 1
            if texts.hits:
                break
            assert texts.looked == 3
            before = texts.before
    assert looks > 1
    assert texts.hits[0].marks == ["parking"]


def test_messages_of_other_places_are_not_searched(desk: Desk, browser_of: Sit) -> None:
    rosa = desk.patient(10, "Rosa", "Delgado")
    desk.visit(1, rosa)
    desk.text(10, "where is the parking lot")
    desk.text(44, "a stranger about the parking lot")
    browser = browser_of("Ana Ruiz")
    desk.change(User, User.name == "Ana Ruiz", locations=["Elm St"])
    page = browser.post("/console/search", {"q": "parking"}).text
    assert "stranger" in page
    assert "where is" not in page


def test_the_only_one_found_is_opened_at_once(four: Desk, browser_of: Sit) -> None:
    browser = browser_of("Ana Ruiz")
    assert browser.post("/console/find", {"q": "nunez"}).headers["Location"] == "/console/patients/A3"
    assert FOUND.findall(browser.post("/console/find", {"q": "del ros"}).text) == ["A1", "A2"]
    assert "Nobody found." in browser.post("/console/find", {"q": "xenia"}).text


def test_an_excerpt_stands_around_the_words(desk: Desk) -> None:
    body = "x" * 300 + " straße nach Köln " + "y" * 300
    excerpt, marks = search.excerpt_of(body, ["strasse", "koln"])
    assert marks == ["straße", "Köln"]
    assert "straße nach Köln" in excerpt
    assert len(excerpt) < 160
