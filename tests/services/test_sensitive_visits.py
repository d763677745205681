"""A visit that is nobody's business but the patient's: what proxies and family phones read of it, and what not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, select, update

from bot.core.people import ConsentStatus, Relation, Scope
from bot.core.preparation import Preparing, Protocol
from bot.core.rows import Kind
from bot.store.tables import Escalation, Message, Patient, PatientContact, Touch
from tests.transcripts.chat import Chat

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""Most of it is our own arithmetic; where the database matters, both are asked."""
CHICAGO = ZoneInfo("America/Chicago")
FRIDAY_10 = datetime(2026, 11, 27, 10, 0, tzinfo=CHICAGO)
TEEN, GROWN, SMALL = "2011-03-05", "1990-03-05", "2019-03-05"


def book(
    chat: Chat,
    service: str = "Behavioral health",
    at: datetime = FRIDAY_10,
    visit: str = "A1",
    patient: str = "P1",
    status: str = "booked",
) -> None:
    header = "appointment_id,patient_id,starts_at,timezone,service,status"
    chat._import(Kind.APPOINTMENTS, header, (visit, patient, at.isoformat(), "America/Chicago", service, status))


def person(
    chat: Chat, patient_id: str, name: str, born: str, phone: str | None = None, relation: Relation = Relation.SELF
) -> None:
    chat.patient(patient_id, name, phone=phone)
    sealed = chat.clinic.vault.seal("patients.birth_date", patient_id, born)
    with chat.clinic.database.begin() as connection:
        connection.execute(update(Patient).where(Patient.patient_id == patient_id).values(birth_date=sealed))
        links = update(PatientContact).where(PatientContact.patient_id == patient_id)
        connection.execute(links.values(relation=relation))


def also_on(chat: Chat, patient_id: str, of: str, rank: int = 2) -> None:
    """The patient is reached on the phone of that other one, too."""
    with chat.clinic.database.begin() as connection:
        point = select(PatientContact.contact_point_id).where(PatientContact.patient_id == of)
        row = {
            "patient_id": patient_id, "contact_point_id": connection.execute(point).scalar_one(), "rank": rank,
            "relation": Relation.SELF, "scope": Scope.ALL, "active": True, "consent": ConsentStatus.OPTED_IN,
            "created_at": chat.now,
        }  # fmt: skip
        connection.execute(insert(PatientContact).values(**row))


def kinds(chat: Chat) -> list[str]:
    return [sent.kind.removeprefix("appointment/") for sent in chat.sent]


def reasons(chat: Chat) -> set[str]:
    with chat.clinic.database.read() as connection:
        return {row for row in connection.execute(select(Touch.reason)).scalars() if row is not None}


@SQLITE
@pytest.mark.parametrize("relation", [Relation.PARENT, Relation.SPOUSE, Relation.CAREGIVER])
def test_a_proxy_reads_no_more_than_a_wish_for_a_call(chat: Chat, relation: Relation) -> None:
    person(chat, "P1", "Luis", TEEN, relation=relation)
    book(chat)
    chat.until(FRIDAY_10)
    assert kinds(chat) == ["discreet"]
    assert chat.sent[0].body == "Willow Clinic: Luis, please call us. Call 601-555-0100. STOP to end texts."
    assert "sensitive-visit" in reasons(chat)


def cases(chat: Chat) -> list[tuple[str, str | None]]:
    with chat.clinic.database.read() as connection:
        rows = connection.execute(select(Escalation.suggestion, Escalation.appointment_id)).all()
    return [(row.suggestion or "", row.appointment_id) for row in rows]


def test_that_it_is_off_is_for_somebody_to_tell(chat: Chat) -> None:
    person(chat, "P1", "Luis", TEEN, relation=Relation.PARENT)
    book(chat)
    chat.until(FRIDAY_10 - timedelta(hours=20))
    assert (kinds(chat), cases(chat)) == (["discreet"], [])
    book(chat, status="cancelled")
    chat.pass_time(timedelta(hours=2))
    assert kinds(chat) == ["discreet"]
    assert cases(chat) == [("tell-discreetly", "A1")]


