"""Sending what is due: exactly once, in order of urgency, and not to whom it must not go."""

from __future__ import annotations

import asyncio
import threading
import time
from datetime import timedelta

import pytest
from sqlalchemy import insert

from bot.core.journey import QuestionState
from bot.core.messages import MessageStatus, Origin
from bot.core.outreach import Lane
from bot.core.people import ConsentStatus, NumberStatus
from bot.core.provider import Accepted, OutgoingText, ProviderAnswer, Refused, Unknown
from bot.services.consent import ConsentBasis, record
from bot.store.tables import ConsentEntry, ContactPoint, Conversation, Message, Question
from tests.services.sending import NOON, Scene


def test_a_due_text_goes_out_once_and_is_the_providers_then(scene: Scene) -> None:
    scene.patient()
    message = scene.text()
    assert scene.deliver().sent == 1
    assert scene.deliver().sent == 0
    (sent,) = scene.carrier.sent
    assert sent.to == "+16015550101"
    assert sent.body == "You have a visit tomorrow."
    assert sent.status_callback.endswith(f"/webhooks/twilio/status?id={message}")
    # Until the quiet hours begin, eight hours from now.
    assert sent.validity_seconds == 8 * 3600
    row = scene.message(message)
    assert (row.status, row.twilio_sid, row.attempts) == (MessageStatus.QUEUED, scene.carrier.holds[0].sid, 1)
    assert (row.decision, row.decision_reason, row.sent_at) == ("send", "ok", NOON)
    assert scene.decisions(message) == [("send", "ok")]
    assert scene.count(Conversation, Conversation.version == 1) == 1


def test_what_is_not_due_yet_waits(scene: Scene) -> None:
    scene.patient()
    message = scene.text(due_at=NOON + timedelta(minutes=1))
    assert scene.deliver().sent == 0
    scene.now = NOON + timedelta(minutes=1)
    assert scene.deliver().sent == 1
    assert scene.status(message) is MessageStatus.QUEUED


def test_its_question_opens_when_it_has_gone_and_not_before(scene: Scene) -> None:
    scene.patient()
    message = scene.text()
    with scene.clinic.database.begin() as connection:
        connection.execute(
            insert(Question).values(
                id="q",
                conversation_id="talk-1",
                message_id=message,
                journey="appointment",
                step="asked",
                context="appointment_reminder",
                state=QuestionState.PREPARED,
                asked_at=NOON - timedelta(days=1),
                expires_at=NOON + timedelta(days=1),
            )
        )
    scene.carrier.answer = lambda _text: Refused(20429, 429)
    scene.deliver()
    assert scene.count(Question, Question.state == QuestionState.PREPARED) == 1
    scene.carrier.answer, scene.now = None, NOON + timedelta(minutes=1)
    scene.deliver()
    assert scene.count(Question, (Question.state == QuestionState.OPEN) & (Question.asked_at == scene.now)) == 1


def test_the_gate_is_asked_at_the_moment_of_sending(scene: Scene) -> None:
    scene.patient()
    dropped = scene.text()
    scene.set(ContactPoint, ContactPoint.id == "phone-1", consent=ConsentStatus.OPTED_OUT)
    delivered = scene.deliver()
    assert (delivered.sent, delivered.dropped) == (0, 1)
    assert scene.status(dropped) is MessageStatus.DROPPED
    assert scene.decisions(dropped) == [("drop", "number-opted-out")]
    assert scene.carrier.sent == []


def test_a_held_text_is_due_when_its_hold_ends_and_the_reason_is_written_once(scene: Scene) -> None:
    scene.patient()
    message = scene.text(expires_at=NOON + timedelta(hours=30))
    scene.set(Conversation, Conversation.id == "talk-1", held_by="somebody")
    for _look in range(3):
        assert scene.deliver().held == 1
        scene.now += timedelta(minutes=15)
    assert scene.decisions(message) == [("hold", "held-by-a-person")]
    scene.set(Conversation, Conversation.id == "talk-1", held_by=None)
    assert scene.deliver().sent == 1
    assert scene.decisions(message) == [("hold", "held-by-a-person"), ("send", "ok")]


def test_two_due_to_one_patient_are_one_today(scene: Scene) -> None:
    scene.patient()
    both = [scene.text(body=body, expires_at=NOON + timedelta(days=3)) for body in ("one", "two")]
    delivered = scene.deliver()
    assert (delivered.sent, delivered.held) == (1, 1)
    assert scene.decisions(both[1]) == [("hold", "budget-day")]
    scene.now = NOON + timedelta(hours=20)
    assert scene.deliver().sent == 1


