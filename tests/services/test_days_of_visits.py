"""The day of a visit: the link to join by, how to check in, and "I am here"."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from bot.core.rows import Kind
from bot.services.setting import locations
from bot.store.tables import Appointment, AppointmentChange, Location
from tests.transcripts.chat import Chat

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""Most of it is our own arithmetic; where the database matters, both are asked."""
CHICAGO = ZoneInfo("America/Chicago")
FRIDAY_10 = datetime(2026, 11, 27, 10, 0, tzinfo=CHICAGO)
LINK = "https://video.example/j/8123?pwd=aB"
PARKING = {"en": "Park behind the house.", "es": "Estacione detrás de la casa."}


def book(chat: Chat, at: datetime = FRIDAY_10, link: str = "", visit: str = "A1", patient: str = "P1") -> None:
    header = "appointment_id,patient_id,starts_at,timezone,location,status,telehealth_url"
    row = (visit, patient, at.isoformat(), "America/Chicago", "" if link else "Main St", "booked", link)
    chat._import(Kind.APPOINTMENTS, header, row)


def set_up(chat: Chat, *, check_in: bool, **more: str) -> None:
    form = {"name": "Main St", "text_name": "Main St", "timezone": "America/Chicago", **more}
    form |= {f"directions_{tag}": words for tag, words in PARKING.items()}
    if check_in:
        form["check_in"] = "yes"
    with chat.clinic.database.read() as connection:
        known = connection.execute(select(Location.id)).scalar_one_or_none()
    assert locations.save(chat.clinic, form, location_id=known, actor_id="u1", now=chat.now) is None


def kinds(chat: Chat) -> list[str]:
    return [sent.kind.removeprefix("appointment/") for sent in chat.sent]


def arrived(chat: Chat, visit: str = "A1") -> datetime | None:
    with chat.clinic.database.read() as connection:
        query = select(Appointment.arrived_at).where(Appointment.appointment_id == visit)
        return connection.execute(query).scalar_one()


# --- by video


