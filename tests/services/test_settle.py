"""Status callbacks: late, twice, out of order, before the answer, and the failures they report."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from bot.core.messages import MessageStatus, Origin, Via
from bot.core.people import ConsentStatus, NumberStatus
from bot.core.provider import OutgoingText, ProviderAnswer, Unknown
from bot.services.settle import settle
from bot.store.queries import outbox
from bot.store.tables import ContactPoint, Conversation, DeliveryEvent, Message
from tests.servers import wait_until
from tests.services.sending import NOON, Scene


def report(scene: Scene, message: str | None, status: str, *, sid: str = "SM1", code: int | None = None) -> bool:
    return settle(scene.clinic, message_id=message, sid=sid, status=status, error_code=code, now=scene.now)


@pytest.fixture
def sent(scene: Scene) -> str:
    """A text that the provider has taken as `SM1`."""
    scene.patient()
    message = scene.text()
    scene.deliver()
    scene.set(Message, Message.id == message, twilio_sid="SM1")
    return message


def test_a_callback_is_merged_once(scene: Scene, sent: str) -> None:
    for _twice in range(2):
        assert report(scene, sent, "delivered")
    assert scene.status(sent) is MessageStatus.DELIVERED
    assert scene.count(DeliveryEvent, DeliveryEvent.message_id == sent) == 1


def test_the_sid_alone_finds_it_too(scene: Scene, sent: str) -> None:
    assert report(scene, None, "sent")
    assert scene.status(sent) is MessageStatus.SENT


@pytest.mark.parametrize("seed", range(6))
def test_any_order_ends_in_the_same_state(scene: Scene, sent: str, seed: int) -> None:
    words = ["sending", "sent", "delivered", "sent", "delivered", "sending"]
    random.Random(seed).shuffle(words)
    for word in words:
        report(scene, sent, word)
    assert scene.status(sent) is MessageStatus.DELIVERED


def test_what_is_unknown_is_ignored(scene: Scene, sent: str) -> None:
    assert not report(scene, scene.fresh_id(), "delivered", sid="SM9")
    assert not report(scene, None, "delivered", sid="SM9")
    assert not report(scene, sent, "teleported")
    assert not report(scene, sent, "planned")
    assert scene.status(sent) is MessageStatus.QUEUED


def test_a_second_sid_under_our_id_changes_nothing(scene: Scene, sent: str) -> None:
    report(scene, sent, "failed", sid="SM2", code=30003)
    assert (scene.status(sent), scene.message(sent).twilio_sid) == (MessageStatus.QUEUED, "SM1")


def test_a_callback_that_beats_the_answer_is_not_undone_by_it(scene: Scene) -> None:
    scene.patient()
    message = scene.text()

    def answer(text: OutgoingText) -> ProviderAnswer:
        taken = scene.carrier.take(text)
        assert report(scene, text.message_id, "delivered", sid=taken.sid)
        return taken

    scene.carrier.answer = answer
    scene.deliver()
    row = scene.message(message)
    assert (row.status, row.twilio_sid) == (MessageStatus.DELIVERED, scene.carrier.holds[0].sid)


def test_a_callback_heals_an_unknown_outcome(scene: Scene) -> None:
    scene.patient()
    message = scene.text()
    scene.carrier.answer = lambda text: (scene.carrier.take(text), Unknown("reset"))[1]
    scene.deliver()
    report(scene, message, "sent", sid=scene.carrier.holds[0].sid)
    row = scene.message(message)
    assert (row.status, row.twilio_sid, row.sent_at) == (MessageStatus.SENT, scene.carrier.holds[0].sid, NOON)
    assert scene.count(Conversation, Conversation.last_outbound_at == NOON) == 1
    scene.now = NOON + timedelta(hours=1)
    assert scene.reconcile().found == 0
    assert scene.deliver().sent == 0


def test_a_reply_in_the_webhooks_answer_is_confirmed_by_its_callback(scene: Scene) -> None:
    scene.patient()
    reply = scene.text(origin=Origin.REPLY, lane=None, via=Via.TWIML, status=MessageStatus.SENDING)
    assert report(scene, reply, "sent", sid="SM7")
    row = scene.message(reply)
    assert (row.status, row.twilio_sid, row.via) == (MessageStatus.SENT, "SM7", Via.TWIML)


def test_an_unreachable_phone_is_tried_once_more_and_then_brought_to_a_person(scene: Scene, sent: str) -> None:
    for _twice in range(2):
        report(scene, sent, "undelivered", code=30003)
    assert scene.status(sent) is MessageStatus.UNDELIVERED
    assert scene.escalations() == []
    assert scene.deliver().sent == 0
    scene.now = NOON + timedelta(hours=2)
    scene.carrier.holds.clear()
    assert scene.deliver().sent == 1
    assert [text.body for text in scene.carrier.sent] == ["You have a visit tomorrow."] * 2
    again = scene.carrier.sent[1].message_id
    report(scene, again, "undelivered", sid=scene.carrier.holds[0].sid, code=30003)
    assert scene.escalations() == [("delivery-failure", "routine")]
    scene.now = NOON + timedelta(hours=5)
    assert scene.deliver().sent == 0


def test_no_second_try_when_it_would_come_too_late(scene: Scene) -> None:
    scene.patient()
    message = scene.text(expires_at=NOON + timedelta(hours=1))
    scene.deliver()
    report(scene, message, "undelivered", sid=scene.carrier.holds[0].sid, code=30003)
    assert scene.escalations() == [("delivery-failure", "routine")]
    assert scene.count(Message, Message.status == MessageStatus.PLANNED) == 0


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (30005, NumberStatus.INVALID),
        (30006, NumberStatus.LANDLINE),
        (30007, NumberStatus.ACTIVE),
        (99999, NumberStatus.ACTIVE),
        (None, NumberStatus.ACTIVE),
    ],
)
def test_a_final_failure_is_told_once(scene: Scene, sent: str, code: int | None, status: NumberStatus) -> None:
    for _twice in range(2):
        report(scene, sent, "undelivered", code=code)
    assert scene.message(sent).error_code == code
    assert scene.count(ContactPoint, ContactPoint.status == status) == 1
    assert scene.escalations() == [("delivery-failure", "routine")]


def test_an_opt_out_found_at_delivery_counts(scene: Scene, sent: str) -> None:
    report(scene, sent, "failed", code=21610)
    assert scene.count(ContactPoint, ContactPoint.consent == ConsentStatus.OPTED_OUT) == 1


def test_delivered_after_all_takes_the_error_away(scene: Scene, sent: str) -> None:
    report(scene, sent, "undelivered", code=30007)
    report(scene, sent, "delivered")
    row = scene.message(sent)
    assert (row.status, row.error_code) == (MessageStatus.DELIVERED, None)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_callback_during_the_recording_waits_for_it(scene: Scene) -> None:
    """Both want conversation and message; they take them in the same order, so that neither is given up."""
    scene.patient()
    message = scene.text()
    scene.set(Message, Message.id == message, status=MessageStatus.CLAIMED)
    conversation = scene.message(message).conversation_id
    waiting = text("SELECT count(*) > 0 FROM pg_locks WHERE NOT granted")
    with capture_logs() as lines, ThreadPoolExecutor(1) as pool:
        with scene.clinic.database.begin() as recording, scene.clinic.database.read() as watching:
            outbox.spoken(recording, [conversation], scene.now)
            told = pool.submit(report, scene, message, "delivered")
            wait_until(lambda: bool(watching.execute(waiting).scalar()), seconds=30, what="the callback")
            answer = {"which": message, "word": MessageStatus.QUEUED, "sid": "SM1", "conversation_id": conversation}
            outbox.accepted(recording, [answer], scene.now)
        assert told.result(30)
    assert lines == []
    assert scene.status(message) is MessageStatus.DELIVERED


def test_reports_follow_the_sid_where_two_texts_had_the_same_words(scene: Scene) -> None:
    """A look into the list can only guess which of two equal texts is which; their own reports say it."""
    scene.patient()
    first, second = (scene.text(body="Hello", budget_exempt=True) for _ in range(2))
    scene.carrier.answer = lambda text: (scene.carrier.take(text), Unknown("reset"))[1]
    scene.deliver(in_flight=1)
    scene.now = NOON + timedelta(minutes=2)
    assert scene.reconcile().found == 2
    sids = {message: scene.message(message).twilio_sid for message in (first, second)}
    # The list said it the other way round.
    report(scene, first, "delivered", sid=sids[second])
    report(scene, second, "undelivered", sid=sids[first], code=30007)
    assert scene.status(second) is MessageStatus.DELIVERED
    assert scene.status(first) is MessageStatus.UNDELIVERED


def test_a_report_under_the_id_of_a_twin_that_has_no_sid_yet(scene: Scene) -> None:
    scene.patient()
    first, second = (scene.text(body="Hello", budget_exempt=True) for _ in range(2))
    scene.deliver()
    scene.set(Message, Message.id == second, twilio_sid=None, status=MessageStatus.UNKNOWN)
    sid = scene.message(first).twilio_sid
    assert report(scene, second, "delivered", sid=sid)
    assert scene.status(first) is MessageStatus.DELIVERED
    assert (scene.status(second), scene.message(second).twilio_sid) == (MessageStatus.UNKNOWN, None)
