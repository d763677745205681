"""The on-call ladder: who is told of an emergency that nobody takes, when, once, and what they read."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from bot.core.escalation import NoticeChannel, NoticeState
from bot.core.ladder import TRIES, Again, Never, Telling, Told
from bot.core.provider import Refused, Unknown
from bot.services import inbox, inbox_undo, ladder, notices
from bot.services.returns import give_back_idle
from bot.store.columns import new_id
from bot.store.queries import notices as queries
from bot.store.tables import AuditEntry, Escalation, Message, Notice, OnCall, Role, User
from tests.services.at_once import at_once
from tests.services.sending import Carrier, Scene
from tests.web.console.desk import Desk

DANGER = "my chest hurts and I cannot breathe"


@dataclass
class Mailbox:
    """A mail server that answers as told."""

    answer: Telling = field(default_factory=Told)
    sent: list[tuple[str, str, str]] = field(default_factory=list)

    def send(self, *, to: str, subject: str, body: str) -> Telling:
        self.sent.append((to, subject, body))
        return self.answer

    def check(self) -> str | None:
        return None


class Night:
    """A clinic at night: an emergency has come in, and people are on call."""

    def __init__(self, scene: Scene, *, mails: bool = True) -> None:
        url = SecretStr("smtp://mail.clinic.test?from=texts@clinic.test") if mails else None
        clinic = replace(scene.clinic, settings=scene.clinic.settings.model_copy(update={"smtp_url": url}))
        self.desk = Desk(clinic)
        self.clinic = self.desk.clinic
        self.carrier, self.mailbox = Carrier(), Mailbox()
        self.desk.patient(10, "Rosa", "Delgado")

    def on_call(
        self, rung: int, user_id: str, minutes: int, *, phone: str | None = None, by_email: bool = True
    ) -> None:
        row_id, vault = new_id(), self.clinic.vault
        sealed = vault.seal("on_call.phone", row_id, phone) if phone is not None else None
        with self.clinic.database.begin() as connection:
            connection.execute(
                OnCall.__table__.insert().values(  # type: ignore[attr-defined]
                    id=row_id, rung=rung, user_id=user_id, after_minutes=minutes, phone=sealed, by_email=by_email,
                    created_at=self.desk.now,
                )
            )  # fmt: skip

    def emergency(self) -> str:
        [case] = self.desk.escalations(self.desk.text(10, DANGER))
        return case

    def pass_time(self, minutes: float) -> None:
        """Minute by minute, as the scheduler and a worker live through it."""
        for _ in range(int(minutes)):
            self.desk.wait(minutes=1)
            ladder.climb(self.clinic, self.desk.now)
            self.tell()

    def tell(self) -> int:
        return asyncio.run(notices.tell(self.clinic, self.carrier, self.mailbox))

    def texted(self) -> list[str]:
        return [text.to for text in self.carrier.sent]

    def mailed(self) -> list[str]:
        return [to for to, _subject, _body in self.mailbox.sent]

    def notices(self) -> list[tuple[NoticeChannel, NoticeState]]:
        with self.clinic.database.read() as connection:
            query = select(Notice.channel, Notice.state).order_by(Notice.rung, Notice.channel)
            return [(row.channel, row.state) for row in connection.execute(query)]

    def untold(self) -> int:
        with self.clinic.database.read() as connection:
            return queries.untold(connection)


@pytest.fixture
def night(scene: Scene) -> Night:
    return Night(scene)


@pytest.fixture
def ana(night: Night) -> str:
    return night.desk.user("Ana Ruiz")


@pytest.fixture
def sam(night: Night) -> str:
    return night.desk.user("Sam Ode", Role.SUPERVISOR)


@pytest.fixture
def rungs(night: Night, ana: str, sam: str) -> None:
    night.on_call(1, ana, 5, phone="+16015550171", by_email=False)
    night.on_call(2, sam, 15, phone="+16015550172")


@pytest.mark.usefixtures("rungs")
def test_it_climbs_rung_by_rung_while_nobody_takes_it(night: Night) -> None:
    night.emergency()
    night.pass_time(4)
    assert night.texted() == []
    night.pass_time(1)
    assert night.texted() == ["+16015550171"]
    night.pass_time(9)
    assert night.texted() == ["+16015550171"]
    night.pass_time(1)
    assert night.texted() == ["+16015550171", "+16015550172"]
    assert night.mailed() == ["sam@clinic.test"]
    night.pass_time(60)
    assert (len(night.carrier.sent), len(night.mailbox.sent)) == (2, 1)
    assert night.desk.row(Escalation).rung == 2


@pytest.mark.usefixtures("rungs")
def test_what_they_read_names_no_patient_and_is_no_patients_message(night: Night) -> None:
    night.emergency()
    night.pass_time(15)
    words = "Tendril, Willow Clinic: an emergency has waited {} min. Open {}/console/ ."
    url = night.clinic.settings.public_url
    assert [text.body for text in night.carrier.sent] == [words.format(5, url), words.format(15, url)]
    assert {text.status_callback for text in night.carrier.sent} == {None}
    assert night.mailbox.sent == [("sam@clinic.test", "An emergency waits", words.format(15, url))]
    with night.clinic.database.read() as connection:
        assert len(connection.execute(select(Message.id)).all()) == 2  # The patient's words, and the safety reply.
        details = connection.execute(select(AuditEntry.detail).where(AuditEntry.action == "escalation.climb"))
        assert list(details.scalars()) == [{"rung": 1, "notices": 1}, {"rung": 2, "notices": 2}]


@pytest.mark.usefixtures("rungs")
def test_whoever_takes_it_stops_the_climb(night: Night, ana: str) -> None:
    case = night.emergency()
    night.desk.wait(minutes=5)
    ladder.climb(night.clinic, night.desk.now)
    inbox.claim(night.clinic, escalation_id=case, actor_id=ana, now=night.desk.now)
    assert night.notices() == [(NoticeChannel.TEXT, NoticeState.VOID)]
    night.pass_time(30)
    assert (night.texted(), night.mailed()) == ([], [])


@pytest.mark.usefixtures("rungs")
def test_what_is_resolved_is_told_to_nobody(night: Night, ana: str) -> None:
    case = night.emergency()
    night.desk.wait(minutes=5)
    ladder.climb(night.clinic, night.desk.now)
    inbox.resolve(night.clinic, escalation_id=case, actor_id=ana, now=night.desk.now)
    night.pass_time(30)
    assert (night.texted(), night.untold()) == ([], 0)


@pytest.mark.usefixtures("rungs")
def test_handed_back_it_climbs_anew_from_then_on(night: Night, ana: str) -> None:
    case = night.emergency()
    night.pass_time(5)
    inbox.claim(night.clinic, escalation_id=case, actor_id=ana, now=night.desk.now)
    night.desk.wait(minutes=8)
    inbox.release(night.clinic, escalation_id=case, actor_id=ana, now=night.desk.now)
    night.pass_time(4)
    assert night.texted() == ["+16015550171"]
    night.pass_time(11)
    assert night.texted() == ["+16015550171", "+16015550171", "+16015550172"]


@pytest.mark.usefixtures("rungs")
def test_of_what_somebody_let_lie_the_first_rung_hears_at_once(night: Night, sam: str) -> None:
    case = night.emergency()
    inbox.claim(night.clinic, escalation_id=case, actor_id=sam, now=night.desk.now)
    night.desk.wait(minutes=11)
    assert give_back_idle(night.clinic, night.desk.now) == 1
    ladder.climb(night.clinic, night.desk.now)
    night.tell()
    assert night.texted() == ["+16015550171"]
    night.pass_time(10)
    assert night.texted() == ["+16015550171", "+16015550172"]


@pytest.mark.usefixtures("rungs")
def test_two_schedulers_and_two_workers_tell_once(night: Night) -> None:
    night.emergency()
    night.desk.wait(minutes=15)
    at_once(*[lambda: ladder.climb(night.clinic, night.desk.now)] * 2)
    at_once(*[night.tell] * 2)
    assert sorted(night.texted()) == ["+16015550171", "+16015550172"]
    assert night.mailed() == ["sam@clinic.test"]


@pytest.mark.usefixtures("rungs")
def test_a_claim_taken_back_is_none(night: Night, ana: str) -> None:
    case = night.emergency()
    night.pass_time(3)
    inbox.claim(night.clinic, escalation_id=case, actor_id=ana, now=night.desk.now)
    with night.clinic.database.read() as connection:
        before = inbox_undo.undoable(connection, case, None)
    assert before is not None
    inbox_undo.put_back(night.clinic, before, actor_id=ana, done_at=night.desk.now, now=night.desk.now)
    night.pass_time(2)
    assert night.texted() == ["+16015550171"]


@pytest.mark.usefixtures("rungs")
def test_opened_again_it_climbs_anew(night: Night, ana: str) -> None:
    case = night.emergency()
    night.pass_time(15)
    inbox.resolve(night.clinic, escalation_id=case, actor_id=ana, now=night.desk.now)
    night.desk.wait(hours=1)
    inbox_undo.reopen(night.clinic, escalation_id=case, actor_id=ana, now=night.desk.now)
    night.pass_time(4)
    assert len(night.carrier.sent) == 2
    night.pass_time(1)
    assert night.texted()[2:] == ["+16015550171"]


def test_only_emergencies_climb(night: Night, sam: str) -> None:
    night.desk.text(10, "I have a rash and a fever")
    night.pass_time(30)
    assert night.notices() == []


def test_without_a_ladder_everybody_in_charge_is_mailed_twice(night: Night, ana: str, sam: str) -> None:
    night.desk.user("Ada Min", Role.ADMIN)
    gone = night.desk.user("Gil Gone", Role.SUPERVISOR)
    night.desk.change(User, User.id == gone, active=False)
    night.emergency()
    night.pass_time(10)
    assert sorted(night.mailed()) == ["ada@clinic.test", "sam@clinic.test"]
    night.pass_time(50)
    assert sorted(night.mailed()) == 2 * ["ada@clinic.test"] + 2 * ["sam@clinic.test"]
    assert (night.texted(), night.untold()) == ([], 0)


def test_where_nobody_can_be_told_that_is_counted(scene: Scene) -> None:
    night = Night(scene, mails=False)
    night.desk.user("Sam Ode", Role.SUPERVISOR)
    case = night.emergency()
    night.pass_time(9)
    assert night.untold() == 0
    night.pass_time(1)
    assert night.untold() == 1
    inbox.claim(night.clinic, escalation_id=case, actor_id=night.desk.user(), now=night.desk.now)
    assert night.untold() == 0


def test_an_outage_is_outlasted_and_counts_as_not_told(night: Night, ana: str) -> None:
    night.on_call(1, ana, 1, phone="+16015550171")
    night.carrier.answer = lambda text: Unknown("no answer")
    night.mailbox.answer = Again("OSError")
    night.emergency()
    night.pass_time(10)
    assert (night.untold(), night.notices()[0]) == (1, (NoticeChannel.EMAIL, NoticeState.DUE))
    night.mailbox.answer = Told()
    night.pass_time(6)
    assert night.untold() == 0
    night.pass_time(90)
    assert night.notices() == [(NoticeChannel.EMAIL, NoticeState.SENT), (NoticeChannel.TEXT, NoticeState.FAILED)]
    assert len(night.carrier.sent) == TRIES


def test_what_can_never_arrive_is_tried_once(night: Night, ana: str) -> None:
    night.on_call(1, ana, 1, phone="+16015550171")
    night.carrier.answer = lambda text: Refused(21211, 400)
    night.mailbox.answer = Never("SMTP 550")
    night.emergency()
    night.pass_time(30)
    assert (len(night.carrier.sent), len(night.mailbox.sent), night.untold()) == (1, 1, 1)


def test_a_worker_that_died_over_it_is_made_up_for(night: Night, ana: str) -> None:
    night.on_call(1, ana, 1, phone="+16015550171", by_email=False)
    night.emergency()
    night.desk.wait(minutes=1)
    ladder.climb(night.clinic, night.desk.now)
    with night.clinic.database.begin() as connection:
        assert len(queries.claim(connection, night.desk.now, lease=notices.LEASE)) == 1
    assert night.tell() == 0
    night.desk.wait(seconds=notices.LEASE / timedelta(seconds=1))
    assert night.tell() == 1
    assert night.texted() == ["+16015550171"]