@SQLITE
def test_how_to_prepare_and_that_it_is_off_are_one_case(chat: Chat) -> None:
    step = Preparing("fasting", days=1, at=time(9, 0))
    signed = Protocol("labs", frozenset({"prenatal labs"}), (step,), "Dr. Example", date(2026, 11, 1))
    chat.clinic = replace(chat.clinic, protocols=(signed,))
    person(chat, "P1", "Luis", TEEN, relation=Relation.PARENT)
    book(chat, "Prenatal labs")
    chat.until(FRIDAY_10 - timedelta(hours=20))
    assert cases(chat) == [("tell-discreetly", "A1")]
    book(chat, "Prenatal labs", status="cancelled")
    chat.pass_time(timedelta(hours=2))
    assert kinds(chat) == ["discreet"]
    assert cases(chat) == [("tell-discreetly", "A1")]


@SQLITE
def test_that_it_is_off_is_told_where_it_may_be(chat: Chat) -> None:
    person(chat, "P1", "Ana", GROWN)
    book(chat)
    chat.until(FRIDAY_10 - timedelta(hours=20))
    book(chat, status="cancelled")
    chat.pass_time(timedelta(hours=2))
    assert kinds(chat)[-1] == "cancelled"
    assert cases(chat) == []


@SQLITE
def test_other_visits_of_the_same_patient_are_told_as_ever(chat: Chat) -> None:
    person(chat, "P1", "Luis", TEEN, relation=Relation.PARENT)
    book(chat, "Checkup")
    chat.until(FRIDAY_10)
    assert kinds(chat) == ["booked", "reminder_first", "reminder_last"]


def test_the_scope_for_it_opens_it(chat: Chat) -> None:
    person(chat, "P1", "Luis", TEEN, relation=Relation.PARENT)
    with chat.clinic.database.begin() as connection:
        connection.execute(update(PatientContact).values(scope=Scope.CONFIDENTIAL))
    book(chat)
    chat.until(FRIDAY_10)
    assert "reminder_last" in kinds(chat)


@SQLITE
@pytest.mark.parametrize(("born", "told"), [(SMALL, "reminder_last"), (TEEN, "discreet"), (GROWN, "discreet")])
def test_parents_speak_for_a_small_child_only(chat: Chat, born: str, told: str) -> None:
    person(chat, "P1", "Luis", born, relation=Relation.PARENT)
    book(chat)
    chat.until(FRIDAY_10)
    assert kinds(chat)[-1] == told


@SQLITE
def test_the_own_phone_is_taken_though_another_comes_first(chat: Chat) -> None:
    person(chat, "P1", "Luis", TEEN, relation=Relation.PARENT)
    person(chat, "P9", "Nobody", GROWN)
    also_on(chat, "P1", "P9")
    with chat.clinic.database.begin() as connection:
        connection.execute(update(PatientContact).where(PatientContact.patient_id == "P9").values(active=False))
    book(chat)
    chat.until(FRIDAY_10)
    book(chat, "Checkup", FRIDAY_10 + timedelta(days=4), "A2")
    chat.until(FRIDAY_10 + timedelta(days=4))
    told = {(sent.phone, sent.kind) for sent in chat.sent}
    assert (chat.phones["P9"], "appointment/reminder_last") in told
    assert (chat.phones["P1"], "appointment/reminder_first") in told, "the checkup, on the phone tried first"
    assert (chat.phones["P1"], "appointment/discreet") not in told


@SQLITE
def test_on_a_familys_phone_it_stands_in_no_text_for_all(chat: Chat) -> None:
    person(chat, "P1", "Ana", GROWN)
    person(chat, "P2", "Jose", GROWN, phone=chat.phones["P1"])
    book(chat, "Prenatal")
    book(chat, "Checkup", FRIDAY_10 + timedelta(hours=1), "A2", "P2")
    chat.until(FRIDAY_10)
    last = [sent for sent in chat.sent if sent.at.astimezone(CHICAGO).date() == date(2026, 11, 26)]
    assert sorted(sent.kind for sent in last) == ["appointment/discreet", "appointment/reminder_last"]
    assert not any("10:00" in sent.body for sent in chat.sent)


@SQLITE
def test_a_mother_alone_with_her_children_on_the_phone_is_told(chat: Chat) -> None:
    person(chat, "P1", "Ana", GROWN)
    person(chat, "P2", "Luis", SMALL, phone=chat.phones["P1"])
    book(chat, "Prenatal")
    chat.until(FRIDAY_10)
    assert "reminder_last" in kinds(chat)


