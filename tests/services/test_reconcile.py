"""Looking up what nobody knows: found, absent, ambiguous, and not to be asked."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from functools import partial

from bot.core.messages import MessageStatus, Origin, Via
from bot.core.provider import ListedMessage, OutgoingText, ProviderAnswer, Unknown
from bot.services.deliver_claim import claim
from bot.services.settle import settle
from bot.store.tables import Appointment, Message
from tests.services.sending import NOON, Scene

LATER = NOON + timedelta(minutes=1)


def lost(_text: OutgoingText) -> ProviderAnswer:
    """Neither taken nor answered."""
    return Unknown("HTTP 500")


def lost_after_taking(scene: Scene) -> None:
    """From now on the provider takes every text and its answers are lost."""
    scene.carrier.answer = lambda text: (scene.carrier.take(text), Unknown("reset"))[1]


def test_what_the_provider_has_is_attributed_and_not_sent_again(scene: Scene) -> None:
    scene.patient()
    message = scene.text()
    lost_after_taking(scene)
    scene.deliver()
    scene.carrier.answer, scene.now = None, LATER
    assert scene.reconcile().found == 1
    row = scene.message(message)
    assert (row.status, row.twilio_sid, row.sent_at) == (MessageStatus.QUEUED, scene.carrier.holds[0].sid, LATER)
    assert scene.deliver().sent == 0
    assert len(scene.carrier.sent) == 1


def test_what_the_provider_never_had_is_sent_again(scene: Scene) -> None:
    scene.patient()
    scene.text()
    scene.carrier.answer = lost
    scene.deliver()
    scene.carrier.answer, scene.now = None, LATER
    assert scene.reconcile().absent == 1
    assert scene.deliver().sent == 1
    assert len(scene.carrier.holds) == 1


def test_nothing_is_looked_up_before_its_time(scene: Scene) -> None:
    scene.patient()
    message = scene.text()
    scene.carrier.answer = lost
    scene.deliver()
    scene.now = NOON + timedelta(seconds=20)
    assert scene.reconcile().absent == 0
    assert scene.status(message) is MessageStatus.UNKNOWN


def test_absent_and_of_no_use_any_more_is_dropped_with_the_reason(scene: Scene) -> None:
    scene.patient()
    visit = scene.visit()
    message = scene.text(appointment_id=visit, appointment_version=1)
    scene.carrier.answer = lost
    scene.deliver()
    scene.set(Appointment, Appointment.appointment_id == visit, version=2)
    scene.carrier.answer, scene.now = None, LATER
    scene.reconcile()
    assert scene.deliver().dropped == 1
    assert scene.message(message).decision_reason == "visit-changed"


def test_the_claims_of_a_worker_that_died_are_looked_up(scene: Scene) -> None:
    """Both sides of the call: one it had handed over, one it had not."""
    scene.patient(1)
    scene.patient(2)
    scene.text(1, body="handed over")
    scene.text(2, body="not yet")
    dead = claim(scene.clinic, holder="w", limit=10)
    assert len(dead.ready) == 2
    scene.carrier.take(dead.ready[0].text)
    assert scene.reconcile().found == 0
    scene.now = LATER
    looked = scene.reconcile()
    assert (looked.found, looked.absent) == (1, 1)
    assert scene.deliver().sent == 1
    assert sorted(item.body for item in scene.carrier.holds) == ["handed over", "not yet"]


def test_a_claim_that_moves_on_while_it_is_watched_is_somebodys(scene: Scene) -> None:
    """The clock may be moved while a call is under way: a lease that has passed is no proof that nobody works on it."""
    scene.patient()
    message = scene.text()
    assert len(claim(scene.clinic, holder="w", limit=10).ready) == 1
    scene.now = NOON + timedelta(days=1)
    arrives = partial(settle, scene.clinic, message_id=message, sid="SM1", error_code=None, now=scene.now)
    threading.Timer(0.1, arrives, kwargs={"status": "queued"}).start()
    assert scene.reconcile(still_seconds=0.5).absent == 0
    assert scene.status(message) is MessageStatus.QUEUED


def test_two_texts_with_the_same_words_are_not_told_to_be_one(scene: Scene) -> None:
    scene.patient()
    first = scene.text(body="Hello", budget_exempt=True)
    lost_after_taking(scene)
    scene.deliver()
    second = scene.text(body="Hello", budget_exempt=True)
    scene.carrier.answer = lost
    scene.deliver()
    scene.carrier.answer, scene.now = None, LATER
    looked = scene.reconcile()
    assert (looked.found, looked.absent) == (1, 1)
    assert (scene.status(first), scene.status(second)) == (MessageStatus.QUEUED, MessageStatus.PLANNED)
    scene.deliver()
    sids = {scene.message(first).twilio_sid, scene.message(second).twilio_sid}
    assert sids == {item.sid for item in scene.carrier.holds}
    assert len(sids) == 2


def test_a_text_sent_earlier_with_the_same_words_is_no_match(scene: Scene) -> None:
    scene.patient()
    scene.text(body="Hello", budget_exempt=True)
    scene.deliver()
    scene.text(body="Hello", budget_exempt=True)
    scene.carrier.answer = lost
    scene.deliver()
    scene.now = LATER
    assert scene.reconcile().absent == 1


def test_what_the_patient_wrote_is_no_match(scene: Scene) -> None:
    scene.patient()
    scene.text(body="Yes")
    scene.carrier.answer = lost
    scene.deliver()
    scene.carrier.holds.append(ListedMessage("SM5", "+16015550101", "Yes", "received", None, "inbound"))
    scene.now = LATER
    assert scene.reconcile().absent == 1


def test_when_the_provider_cannot_be_asked_nothing_is_sent(scene: Scene) -> None:
    scene.patient()
    message = scene.text()
    scene.carrier.answer = lost
    scene.deliver()
    scene.carrier.down, scene.now = True, LATER
    assert scene.reconcile().unavailable == 1
    assert scene.status(message) is MessageStatus.UNKNOWN
    scene.carrier.down = False
    assert scene.reconcile().absent == 1


def test_after_several_losses_a_person_is_told(scene: Scene) -> None:
    scene.patient()
    message = scene.text()
    scene.carrier.answer = lost
    for _loss in range(10):
        scene.deliver()
        scene.now += timedelta(minutes=1)
        scene.reconcile()
    assert scene.status(message) is MessageStatus.FAILED
    assert len(scene.carrier.sent) == 6
    assert scene.escalations() == [("delivery-failure", "routine")]


def reply(scene: Scene) -> str:
    scene.patient()
    return scene.text(
        body="Thank you.", origin=Origin.REPLY, lane=None, via=Via.TWIML, status=MessageStatus.SENDING, expires_at=None
    )


def test_a_reply_that_the_provider_never_took_goes_through_rest(scene: Scene) -> None:
    message = reply(scene)
    scene.now = LATER
    assert scene.reconcile().absent == 0
    scene.now = NOON + timedelta(minutes=3)
    assert scene.reconcile().absent == 1
    assert scene.deliver().sent == 1
    row = scene.message(message)
    assert (row.status, row.via) == (MessageStatus.QUEUED, Via.REST)


def test_a_reply_whose_callbacks_were_lost_is_found(scene: Scene) -> None:
    message = reply(scene)
    scene.carrier.holds.append(ListedMessage("SM5", "+16015550101", "Thank you.", "delivered", None, "outbound-reply"))
    scene.now = NOON + timedelta(minutes=3)
    assert scene.reconcile().found == 1
    assert (scene.status(message), scene.message(message).twilio_sid) == (MessageStatus.DELIVERED, "SM5")
    assert scene.count(Message, Message.via == Via.TWIML) == 1


def test_an_older_text_of_nobody_with_the_same_words_is_no_match(scene: Scene) -> None:
    """Left over from another system, or doubled long ago: our own later texts in the list tell that it is older."""
    scene.patient()
    scene.text(body="Something else", budget_exempt=True)
    scene.deliver()
    (known,) = scene.carrier.holds
    scene.carrier.holds = [
        replace(known, created_at=NOON),
        ListedMessage("SM9", known.to, "Hello", "delivered", None, "outbound-api", NOON - timedelta(days=3)),
    ]
    scene.now = NOON + timedelta(hours=1)
    scene.text(body="Hello", budget_exempt=True)
    scene.carrier.answer = lost
    scene.deliver()
    scene.now += timedelta(minutes=2)
    assert scene.reconcile().absent == 1


def test_one_that_cannot_be_read_keeps_no_other_from_being_settled(scene: Scene) -> None:
    scene.patient()
    scene.patient(2)
    sealed = scene.text(1)
    scene.text(2)
    scene.carrier.answer = lost
    scene.deliver()
    scene.set(Message, Message.id == sealed, body=b"sealed with a key that is gone")
    scene.carrier.answer, scene.now = None, LATER
    looked = scene.reconcile()
    assert (looked.given_up, looked.absent) == (1, 1)
    assert scene.escalations() == [("delivery-failure", "routine")]


def test_where_a_patient_waits_it_is_looked_up_sooner(scene: Scene) -> None:
    scene.patient()
    scene.text(origin=Origin.STAFF, kind="staff", lane=None, expires_at=None)
    scene.carrier.answer = lost
    scene.deliver()
    scene.now = NOON + timedelta(seconds=20)
    assert scene.reconcile().absent == 1
