"""A time that comes free: offered in waves, taken by exactly one, and every other one told kindly."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from bot.core.rows import Kind
from bot.services.receive import Inbound, receive
from bot.services.waitlist import DAILY, Freed, offer, put_on_offer
from bot.store.tables import Enrollment, Slot, Waiting
from tests.transcripts.chat import Chat

CHICAGO = ZoneInfo("America/Chicago")
MONDAY_2 = datetime(2026, 11, 30, 14, 0, tzinfo=CHICAGO)


def waiting(chat: Chat, count: int, *, priority: str = "routine", first: int = 0) -> list[str]:
    """So many patients on the list, each with a visit in three weeks, the first of them waiting longest."""
    ids = []
    for number in range(first, first + count):
        patient_id = f"W{number}"
        chat.patient(patient_id, f"Name{number}", phone=f"+1601555{number + 110:04d}")
        chat.visit(f"A{number}", patient_id, datetime(2026, 12, 14, 10, 0, tzinfo=CHICAGO) + timedelta(minutes=number))
        with chat.clinic.database.begin() as connection:
            connection.execute(
                Waiting.__table__.insert().values(
                    waitlist_id=f"L{number}",
                    patient_id=patient_id,
                    service="eyes",
                    location="",
                    priority=priority,
                    since=chat.now - timedelta(days=100 - number),
                    appointment_id=f"A{number}",
                    active=True,
                    created_at=chat.now,
                    updated_at=chat.now,
                )
            )
        ids.append(patient_id)
    # They were told of their visits yesterday: two texts in one day the gate would not have.
    chat.work()
    chat.now += timedelta(days=1)
    return ids


def free(chat: Chat, at: datetime = MONDAY_2) -> str:
    slot_id = put_on_offer(
        chat.clinic, Freed(starts_at=at, timezone=str(chat.zone), service="eyes"), actor="staff", now=chat.now
    )
    assert slot_id is not None
    return slot_id


def offered(chat: Chat) -> list[str]:
    with chat.clinic.database.read() as connection:
        return list(
            connection.execute(
                select(Enrollment.patient_id)
                .where(Enrollment.journey == "waitlist")
                .order_by(Enrollment.created_at, Enrollment.id)
            ).scalars()
        )


def slot(chat: Chat, slot_id: str) -> Slot:
    with chat.clinic.database.read() as connection:
        return connection.execute(select(Slot.__table__).where(Slot.id == slot_id)).one()  # type: ignore[return-value]


def test_waves_go_by_priority_and_then_by_how_long_somebody_has_waited(chat: Chat) -> None:
    waiting(chat, 2, priority="urgent", first=5)
    waiting(chat, 5)
    free(chat)
    chat.work()
    assert offered(chat) == ["W5", "W6", "W0", "W1"]
    chat.pass_time(timedelta(minutes=31))
    assert offered(chat)[4:] == ["W2", "W3", "W4"]


def test_the_first_yes_has_it_and_the_others_are_told(chat: Chat) -> None:
    waiting(chat, 3)
    slot_id = free(chat)
    chat.work()
    (said,) = chat.text("W1", "yes")
    assert "We are holding Mon Nov 30 at 2:00 PM for you." in said
    assert slot(chat, slot_id).taken_by == chat.loop("waitlist", "W1").id
    before = len(chat.sent)
    chat.work()
    told = {sent.phone for sent in chat.sent[before:] if sent.kind == "waitlist/gone"}
    assert told == {chat.phones["W0"], chat.phones["W2"]}
    assert chat.text("W0", "1") == [], "their yes and the news crossed: once is enough"
    chat.now += timedelta(minutes=20)
    (late,) = chat.text("W2", "1")
    assert "has just been taken" in late
    assert chat.loop("waitlist", "W0").outcome == "gone"
    assert ("urgent", "booking") in chat.escalations()


def test_whoever_answers_before_the_news_goes_out_hears_it_once(chat: Chat) -> None:
    waiting(chat, 2)
    free(chat)
    chat.work()
    chat.text("W0", "yes")
    offer(chat.clinic, chat.now)
    (late,) = chat.text("W1", "yes")
    assert "has just been taken" in late
    before = len(chat.sent)
    chat.work()
    assert [sent.kind for sent in chat.sent[before:] if sent.phone == chat.phones["W1"]] == []


def test_a_wound_told_of_with_a_yes_that_comes_too_late_is_as_urgent_as_ever(chat: Chat) -> None:
    waiting(chat, 3)
    free(chat)
    chat.work()
    chat.text("W0", "yes")
    (late,) = chat.text("W1", "Yes please. My wound is red and oozing")
    assert "has just been taken" in late
    assert "We are holding" not in late
    chat.work()
    (crossed,) = chat.text("W2", "Yes please. My wound is red and oozing")
    assert "has just been taken" not in crossed
    assert chat.escalations().count(("urgent", "symptom")) == 2
    assert chat.escalations().count(("urgent", "booking")) == 1, "of the one who has it"


def test_whoever_has_no_visit_is_told_of_none(chat: Chat) -> None:
    waiting(chat, 4)
    with chat.clinic.database.begin() as connection:
        connection.execute(Waiting.__table__.update().where(Waiting.patient_id != "W3").values(appointment_id=None))
    before = len(chat.sent)
    free(chat)
    chat.work()
    offers = {sent.phone: sent.body for sent in chat.sent[before:]}
    assert "Reply 1 for yes, 2 for no." in offers[chat.phones["W0"]]
    assert "keep your visit" in offers[chat.phones["W3"]]
    assert chat.text("W2", "no") == ["OK."]
    (unclear,) = chat.text("W1", "purple")
    (won,) = chat.text("W0", "yes")
    (gone,) = chat.text("W1", "yes")
    assert not any("visit" in said for said in (unclear, won, gone))
    (lost,) = chat.text("W3", "yes")
    assert "Your visit stays as it is." in lost


def test_no_other_text_of_the_day_costs_the_patient_the_offer(chat: Chat) -> None:
    """The time is given to somebody else within the hour; and the offer takes nothing else's place."""
    waiting(chat, 1, priority="urgent")
    chat.visit("A90", "W0", datetime(2026, 12, 21, 10, 0, tzinfo=CHICAGO))
    chat.work()
    free(chat)
    chat.work()
    chat.visit("A91", "W0", datetime(2026, 12, 22, 10, 0, tzinfo=CHICAGO))
    chat.until(chat.now + timedelta(days=1))
    assert [sent.kind for sent in chat.sent[-3:]] == ["appointment/booked", "waitlist/offer", "appointment/booked"]