@SQLITE
def test_a_word_after_it_that_names_no_visit_is_kept_too(chat: Chat) -> None:
    person(chat, "P1", "Luis", TEEN, relation=Relation.PARENT)
    book(chat, at=chat.now - timedelta(hours=3), status="fulfilled")
    book(chat, "Checkup", chat.now - timedelta(hours=2), "A2", status="fulfilled")
    for visit in ("A1", "A2"):
        chat.open("feedback", "P1", subject_id=visit)
    chat.pass_time(timedelta(days=2))
    with chat.clinic.database.read() as connection:
        dropped = connection.execute(select(Message.decision_reason).where(Message.kind.like("%/%"))).scalars().all()
    assert "sensitive-visit" in dropped
    assert len(chat.sent) == 1, "of the checkup one may ask"


@SQLITE
def test_a_text_from_the_proxy_gets_nothing_out_of_the_bot(chat: Chat) -> None:
    person(chat, "P1", "Luis", TEEN, relation=Relation.PARENT)
    book(chat)
    chat.until(FRIDAY_10 - timedelta(hours=20))
    for words in ("yes", "no, he can't come", "can we get another time", "I'm here", "when is his visit?"):
        said = " ".join(chat.text("P1", words))
        assert "Nov" not in said
        assert "10:00" not in said
    assert chat.responses() == {"A1": "needs-action"}
    assert chat.escalations(), "a person reads it"


def test_the_gate_keeps_it_whoever_wrote_the_text(chat: Chat) -> None:
    person(chat, "P1", "Luis", TEEN, relation=Relation.PARENT)
    book(chat)
    assert chat.start("P1", "appointment_reminder", "A1") == "drop"
    with chat.clinic.database.read() as connection:
        assert connection.execute(select(Message.decision_reason)).scalar_one() == "sensitive-visit"


def test_a_missed_one_is_called_about_and_not_texted(chat: Chat) -> None:
    person(chat, "P1", "Luis", TEEN, relation=Relation.PARENT)
    book(chat, at=chat.now - timedelta(hours=1), status="noshow")
    chat.pass_time(timedelta(hours=4))
    assert not chat.sent
    assert chat.loop("no_show", "P1").step == "call-discreetly"


@SQLITE
def test_lessons_on_a_pregnancy_are_kept_from_such_a_phone_and_a_person_is_told_once(chat: Chat) -> None:
    chat.sign()
    person(chat, "P1", "Ana", GROWN, relation=Relation.SPOUSE)
    for kind in ("prenatal", "flu"):
        chat.open("series", "P1", kind=kind, subject_id=f"P1:{kind}")
    chat.pass_time(timedelta(days=16))
    assert {sent.kind.partition("_")[0] for sent in chat.sent} == {"education/flu"}
    assert "sensitive-visit" in reasons(chat)
    assert chat.escalations() == [("routine", "delivery-failure")]
    with chat.clinic.database.begin() as connection:
        connection.execute(update(Escalation).values(status="resolved", resolved_at=chat.now))
    chat.pass_time(timedelta(days=8))
    assert not chat.escalations()
    with chat.clinic.database.read() as connection:
        kept = connection.execute(select(Message.id).where(Message.decision_reason == "sensitive-visit")).all()
    assert len(kept) > 2, "there were lessons after that"


@SQLITE
def test_lessons_on_a_pregnancy_go_to_the_mothers_own_phone(chat: Chat) -> None:
    chat.sign()
    person(chat, "P1", "Ana", GROWN)
    chat.open("series", "P1", kind="prenatal", subject_id="P1:prenatal")
    chat.pass_time(timedelta(days=2))
    assert len(chat.sent) == 1


@SQLITE
def test_a_recall_after_birth_is_with_a_person_at_once(chat: Chat) -> None:
    person(chat, "P1", "Ana", GROWN, relation=Relation.SPOUSE)
    chat.open("recall", "P1", kind="postpartum")
    chat.pass_time(timedelta(hours=26))
    assert not chat.sent
    assert chat.loop("recall", "P1").step == "with_person"
    assert chat.escalations() == [("routine", "silence")]
