"""Right before the call: whatever was committed since the claim counts, and what another took over is left alone."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, insert, update

from bot.core.messages import MessageStatus, Origin
from bot.core.people import ConsentBasis, ConsentStatus, NumberStatus, PatientStatus
from bot.core.provider import OutgoingText, ProviderAnswer
from bot.core.sending import Brake
from bot.services import consent
from bot.services.clinic import Clinic
from bot.services.deliver_claim import Ready, claim, look_again, release
from bot.store.database import Database
from bot.store.tables import Appointment, ContactPoint, Conversation, Message, Patient, PatientContact
from bot.store.tables import Brake as BrakeRow
from tests.services.sending import NOON, Scene


def claimed(scene: Scene, holder: str = "first") -> list[Ready]:
    return list(claim(scene.clinic, holder=holder, limit=10).ready)


def stop(clinic: Clinic) -> None:
    """The patient's STOP, committed."""
    with clinic.database.begin() as connection:
        consent.record(
            connection,
            contact_point_id="phone-1",
            patient_id=None,
            status=ConsentStatus.OPTED_OUT,
            basis=ConsentBasis.PATIENT,
            actor="patient",
            at=NOON,
            vault=clinic.vault,
        )


CHANGES = [
    (update(ContactPoint).values(consent=ConsentStatus.OPTED_OUT), "drop", "number-opted-out"),
    (update(PatientContact).values(consent=ConsentStatus.OPTED_OUT), "drop", "patient-opted-out"),
    (update(ContactPoint).values(status=NumberStatus.INVALID), "drop", "number-invalid"),
    (update(Patient).values(status=PatientStatus.DECEASED), "drop", "deceased"),
    (update(Appointment).values(version=2), "drop", "visit-changed"),
    (update(Appointment).values(status="cancelled"), "drop", "visit-not-ahead"),
    (update(Conversation).values(held_by="somebody"), "hold", "held-by-a-person"),
    (update(Patient).values(paused_since=NOON), "hold", "patient-paused"),
]


@pytest.mark.parametrize(("change", "verdict", "reason"), CHANGES, ids=[reason for _, _, reason in CHANGES])
def test_what_has_changed_since_the_claim_stops_it(scene: Scene, change: object, verdict: str, reason: str) -> None:
    scene.patient()
    message = scene.text(appointment_id=scene.visit(), appointment_version=1)
    batch = claimed(scene)
    with scene.clinic.database.begin() as connection:
        connection.execute(change)  # type: ignore[call-overload]
    look = look_again(scene.clinic, batch, holder="first")
    assert (list(look.welcome), look.held, look.dropped) == ([], verdict == "hold", verdict == "drop")
    assert scene.status(message) is (MessageStatus.DROPPED if verdict == "drop" else MessageStatus.PLANNED)
    assert scene.decisions(message)[-1] == (verdict, reason)
    assert scene.message(message).attempts == 0


class Interrupting(Database):
    """Has something happen between the first two transactions: after the claim, before the call."""

    def __init__(self, inner: Database, happens: Callable[[], None]) -> None:
        super().__init__(inner.engine)
        self.happens, self.begun, self.in_turn = happens, 0, threading.Lock()

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        with self.in_turn:  # Senders of two lanes begin at the same moment: neither goes on before it has happened.
            self.begun += 1
            if self.begun == 2:
                self.happens()
        with super().begin() as connection:
            yield connection


def test_a_stop_between_the_claim_and_the_call_wins_however_short_that_is(scene: Scene) -> None:
    scene.patient()
    message = scene.text()
    whole = scene.clinic
    scene.clinic = replace(whole, database=Interrupting(whole.database, lambda: stop(whole)))
    delivered = scene.deliver()
    assert (delivered.sent, delivered.dropped) == (0, 1)
    assert scene.carrier.sent == []
    assert scene.status(message) is MessageStatus.DROPPED


def test_a_safety_reply_goes_all_the_same(scene: Scene) -> None:
    scene.patient()
    scene.text(origin=Origin.SAFETY, lane=None)
    batch = claimed(scene)
    stop(scene.clinic)
    assert look_again(scene.clinic, batch, holder="first").welcome == batch


def test_it_is_ours_for_the_length_of_the_call_whatever_the_clock_says(scene: Scene) -> None:
    scene.patient()
    message = scene.text()
    batch = claimed(scene)
    scene.now = NOON + timedelta(minutes=2)  # the lease has passed, and nobody has taken it over
    assert look_again(scene.clinic, batch, holder="first").welcome == batch
    assert scene.message(message).lease_until > scene.now + timedelta(seconds=20)


def test_what_another_has_taken_over_is_neither_sent_nor_given_back(scene: Scene) -> None:
    scene.patient()
    message = scene.text()
    batch = claimed(scene)
    scene.now = NOON + timedelta(minutes=2)
    assert scene.reconcile().absent == 1
    again = claimed(scene, "second")
    assert look_again(scene.clinic, batch, holder="first").welcome == ()
    release(scene.clinic, batch, holder="first")
    assert scene.status(message) is MessageStatus.CLAIMED
    assert look_again(scene.clinic, again, holder="second").welcome == again


def test_a_worker_that_slept_through_its_lease_sends_nothing_twice(scene: Scene) -> None:
    scene.patient()
    scene.patient(2)
    scene.text(1, body="first")
    second = scene.text(2, body="second")

    def answer(text: OutgoingText) -> ProviderAnswer:
        if text.body == "first":
            # While this call is made the other one, which waits for it, is looked up, planned anew and sent.
            scene.carrier.answer = None
            scene.set(Message, Message.id == second, status=MessageStatus.PLANNED)
            other = threading.Thread(target=scene.deliver)
            other.start()
            other.join()
        return scene.carrier.take(text)

    scene.carrier.answer = answer
    scene.deliver(in_flight=1)
    assert sorted(text.body for text in scene.carrier.sent) == ["first", "second"]


def test_a_brake_put_on_since_the_claim_holds(scene: Scene) -> None:
    scene.patient()
    message = scene.text()
    batch = claimed(scene)
    with scene.clinic.database.begin() as connection:
        connection.execute(
            insert(BrakeRow).values(kind=Brake.BULK, code=30027, since=NOON, until=NOON + timedelta(hours=1))
        )
    look = look_again(scene.clinic, batch, holder="first")
    assert (list(look.welcome), look.held) == ([], 1)
    assert scene.status(message) is MessageStatus.PLANNED
