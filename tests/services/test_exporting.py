"""Findings leave as FHIR R4, with LOINC codes, oldest first, and the export stands in the audit trail."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from bot.services.exporting import findings
from bot.store.tables import AuditEntry
from tests.transcripts.chat import Chat


def test_a_phq2_leaves_as_observations_and_one_questionnaire(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    chat.open("phq2", "P1")
    for text in ("1", "2", "1"):
        chat.pass_time(timedelta(minutes=1))
        chat.text("P1", text)
    found = list(findings(chat.clinic, since=None, actor="cli", now=chat.now))
    observed = {
        one["code"]["coding"][0]["code"]: one["valueInteger"] for one in found if one["resourceType"] == "Observation"
    }
    assert observed == {"44250-9": 2, "44255-8": 1, "55758-7": 3}
    (response,) = [one for one in found if one["resourceType"] == "QuestionnaireResponse"]
    assert [item["answer"][0]["valueInteger"] for item in response["item"]] == [2, 1]
    assert all(one["subject"] == {"reference": "Patient/P1"} for one in found)
    assert chat.escalations() == [("urgent", "survey-alert")]
    assert chat.loop("phq2", "P1").data.get("first") == "", "no mark stays where it is not sealed"
    with chat.clinic.database.read() as connection:
        assert "findings.export" in set(connection.execute(select(AuditEntry.action)).scalars())
    later = chat.now + timedelta(minutes=1)
    assert not list(findings(chat.clinic, since=later, actor="cli", now=later))


def test_readings_leave_with_their_codes_and_units(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    for kind, text in (("pressure", "128/82"), ("glucose", "105"), ("temperature", "37.2"), ("weight", "74 kg")):
        chat.open("readings", "P1", kind)
        chat.pass_time(timedelta(days=3))  # More than three texts a week are too many.
        chat.text("P1", text)
    found = {
        one["code"]["coding"][0]["code"]: one
        for one in findings(chat.clinic, since=None, actor="cli", now=chat.now)
    }
    panel = found["85354-9"]
    assert [
        (part["code"]["coding"][0]["code"], part["valueQuantity"]["value"], part["valueQuantity"]["code"])
        for part in panel["component"]
    ] == [("8480-6", 128.0, "mm[Hg]"), ("8462-4", 82.0, "mm[Hg]")]
    assert panel["category"][0]["coding"][0]["code"] == "vital-signs"
    told = {code: one.get("valueQuantity", {}) for code, one in found.items()}
    assert (told["41653-7"]["value"], told["41653-7"]["code"]) == (105.0, "mg/dL")
    assert (told["8310-5"]["value"], told["8310-5"]["code"]) == (37.2, "Cel")
    assert (told["29463-7"]["value"], told["29463-7"]["code"]) == (74.0, "kg")


def test_a_reading_that_is_an_emergency_is_kept_and_in_front_of_a_person(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    chat.open("readings", "P1", "pressure")
    chat.pass_time(timedelta(days=1))
    (reply,) = chat.text("P1", "215/130")
    assert "911" in reply
    assert chat.loop("readings", "P1").step == "with_nurse"
    assert chat.escalations() == [("emergency", "emergency")]
    (kept,) = findings(chat.clinic, since=None, actor="cli", now=chat.now)
    assert [part["valueQuantity"]["value"] for part in kept["component"]] == [215.0, 130.0]


def test_a_low_mark_for_a_visit_brings_a_person(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    chat.start("P1", "survey_scale")
    chat.text("P1", "2")
    assert chat.escalations() == [("routine", "complaint")]
