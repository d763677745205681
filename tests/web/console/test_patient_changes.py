"""What staff change on the patient's page: programs, language, status, phones; and what they cannot overturn."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from bot.core.messages import MessageStatus
from bot.core.people import ConsentBasis, ConsentStatus, NumberStatus, PatientStatus
from bot.services import consent
from bot.services.plan import plan_due
from bot.store.tables import (
    AuditEntry,
    ConsentEntry,
    ContactPoint,
    Message,
    Patient,
    PatientContact,
)
from tests.web.console.desk import Desk
from tests.web.console.patient_pages import EVIDENCE, PAGE, SQLITE, Sit, ahead_of, story_of


def texts(desk: Desk) -> list[Any]:
    with desk.clinic.database.read() as connection:
        return list(connection.execute(select(Message.__table__).order_by(Message.id)).all())


def in_ledger(desk: Desk, patient_id: str, status: ConsentStatus, basis: ConsentBasis) -> None:
    with desk.clinic.database.begin() as connection:
        consent.record(
            connection, contact_point_id=None, patient_id=patient_id, status=status, basis=basis, actor="patient",
            at=desk.now, vault=desk.clinic.vault,
        )  # fmt: skip


def test_stopping_a_program_leaves_the_rest(desk: Desk, rosa: str, browser_of: Sit) -> None:
    browser = browser_of("Ana Ruiz")
    answer = browser.post(f"{PAGE}/consent", {"change": "stop", "program": "survey", "evidence": EVIDENCE})
    assert answer.status_code == 303
    page = browser.get(PAGE).text
    assert "Surveys: stopped." in page
    assert "Surveys: stopped as told to staff · <bdi>Ana Ruiz</bdi>" in page
    assert desk.row(PatientContact).consent is ConsentStatus.OPTED_IN
    assert "first reminder" in ahead_of(page).lower()
    assert browser.post(f"{PAGE}/consent", {"change": "stop", "program": "x", "evidence": EVIDENCE}).status_code == 400
    short = browser.post(f"{PAGE}/consent", {"change": "stop", "program": "survey", "evidence": "no"})
    assert short.status_code == 422
    assert "Say how you know" in short.text
    browser.post(f"{PAGE}/consent", {"change": "restart", "program": "survey", "evidence": "form of today"})
    assert "Not wanted" not in browser.get(PAGE).text


def test_a_language_that_staff_set_is_staffs(desk: Desk, rosa: str, browser_of: Sit) -> None:
    browser = browser_of("Ana Ruiz")
    assert browser.post(f"{PAGE}/language", {"language": "es"}).status_code == 303
    row = desk.row(Patient)
    assert (row.language, row.language_basis) == ("es", ConsentBasis.STAFF)
    assert "Spanish" in browser.get(PAGE).text
    # What was written down in the old language and waits is written anew.
    assert {row.status for row in texts(desk)} == {MessageStatus.DROPPED}
    plan_due(desk.clinic, at=desk.now)
    assert [(row.status, row.language) for row in texts(desk)][-1] == (MessageStatus.PLANNED, "es")
    assert texts(desk)[0].decision_reason == "language-changed"
    assert browser.post(f"{PAGE}/language", {"language": "xx"}).status_code == 422
    assert browser.post("/console/patients/none/language", {"language": "es"}).status_code == 404


@pytest.mark.parametrize("status", ["wrong-number", "deceased"])
@SQLITE
def test_a_status_can_be_taken_back_and_opts_nobody_in(status: str, desk: Desk, rosa: str, browser_of: Sit) -> None:
    browser = browser_of("Ana Ruiz")
    in_ledger(desk, rosa, ConsentStatus.OPTED_OUT, ConsentBasis.PATIENT)
    assert browser.post(f"{PAGE}/status", {"status": status, "was": "active"}).status_code == 303
    assert desk.row(Patient).status == status
    stale = browser.post(f"{PAGE}/status", {"status": "deceased", "was": "active"})
    assert stale.status_code == 409
    assert "Somebody has changed this meanwhile." in stale.text
    browser.post(f"{PAGE}/status", {"status": "active", "was": status})
    assert desk.row(Patient).status is PatientStatus.ACTIVE
    assert desk.row(PatientContact).consent is ConsentStatus.OPTED_OUT
    told = story_of(browser.get(PAGE).text)
    assert "Status: Active → " in told
    assert " → Active · Ana Ruiz" in told
    assert browser.post(f"{PAGE}/status", {"status": "inactive", "was": "active"}).status_code == 400
    assert browser.post(f"{PAGE}/status", {"status": "x", "was": "active"}).status_code == 400


def new(**form: str) -> dict[str, str]:
    return {"phone": "601-555-0177", "relation": "caregiver", "scope": "logistics", "rank": "2", **form}


def test_a_caregivers_phone_is_added_with_consent(desk: Desk, rosa: str, browser_of: Sit) -> None:
    browser = browser_of("Ana Ruiz")
    assert browser.post(f"{PAGE}/contacts", new(agreed="staff", evidence=EVIDENCE)).status_code == 303
    row = desk.row(PatientContact, PatientContact.relation == "caregiver")
    assert (row.consent, row.consent_basis, row.scope, row.rank) == ("opted-in", "staff", "logistics", 2)
    page = browser.get(PAGE).text
    assert "(601) 555-0177" in page
    assert "Phone added: Caregiver, Times and places only · Ana Ruiz" in page
    for form, words in (
        (new(), "This phone is on the record already."),
        (new(phone="12"), "That is no phone number"),
        (new(phone="601-555-0178", agreed="form", evidence="x"), "Say how you know"),
    ):
        refused = browser.post(f"{PAGE}/contacts", form)
        assert refused.status_code == 422
        assert words in refused.text
    for form in (new(relation="x"), new(scope="x"), new(rank="0"), new(rank="x"), new(agreed="import")):
        assert browser.post(f"{PAGE}/contacts", form).status_code == 400
    assert len(desk.clinic.vault.indexes("+16015550178")) == 1
    with desk.clinic.database.read() as connection:
        assert len(connection.execute(select(ContactPoint.id)).all()) == 2


def test_a_new_phone_overturns_no_opt_out(desk: Desk, rosa: str, browser_of: Sit) -> None:
    browser = browser_of("Ana Ruiz")
    in_ledger(desk, rosa, ConsentStatus.OPTED_OUT, ConsentBasis.PATIENT)
    browser.post(f"{PAGE}/contacts", new(agreed="staff", evidence=EVIDENCE))
    row = desk.row(PatientContact, PatientContact.relation == "caregiver")
    assert (row.consent, row.consent_basis) == (ConsentStatus.OPTED_OUT, ConsentBasis.PATIENT)
    page = browser.get(PAGE).text
    assert "Texts stay stopped there" in page
    assert "carried over to another phone" in page


def test_a_phone_taken_up_again_knows_of_the_stop_meanwhile(desk: Desk, rosa: str, browser_of: Sit) -> None:
    browser = browser_of("Ana Ruiz")
    browser.post(f"{PAGE}/contacts", new(agreed="staff", evidence=EVIDENCE))
    added = desk.row(PatientContact, PatientContact.relation == "caregiver").contact_point_id
    where = f"{PAGE}/contacts/{added}"
    changed = {"relation": "spouse", "scope": "nothing", "rank": "3"}
    assert browser.post(where, changed).status_code == 303
    assert browser.post(f"{where}/link", {"change": "end"}).status_code == 303
    row = desk.row(PatientContact, PatientContact.contact_point_id == added)
    assert (row.relation, row.scope, row.rank, row.active) == ("spouse", "nothing", 3, False)
    in_ledger(desk, rosa, ConsentStatus.OPTED_OUT, ConsentBasis.PATIENT)
    assert "Off the record" in browser.get(PAGE).text
    browser.post(f"{where}/link", {"change": "renew"})
    row = desk.row(PatientContact, PatientContact.contact_point_id == added)
    assert (row.active, row.consent) == (True, ConsentStatus.OPTED_OUT)
    assert browser.post(f"{where}/link", {"change": "x"}).status_code == 400
    for path in ("contacts/none", "contacts/none/link", "contacts/none/safety"):
        form = changed | {"change": "end" if path.endswith("link") else "safe"}
        assert browser.post(f"{PAGE}/{path}", form).status_code == 404


def test_an_unsafe_number_gets_nothing_until_it_is_safe(desk: Desk, rosa: str, browser_of: Sit) -> None:
    browser = browser_of("Ana Ruiz")
    where = f"{PAGE}/contacts/phone-10/safety"
    assert browser.post(where, {"change": "unsafe"}).status_code == 303
    assert desk.row(ContactPoint).status is NumberStatus.UNSAFE
    page = browser.get(PAGE).text
    assert "Not safe to text" in page
    assert "Number marked as not safe to text" in story_of(page)
    browser.post(where, {"change": "safe"})
    assert desk.row(ContactPoint).status is NumberStatus.ACTIVE
    assert browser.post(where, {"change": "x"}).status_code == 400


def test_the_ledger_is_only_added_to(desk: Desk, rosa: str, browser_of: Sit) -> None:
    def lines() -> list[Any]:
        with desk.clinic.database.read() as connection:
            return list(connection.execute(select(ConsentEntry.__table__).order_by(ConsentEntry.id)).all())

    before, browser = lines(), browser_of("Ana Ruiz")
    browser.post(f"{PAGE}/consent", {"change": "stop", "program": "all", "evidence": EVIDENCE})
    browser.post(f"{PAGE}/consent", {"change": "restart", "program": "all", "evidence": "form of today"})
    after = lines()
    assert after[: len(before)] == before
    assert len(after) == len(before) + 2


def test_a_page_that_refuses_is_a_view_too(desk: Desk, rosa: str, browser_of: Sit) -> None:
    refused = browser_of("Ana Ruiz").post(f"{PAGE}/consent", {"change": "stop", "evidence": ""})
    assert refused.status_code == 422
    assert desk.row(AuditEntry, AuditEntry.action == "patient.view").object_id == rosa