def test_the_old_visit_goes_only_after_the_new_one_is_booked(chat: Chat) -> None:
    waiting(chat, 1)
    slot_id = free(chat)
    chat.work()
    chat.text("W0", "1")
    assert chat.responses() == {"A0": "needs-action"}
    assert ("routine", "booking") not in chat.escalations()
    chat.report(chat.loop("waitlist", "W0").id, "booked")
    assert slot(chat, slot_id).status == "busy"
    assert chat.loop("waitlist", "W0").outcome == "booked"
    with chat.clinic.database.read() as connection:
        assert connection.execute(select(Waiting.active)).scalar_one() is False


def test_a_no_after_the_yes_frees_it_for_the_next(chat: Chat) -> None:
    waiting(chat, 5)
    slot_id = free(chat)
    chat.work()
    chat.text("W0", "yes")
    chat.text("W0", "no sorry i cant after all")
    assert slot(chat, slot_id).status == "free"
    chat.work()
    assert offered(chat)[4:] == ["W4"]


def test_nobody_is_asked_at_night_or_too_late_or_too_often(chat: Chat) -> None:
    waiting(chat, 1)
    chat.now = datetime(2026, 11, 24, 21, 0, tzinfo=CHICAGO)
    soon = free(chat, datetime(2026, 11, 25, 9, 0, tzinfo=CHICAGO))
    for number in range(DAILY + 1):
        free(chat, MONDAY_2 + timedelta(minutes=number))
    chat.work()
    assert offered(chat) == []
    chat.until(datetime(2026, 11, 25, 19, 0, tzinfo=CHICAGO))
    assert slot(chat, soon).status == "busy-unavailable"
    assert len(offered(chat)) == DAILY


def test_a_visit_called_off_in_the_chart_is_offered_once(chat: Chat) -> None:
    waiting(chat, 1)
    chat.patient("P9", "Zoe", phone="+16015550198")
    header = "appointment_id,patient_id,starts_at,timezone,service,status"
    for status in ("booked", "cancelled"):
        chat._import(
            Kind.APPOINTMENTS,
            header,
            ("A9", "P9", "2026-11-30T14:00", str(chat.zone), "eyes", status),
        )
        chat.work()
        chat.work()
    assert offered(chat) == ["W0"]


@pytest.mark.slow
def test_fifty_yeses_at_once_have_one_winner(chat: Chat) -> None:
    """Done when 4: fifty concurrent yeses for one time; exactly one wins, and every other one gets a kind answer."""
    everybody = waiting(chat, 50)
    slot_id = free(chat)
    for _wave in range(14):
        chat.work()
        chat.now += timedelta(minutes=31)
    chat.work()
    assert len(offered(chat)) == 50
    chat.clinic.set_up()

    def says_yes(number: int) -> list[str]:
        inbound = Inbound(message_sid=f"SMrace{number:028d}", sender=chat.phones[everybody[number]], body="YES")
        return [text.body for text in receive(chat.clinic, inbound, chat.now).texts]

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(says_yes, range(50)))
    assert all(len(answer) == 1 for answer in answers), "everybody is answered, once"
    won = [answer for (answer,) in answers if "We are holding" in answer]
    gone = [answer for (answer,) in answers if "has just been taken" in answer]
    assert (len(won), len(gone)) == (1, 49)
    with chat.clinic.database.read() as connection:
        ends = connection.execute(select(Enrollment.outcome).where(Enrollment.journey == "waitlist")).scalars().all()
    assert sorted(str(end) for end in ends) == ["None"] + ["gone"] * 49
    assert slot(chat, slot_id).status == "busy-tentative"
