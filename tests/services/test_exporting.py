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


def test_a_low_mark_for_a_visit_brings_a_person(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    chat.start("P1", "survey_scale")
    chat.text("P1", "2")
    assert chat.escalations() == [("routine", "complaint")]
