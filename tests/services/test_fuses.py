"""Fuses: what blows them, what they stop, who is told, and that a person's reset is the end of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from bot.core.escalation import EscalationStatus
from bot.core.fuses import DEFAULTS, Blown, Got, Guards, Limit, Limits, Went, of_import, of_patient, of_template
from bot.core.messages import Direction, Origin
from bot.core.people import AppointmentStatus
from bot.services import fuses
from bot.services.limits import read_limits, set_limit
from bot.store.queries import fuses as queries
from bot.store.queries.gate import blown_fuses
from bot.store.tables import Appointment, Escalation, Fuse, Message, Notice
from tests.services.campaigns.town import TEN, Town
from tests.services.sending import NOON, Scene

BUILT_IN = Limits({})
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("went", "why"),
    [
        (Went(sent=1000), None),
        (Went(sent=1000, opt_outs=50), None),
        (Went(sent=1000, opt_outs=51), Blown.OPT_OUTS),
        (Went(sent=20, opt_outs=9), None),
        (Went(sent=30, filtered=3), Blown.FILTERED),
        (Went(sent=30, filtered=2), None),
        (Went(sent=1000, filtered=50), None),
        (Went(sent=1000, undelivered=301), Blown.UNDELIVERED),
        (Went(sent=199, undelivered=199), None),
        (Went(sent=1000, replies=1000), None),
        (Went(sent=1000, replies=1501), Blown.REPLIES),
    ],
)
def test_a_template(went: Went, why: Blown | None) -> None:
    trip = of_template(went, BUILT_IN)
    assert (trip.why if trip else None) is why
    assert trip is None or trip.counted > trip.limit


def test_a_patient() -> None:
    assert of_patient(Got(texts=6), BUILT_IN) is None
    assert of_patient(Got(texts=7), BUILT_IN).why is Blown.TOO_MANY  # type: ignore[union-attr]
    assert of_patient(Got(texts=2, most_alike=2), BUILT_IN).why is Blown.SAME_TEXT  # type: ignore[union-attr]


def test_an_import() -> None:
    assert of_import(49, 60, BUILT_IN) is None
    assert of_import(50, 1000, BUILT_IN) is None
    assert of_import(51, 1000, BUILT_IN).why is Blown.VANISHED  # type: ignore[union-attr]


def test_the_clinics_own_numbers_hold() -> None:
    own = Limits({Limit.OPT_OUTS_PER_1000: 5, Limit.LEAST_OPT_OUTS: 1})
    assert of_template(Went(sent=300, opt_outs=2), own).why is Blown.OPT_OUTS  # type: ignore[union-attr]
    assert set(DEFAULTS) == set(Limit)


@pytest.fixture
def town(scene: Scene) -> Town:
    """A clinic with someone in charge who is on call, and small limits."""
    made = Town(scene)
    scene.now = TEN
    made.user("sue")
    for limit, value in ((Limit.LEAST_SENT, 4), (Limit.LEAST_OPT_OUTS, 2)):
        set_limit(made.clinic, limit, value, actor_id="sue", now=scene.now)
    return made


def went(town: Town, number: int, body: str = "Hello", **changes: Any) -> str:
    """A text that the clinic started and that went out."""
    message = town.scene.text(number, body, kind="recall/invite")
    values = {"status": "delivered", "sent_at": town.scene.now - 2 * HOUR, **changes}
    town.scene.set(Message, Message.id == message, **values)
    return message


def heard(town: Town, number: int, kind: str) -> None:
    """A text came in from that patient."""
    clinic, message = town.clinic, town.scene.fresh_id()
    with clinic.database.begin() as connection:
        connection.execute(
            insert(Message).values(
                id=message, conversation_id=f"talk-{number}", contact_point_id=f"phone-{number}",
                patient_id=f"p{number}",
                direction=Direction.INBOUND, kind=kind, body=clinic.vault.seal("messages.body", message, "STOP"),
                status="received", created_at=town.scene.now - HOUR, updated_at=town.scene.now - HOUR,
            )
        )  # fmt: skip


def standing(town: Town) -> set[tuple[Guards, str]]:
    with town.clinic.database.read() as connection:
        return set(blown_fuses(connection))


def test_opt_outs_stop_the_template_until_a_person_resets_it(town: Town) -> None:
    for number in range(1, 7):
        town.scene.patient(number)
        went(town, number)
    for number in (1, 2):
        heard(town, number, "opt_out")
    waiting = town.scene.text(5, kind="recall/invite", expires_at=town.scene.now + timedelta(days=3))
    other = town.scene.text(6, kind="appointment/booked")
    town.scene.set(Message, Message.status == "delivered", budget_exempt=False)

    assert fuses.look(town.clinic, town.scene.now) == 1
    assert fuses.look(town.clinic, town.scene.now + timedelta(seconds=59)) == 0
    assert standing(town) == {(Guards.TEMPLATE, "recall/invite")}
    town.scene.set(Message, Message.status == "delivered", sent_at=town.scene.now - timedelta(hours=23, minutes=30))
    town.scene.now += timedelta(minutes=1)
    town.scene.deliver()
    assert town.scene.message(waiting).decision_reason == "fuse-blown"
    assert town.scene.message(other).decision_reason != "fuse-blown"

    with town.clinic.database.read() as connection:
        (row,) = queries.standing(connection)
        assert (row.why, row.guards, row.subject) == (Blown.OPT_OUTS, Guards.TEMPLATE, "recall/invite")
        case = connection.execute(select(Escalation.__table__)).one()
        assert (case.id, case.reason, case.status) == (row.escalation_id, "fuse", EscalationStatus.OPEN)
    assert fuses.reset(town.clinic, row.id, actor_id="sue", now=town.scene.now)
    assert not fuses.reset(town.clinic, row.id, actor_id="sue", now=town.scene.now)
    assert town.scene.count(Escalation, Escalation.status == EscalationStatus.RESOLVED) == 1
    town.scene.now += 2 * MINUTE
    assert fuses.look(town.clinic, town.scene.now) == 0
    assert standing(town) == set()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_same_words_twice_stop_the_texts_to_that_patient(town: Town) -> None:
    for number in (1, 2, 3):
        town.scene.patient(number)
        went(town, number, "The same")
        went(town, number, "The same" if number == 1 else "Something else", budget_exempt=number == 3)
    assert fuses.look(town.clinic, town.scene.now) == 1
    assert standing(town) == {(Guards.PATIENT, "p1")}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_filtering_pauses_the_campaign(town: Town) -> None:
    ids = [town.scene.patient(number) for number in range(1, 9)]
    campaign_id = town.campaign(ids)
    town.start(campaign_id)
    for number in (1, 2, 3):
        went(town, number, campaign_id=campaign_id, status="undelivered", error_code=30007)
    fuses.look(town.clinic, town.scene.now)
    assert (Guards.CAMPAIGN, campaign_id) in standing(town)
    assert (town.row(campaign_id).state, town.row(campaign_id).reason) == ("paused", "fuse")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_those_in_charge_are_told(town: Town) -> None:
    town.on_call("sue")
    for number in range(1, 4):
        town.scene.patient(number)
        went(town, number, status="undelivered", error_code=30007)
    assert fuses.look(town.clinic, town.scene.now) == 1
    assert town.scene.count(Notice, Notice.user_id == "sue") == 1


def test_a_vanished_import_stops_all_that_the_clinic_starts(town: Town) -> None:
    set_limit(town.clinic, Limit.LEAST_VANISHED, 3, actor_id="sue", now=town.scene.now)
    town.scene.patient(1)
    for number in range(1, 41):
        town.scene.visit(number)
    begun = town.scene.now
    off = Appointment.appointment_id.in_(["a1", "a2"])
    town.scene.set(Appointment, off, status=AppointmentStatus.CANCELLED, updated_at=begun)
    with town.clinic.database.begin() as connection:
        fuses.watch_import(connection, town.clinic, "import", begun, town.scene.now)
    assert standing(town) == set()
    off = Appointment.appointment_id.in_(["a3"])
    town.scene.set(Appointment, off, status=AppointmentStatus.CANCELLED, updated_at=begun)
    with town.clinic.database.begin() as connection:
        fuses.watch_import(connection, town.clinic, "import", begun, town.scene.now)
        fuses.watch_import(connection, town.clinic, "import", begun, town.scene.now)
    assert standing(town) == {(Guards.CLINIC, "")}
    assert town.scene.count(Fuse, Fuse.why == Blown.VANISHED) == 1

    reminder = town.scene.text(1, appointment_id="a9", appointment_version=1)
    words = town.scene.text(1, "We are here.", origin=Origin.STAFF, kind="staff", lane=None)
    town.scene.deliver()
    assert (town.scene.status(reminder), town.scene.message(reminder).decision_reason) == ("planned", "fuse-blown")
    assert town.scene.message(words).sent_at is not None


def test_limits_are_numbers(town: Town) -> None:
    with pytest.raises(ValueError, match="from 0"):
        set_limit(town.clinic, Limit.APPROVAL_SIZE, -1, actor_id="sue", now=NOON)
    set_limit(town.clinic, Limit.LEAST_SENT, None, actor_id="sue", now=NOON)
    with town.clinic.database.read() as connection:
        assert read_limits(connection)[Limit.LEAST_SENT] == DEFAULTS[Limit.LEAST_SENT]
        assert read_limits(connection)[Limit.LEAST_OPT_OUTS] == 2
