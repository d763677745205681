"""What holds sending back: an account or sender refused, texts that are not delivered, a carrier's cap."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.messages import MessageStatus, Origin
from bot.core.outreach import Lane
from bot.core.people import ConsentStatus
from bot.core.provider import Refused
from bot.core.sending import Brake
from bot.services import brakes
from bot.services.settle import settle
from bot.store.tables import Brake as BrakeRow
from bot.store.tables import ContactPoint
from tests.services.sending import NOON, Scene

PACIFIC_MIDNIGHT = datetime(2026, 11, 24, 8, tzinfo=UTC)
AUTH = Refused(20003, 401)


def troubles(scene: Scene) -> list[tuple[Brake, int | None]]:
    return [(trouble.kind, trouble.code) for trouble in brakes.troubles(scene.clinic, scene.now)]


def many(scene: Scene, count: int = 20) -> list[str]:
    for number in range(1, count + 1):
        scene.patient(number)
    return [scene.text(number) for number in range(1, count + 1)]


def undelivered(scene: Scene, message: str, code: int) -> None:
    row = scene.message(message)
    sid = row.twilio_sid
    assert settle(scene.clinic, message_id=message, sid=sid, status="undelivered", error_code=code, now=scene.now)


@pytest.mark.parametrize(
    "answer", [AUTH, Refused(21606, 400), Refused(30034, 400), Refused(None, 404), Refused(None, 407)]
)
def test_refused_as_a_whole_nothing_is_lost_and_it_is_tried_by_one_at_a_time(scene: Scene, answer: Refused) -> None:
    many(scene)
    scene.carrier.answer = lambda _text: answer
    scene.carrier.seconds = 0.2  # as long as a call takes: what refuses at once is through before anybody knows
    scene.deliver(in_flight=4)
    scene.carrier.seconds = 0.0
    burst = len(scene.carrier.sent)
    assert burst < 20  # what was under way when it became known
    assert scene.deliver().refused == 0
    for tries in range(1, 11):
        scene.now += timedelta(seconds=31)
        assert scene.deliver().refused == 1
        assert len(scene.carrier.sent) == burst + tries
    assert troubles(scene) == [(Brake.REFUSED, answer.code)]
    (trouble,) = brakes.troubles(scene.clinic, scene.now)
    assert trouble.since == NOON
    scene.carrier.answer = None
    scene.now += timedelta(seconds=31)
    assert scene.deliver().sent == 20
    assert troubles(scene) == []
    assert scene.escalations() == []


def test_tries_that_nobody_looked_at_use_up_none(scene: Scene) -> None:
    scene.patient()
    message = scene.text()
    scene.carrier.answer = lambda _text: Refused(None, 0)
    for _try in range(45):
        scene.deliver()
        scene.now += timedelta(minutes=8)
    row = scene.message(message)
    assert (row.attempts, row.knocks, row.status) == (0, 45, MessageStatus.PLANNED)
    scene.carrier.answer = None
    assert scene.deliver().sent == 1


def test_a_coordinators_words_that_find_no_connection_are_brought_back_after_two_hours(scene: Scene) -> None:
    scene.patient()
    message = scene.text(origin=Origin.STAFF, kind="staff", lane=None, expires_at=None)
    scene.carrier.answer = lambda _text: Refused(None, 0)
    for _try in range(42):
        scene.deliver()
        scene.now += timedelta(minutes=8)
    assert scene.status(message) is MessageStatus.FAILED
    assert scene.escalations() == [("delivery-failure", "urgent")]


@pytest.mark.parametrize("code", [30023, 30025, 30026, 30027])
def test_a_daily_cap_holds_what_can_wait_until_midnight_pacific(scene: Scene, code: int) -> None:
    sent = many(scene, 1)[0]
    for number in (2, 3, 4, 5):
        scene.patient(number)
    scene.deliver()
    undelivered(scene, sent, code)
    reminder = scene.text(2, body="reminder", expires_at=NOON + timedelta(days=3))
    same_day = scene.text(3, body="same day", lane=Lane.SAME_DAY)
    reply = scene.text(4, body="reply", lane=None, origin=Origin.REPLY)
    safety = scene.text(5, body="safety", lane=None, origin=Origin.SAFETY)
    scene.deliver()
    assert {scene.status(message) for message in (same_day, reply, safety)} == {MessageStatus.QUEUED}
    assert scene.status(reminder) is MessageStatus.PLANNED
    assert [t.until for t in brakes.troubles(scene.clinic, scene.now)] == [PACIFIC_MIDNIGHT]
    scene.now = PACIFIC_MIDNIGHT - timedelta(seconds=1)
    assert scene.deliver().sent == 0
    # Then it is two o'clock at the clinic: the quiet hours hold it until eight, and the one that met the cap too.
    scene.now = PACIFIC_MIDNIGHT
    assert scene.deliver().held == 2
    scene.now = datetime(2026, 11, 24, 14, tzinfo=UTC)
    scene.deliver()
    assert scene.status(reminder) is MessageStatus.QUEUED
    assert troubles(scene) == []


def test_a_same_day_note_that_met_the_cap_is_tried_once_more_soon(scene: Scene) -> None:
    scene.patient()
    note = scene.text(lane=Lane.SAME_DAY, kind="appointment/same_day")
    scene.deliver()
    undelivered(scene, note, 30027)
    scene.now = NOON + timedelta(minutes=15)
    assert scene.deliver().sent == 1


def test_too_fast_for_the_registration_is_a_pause(scene: Scene) -> None:
    sent = many(scene, 1)[0]
    scene.deliver()
    undelivered(scene, sent, 30022)
    assert [t.until for t in brakes.troubles(scene.clinic, scene.now)] == [NOON + timedelta(minutes=15)]


@pytest.mark.parametrize("code", [30002, 30032, 30033, 30034, 30035])
def test_what_is_taken_and_never_delivered_stops_everything_for_a_while(scene: Scene, code: int) -> None:
    sent = many(scene, 3)[0]
    scene.patient(9)
    scene.deliver()
    undelivered(scene, sent, code)
    scene.text(9, body="reply", lane=None, origin=Origin.REPLY)
    assert scene.deliver().sent == 0
    assert troubles(scene) == [(Brake.FAILING, code)]
    scene.now = NOON + timedelta(minutes=15)
    assert scene.deliver().sent == 2  # the reply, and the text that failed once more
    assert scene.escalations() == []


def test_a_brake_of_a_clock_that_was_set_back_holds_nobody(scene: Scene) -> None:
    sent = many(scene, 1)[0]
    scene.deliver()
    undelivered(scene, sent, 30027)
    scene.now = NOON - timedelta(days=30)
    assert troubles(scene) == []
    scene.patient(2)
    scene.text(2)
    assert scene.deliver().sent == 1
    with scene.clinic.database.begin() as connection:
        brakes.slower(connection, 30022, scene.now)
    assert scene.count(BrakeRow, BrakeRow.until == scene.now + timedelta(minutes=15)) == 1


@pytest.mark.parametrize(("sender", "consent"), [("+18005550100", "opted-out"), ("+16015550199", "unknown")])
def test_blocked_on_a_toll_free_sender_is_a_stop(scene: Scene, sender: str, consent: str) -> None:
    scene.clinic.settings.twilio_phone_number = sender
    sent = many(scene, 1)[0]
    scene.deliver()
    undelivered(scene, sent, 30004)
    assert scene.count(ContactPoint, ContactPoint.consent == ConsentStatus(consent)) == 1
    assert scene.escalations() == ([] if consent == "opted-out" else [("delivery-failure", "routine")])