def test_a_thousand_go_once_each_through_two_dispatchers(scene: Scene) -> None:
    for number in range(1, 41):
        scene.patient(number)
        for part in range(5):
            scene.text(number, body=f"{number}.{part}", budget_exempt=True)
    totals: list[int] = []
    runs = [threading.Thread(target=lambda: totals.append(scene.deliver(batch=20).sent)) for _ in range(2)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert sum(totals) == 200
    assert len({text.message_id for text in scene.carrier.sent}) == len(scene.carrier.sent) == 200


def test_urgent_ones_go_first(scene: Scene) -> None:
    for number in (1, 2, 3):
        scene.patient(number)
    scene.text(1, body="bulk", lane=Lane.BULK)
    scene.text(2, body="reply", lane=None, origin=Origin.REPLY)
    scene.text(3, body="safety", lane=None, origin=Origin.SAFETY)
    scene.deliver(in_flight=1)
    assert [text.body for text in scene.carrier.sent] == ["safety", "reply", "bulk"]


def test_a_safety_reply_does_not_wait_behind_bulk_for_the_rate(scene: Scene) -> None:
    for number in range(1, 12):
        scene.patient(number)
    for number in range(1, 11):
        scene.text(number, body="bulk", lane=Lane.BULK)
    scene.clinic.settings.send_rate = 4
    stop = threading.Event()
    run = threading.Thread(target=lambda: scene.deliver(rate=4, stop=stop.is_set))
    run.start()
    time.sleep(0.4)
    scene.text(11, body="safety", lane=None, origin=Origin.SAFETY)
    asked = time.monotonic()
    while "safety" not in [text.body for text in scene.carrier.sent]:
        assert time.monotonic() - asked < 1.5
        time.sleep(0.02)
    assert len(scene.carrier.sent) < 10
    stop.set()
    run.join()


def test_a_stop_that_comes_after_the_claim_stops_it(scene: Scene) -> None:
    for number in range(1, 8):
        scene.patient(number)
    ids = [scene.text(number, body=f"to {number}") for number in range(1, 8)]
    scene.clinic.settings.send_rate = 4
    run = threading.Thread(target=lambda: scene.deliver(rate=4))
    run.start()
    while not scene.carrier.sent:
        time.sleep(0.01)
    claimed = scene.count(Message, Message.status == MessageStatus.CLAIMED)
    with scene.clinic.database.begin() as connection:
        record(
            connection,
            contact_point_id="phone-7",
            patient_id=None,
            status=ConsentStatus.OPTED_OUT,
            basis=ConsentBasis.PATIENT,
            actor="patient",
            at=NOON,
            vault=scene.clinic.vault,
        )
    run.join()
    assert claimed > 1
    assert scene.status(ids[6]) is MessageStatus.DROPPED
    assert scene.message(ids[6]).decision_reason == "number-opted-out"
    assert sorted(text.body for text in scene.carrier.sent) == [f"to {number}" for number in range(1, 7)]


def test_when_told_to_stop_it_gives_back_what_it_has_claimed(scene: Scene) -> None:
    for number in range(1, 21):
        scene.patient(number)
        scene.text(number)
    scene.carrier.seconds = 0.2
    stopping = threading.Event()
    threading.Timer(0.3, stopping.set).start()
    delivered = scene.deliver(in_flight=2, stop=stopping.is_set)
    assert delivered.sent == len(scene.carrier.sent) < 20
    assert scene.count(Message, Message.status == MessageStatus.QUEUED) == delivered.sent
    assert scene.count(Message, Message.status == MessageStatus.PLANNED) == 20 - delivered.sent
    assert scene.count(Message, (Message.status == MessageStatus.PLANNED) & (Message.attempts > 0)) == 0


@pytest.mark.parametrize("answer", [Refused(20429, 429), Refused(None, 0)])
def test_what_nobody_looked_at_is_tried_again_later(scene: Scene, answer: Refused) -> None:
    scene.patient()
    message = scene.text()
    scene.carrier.answer = lambda _text: answer
    assert scene.deliver().refused == 1
    row = scene.message(message)
    assert row.status is MessageStatus.PLANNED
    assert row.due_at > NOON
    scene.carrier.answer, scene.now = None, NOON + timedelta(seconds=10)
    assert scene.deliver().sent == 1
    assert scene.escalations() == []


def test_retry_after_is_honoured(scene: Scene) -> None:
    scene.patient()
    message = scene.text()
    scene.carrier.answer = lambda _text: Refused(20429, 429, retry_after=60.0)
    scene.deliver()
    assert scene.message(message).due_at >= NOON + timedelta(seconds=60)


def test_an_opt_out_known_to_the_provider_is_ours_too(scene: Scene) -> None:
    scene.patient()
    message = scene.text()
    later = scene.text(body="next week", due_at=NOON + timedelta(days=7), expires_at=NOON + timedelta(days=9))
    scene.carrier.answer = lambda _text: Refused(21610, 400)
    scene.deliver()
    assert (scene.status(message), scene.message(message).error_code) == (MessageStatus.FAILED, 21610)
    assert scene.status(later) is MessageStatus.DROPPED
    assert scene.count(ContactPoint, ContactPoint.consent == ConsentStatus.OPTED_OUT) == 1
    assert scene.count(ConsentEntry, ConsentEntry.basis == ConsentBasis.PROVIDER) == 2
    assert scene.escalations() == []


@pytest.mark.parametrize(
    ("code", "status"), [(21211, NumberStatus.INVALID), (21614, NumberStatus.LANDLINE), (21617, NumberStatus.ACTIVE)]
)
def test_a_final_refusal_is_brought_to_a_person_once(scene: Scene, code: int, status: NumberStatus) -> None:
    scene.patient()
    message = scene.text()
    scene.carrier.answer = lambda _text: Refused(code, 400)
    scene.deliver()
    scene.deliver()
    assert scene.status(message) is MessageStatus.FAILED
    assert scene.count(ContactPoint, ContactPoint.status == status) == 1
    assert scene.escalations() == [("delivery-failure", "routine")]


def test_a_coordinators_words_that_fail_are_urgent(scene: Scene) -> None:
    scene.patient()
    scene.text(origin=Origin.STAFF, kind="staff", lane=None)
    scene.carrier.answer = lambda _text: Refused(21211, 400)
    scene.deliver()
    assert scene.escalations() == [("delivery-failure", "urgent")]


@pytest.mark.parametrize("answer", [Refused(20003, 401), Refused(21606, 400), Refused(30034, 400)])
def test_when_the_account_is_at_fault_the_queue_is_held(scene: Scene, answer: Refused) -> None:
    scene.patient()
    message = scene.text()
    scene.carrier.answer = lambda _text: answer
    scene.deliver()
    assert scene.status(message) is MessageStatus.PLANNED
    assert scene.message(message).due_at > NOON
    assert scene.escalations() == []


def test_an_unknown_outcome_is_not_tried_again_by_itself(scene: Scene) -> None:
    scene.patient()
    message = scene.text()
    scene.carrier.answer = lambda _text: Unknown("HTTP 500")
    assert scene.deliver().unknown == 1
    scene.now = NOON + timedelta(hours=1)
    assert scene.deliver().unknown == 0
    assert scene.status(message) is MessageStatus.UNKNOWN
    assert len(scene.carrier.sent) == 1


def test_no_transaction_is_open_during_a_call(scene: Scene) -> None:
    scene.patient()
    scene.text()
    free: list[bool] = []

    def answer(text: OutgoingText) -> ProviderAnswer:
        pool = scene.clinic.database.engine.pool
        # The next claim, in a thread of its own, holds a connection for a moment; one open for the call would stay.
        deadline = time.monotonic() + 5
        while pool.checkedout() and time.monotonic() < deadline:  # type: ignore[attr-defined]
            time.sleep(0.01)
        free.append(pool.checkedout() == 0)  # type: ignore[attr-defined]
        return Accepted("SM1", "queued", 1)

    scene.carrier.answer = answer
    scene.deliver()
    assert free == [True]


def test_64_are_in_flight_at_once(scene: Scene) -> None:
    for number in range(1, 131):
        scene.patient(number)
        scene.text(number)
    under_way, most = 0, 0

    class Slow(type(scene.carrier)):  # type: ignore[misc]
        async def send(self, text: OutgoingText) -> ProviderAnswer:
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0.3)
            under_way -= 1
            return self.take(text)

    scene.clinic.settings.send_rate = 1000
    scene.carrier = Slow()
    assert scene.deliver().sent == 130
    assert most == 64