@SQLITE
def test_the_link_stands_where_the_place_would_and_comes_again_shortly_before(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    book(chat, FRIDAY_10 + timedelta(days=3), LINK)
    chat.until(FRIDAY_10 + timedelta(days=3))
    assert kinds(chat) == ["booked", "reminder_first", "reminder_last", "video"]
    told = {kind: text.body for kind, text in zip(kinds(chat), chat.sent, strict=True)}
    assert LINK not in told["reminder_first"]
    for kind in ("booked", "reminder_last", "video"):
        assert told[kind].endswith(f"Join here: {LINK}"), "nothing after it that a phone might take into the link"
        assert "Place" not in told[kind]
    assert chat.sent[-1].at.astimezone(CHICAGO).hour == 9


@SQLITE
def test_a_yes_is_answered_with_the_link(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    book(chat, chat.now + timedelta(hours=20), LINK)
    chat.work()
    (answer,) = chat.text("P1", "yes")
    assert LINK in answer


def test_a_new_link_takes_the_place_of_the_old_one_also_in_a_text_that_waits(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    chat.now = datetime(2026, 11, 26, 20, 30, tzinfo=CHICAGO)
    book(chat, FRIDAY_10, LINK)
    chat.work()
    assert not chat.sent, "it is night: the reminder waits"
    book(chat, FRIDAY_10, LINK + "NEW")
    chat.until(FRIDAY_10)
    assert LINK + "NEW" in chat.sent[0].body
    assert len([kind for kind in kinds(chat) if kind == "reminder_last"]) == 1


@SQLITE
def test_without_a_link_nothing_is_other_than_before(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    book(chat)
    chat.until(FRIDAY_10)
    assert kinds(chat) == ["booked", "reminder_first", "reminder_last"]
    assert not any("Join" in sent.body for sent in chat.sent)


# --- how to check in


@SQLITE
def test_where_a_place_has_it_on_whoever_has_not_said_no_is_told_how_to_check_in(chat: Chat) -> None:
    set_up(chat, check_in=True)
    chat.patient("P1", "Maria")
    chat.patient("P2", "Luisa", "es")
    chat.patient("P3", "Ivan", "ru")
    for number in (1, 2, 3):
        book(chat, visit=f"A{number}", patient=f"P{number}")
    chat.until(FRIDAY_10 - timedelta(hours=2))
    chat.text("P1", "1")
    chat.until(FRIDAY_10)
    told = {sent.phone: sent.body for sent in chat.sent if sent.kind == "appointment/arrival"}
    assert "Park behind the house." in told[chat.phones["P1"]]
    assert "Reply ARRIVED when you are here." in told[chat.phones["P1"]]
    assert "Estacione detrás" in told[chat.phones["P2"]]
    assert "Responda LLEGUÉ" in told[chat.phones["P2"]]
    assert "НА МЕСТЕ" in told[chat.phones["P3"]]
    assert "Park" not in told[chat.phones["P3"]], "nobody has written it in Russian"


@SQLITE
def test_off_means_the_note_to_those_who_confirmed_as_ever(chat: Chat) -> None:
    set_up(chat, check_in=False)
    chat.patient("P1", "Maria")
    book(chat)
    chat.until(FRIDAY_10 - timedelta(hours=20))
    chat.text("P1", "1")
    chat.until(FRIDAY_10)
    assert kinds(chat)[-1] == "same_day"
    assert "ARRIVED" not in chat.sent[-1].body


@SQLITE
def test_the_switch_holds_for_visits_planned_before_it(chat: Chat) -> None:
    set_up(chat, check_in=True)
    chat.patient("P1", "Maria")
    book(chat)
    chat.until(FRIDAY_10 - timedelta(hours=20))
    set_up(chat, check_in=False)
    chat.until(FRIDAY_10)
    assert "arrival" not in kinds(chat)
    assert "same_day" not in kinds(chat), "nobody has confirmed"


def test_a_visit_23_hours_ahead_has_one_reminder_and_no_two_texts_come_at_once(chat: Chat) -> None:
    set_up(chat, check_in=True)
    chat.patient("P1", "Maria")
    book(chat, chat.now + timedelta(hours=23))
    chat.work()
    assert kinds(chat) == ["reminder_last"]
    chat.patient("P2", "Ana")
    soon = chat.now + timedelta(minutes=75)
    book(chat, soon, visit="A2", patient="P2")
    chat.work()
    chat.until(soon)
    assert [sent.kind for sent in chat.sent if sent.phone == chat.phones["P2"]] == ["appointment/reminder_last"]


# --- "I am here"


@SQLITE
@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "ARRIVED"), ("en", "we're here in the parking lot!"), ("es", "Ya llegué"), ("ru", "на месте")],
)
def test_who_writes_that_they_are_there_is_told_to_the_front_desk(chat: Chat, language: str, words: str) -> None:
    set_up(chat, check_in=True)
    chat.patient("P1", "Maria", language)
    book(chat)
    chat.until(FRIDAY_10 - timedelta(minutes=20))
    (answer,) = chat.text("P1", words)
    assert answer
    assert chat.escalations() == [("urgent", "arrived")]
    assert arrived(chat) == chat.now
    assert chat.responses()["A1"] == "accepted", "who is there, comes"
    if language == "en":
        assert answer == "Thank you. We have told the front desk that you are here."
    before = arrived(chat)
    chat.now += timedelta(minutes=15)
    chat.text("P1", words)
    assert arrived(chat) == before, "the first word counts"
    assert chat.escalations() == [("urgent", "arrived")]
    with chat.clinic.database.read() as connection:
        fields = connection.execute(select(AppointmentChange.field)).scalars().all()
    assert sorted(fields) == ["arrived_at", "response"]


@SQLITE
@pytest.mark.parametrize(
    "words", ["almost there", "not here yet", "when I'm here where do I go", "on my way", "here is my card"]
)
def test_who_is_not_there_yet_is_not_taken_for_it(chat: Chat, words: str) -> None:
    chat.patient("P1", "Maria")
    book(chat, chat.now + timedelta(hours=1))
    chat.work()
    chat.text("P1", words)
    assert arrived(chat) is None


@SQLITE
@pytest.mark.parametrize(("language", "words"), [("zh-Hans", "还没到"), ("en", "not yet")])
def test_not_there_yet_is_no_refusal(chat: Chat, language: str, words: str) -> None:
    chat.patient("P1", "Wei", language)
    book(chat, chat.now + timedelta(minutes=90))
    chat.work()
    chat.text("P1", words)
    assert chat.responses()["A1"] == "needs-action"
    assert chat.escalations() == [("urgent", "running-late")]


@SQLITE
def test_the_day_before_here_is_no_arrival(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    book(chat, chat.now + timedelta(hours=23))
    chat.work()
    chat.text("P1", "I'm here")
    assert arrived(chat) is None
    assert ("urgent", "running-late") in chat.escalations(), "as ever: a person reads it"


def test_what_is_said_beside_it_is_not_lost(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    book(chat, chat.now + timedelta(minutes=30))
    chat.work()
    chat.text("P1", "I'm here. Which floor is it?")
    assert arrived(chat) is not None
    assert {reason for _priority, reason in chat.escalations()} == {"arrived", "question"}


@SQLITE
def test_the_first_visit_of_two_is_meant_and_both_where_they_follow_at_once(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    for visit, minutes in (("A1", 20), ("A2", 50), ("A3", 115)):
        book(chat, chat.now + timedelta(minutes=minutes), visit=visit)
    chat.work()
    chat.text("P1", "just arrived")
    assert [arrived(chat, visit) is not None for visit in ("A1", "A2", "A3")] == [True, True, False]


@SQLITE
def test_danger_goes_first(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    book(chat, chat.now + timedelta(minutes=30))
    chat.text("P1", "im in the parking lot and i cant breathe")
    assert chat.escalations()[0] == ("emergency", "emergency")
    assert arrived(chat) is None


@SQLITE
def test_after_stop_it_is_recorded_and_nothing_is_said(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    book(chat, chat.now + timedelta(minutes=30))
    chat.text("P1", "STOP")
    assert chat.text("P1", "I'm here") == []
    assert arrived(chat) is not None
    assert ("urgent", "arrived") in chat.escalations()


@SQLITE
def test_who_said_no_and_came_is_for_the_desk_to_find_out(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    book(chat, chat.now + timedelta(minutes=30))
    with chat.clinic.database.begin() as connection:
        connection.execute(update(Appointment).values(response="declined", responded_at=chat.now))
    chat.text("P1", "arrived")
    assert chat.responses()["A1"] == "declined"
    assert ("urgent", "arrived") in chat.escalations()


@SQLITE
def test_by_video_the_link_comes_along(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    book(chat, chat.now + timedelta(minutes=15), LINK)
    (answer,) = chat.text("P1", "I'm here")
    assert answer.startswith("Thank you. We have told staff that you are ready")
    assert LINK in answer
