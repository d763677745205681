"""A campaign's life: who may start it, what a pause holds, what a stop ends, what each arm comes to."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from bot.core.campaigns import CampaignState, RecipientState
from bot.core.cohort_data import read as read_condition
from bot.core.escalation import NoticeState
from bot.core.fuses import Limit
from bot.core.messages import MessageStatus
from bot.services.campaigns import forecast, making, running, trials
from bot.services.campaigns.cohort import described
from bot.services.campaigns.making import ArmText, Draft, Faulty, Made, Refused
from bot.services.campaigns.measures import progress
from bot.services.campaigns.plan import Plan, read
from bot.services.campaigns.release import release
from bot.services.campaigns.trials import NotTried
from bot.services.limits import set_limit
from bot.store.tables import (
    AuditEntry,
    Campaign,
    CampaignTrial,
    Enrollment,
    ForecastLine,
    Message,
    Patient,
    Question,
)
from tests.services.campaigns.town import TEN, Town
from tests.services.sending import Scene

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

MINUTE = timedelta(minutes=1)
ENGLISH = "Hello {name}, our new building opens Monday."
SPANISH = "Hola {name}, el lunes abrimos el nuevo edificio."


@pytest.fixture
def town(scene: Scene) -> Town:
    """Ten patients, an author and a supervisor, on a Monday at ten."""
    scene.now = TEN
    made = Town(scene)
    made.user("ann", role="coordinator")
    made.user("sue")
    for number in range(1, 11):
        scene.patient(number)
    return made


IDS = [f"p{number}" for number in range(1, 11)]


def plan(town: Town, campaign_id: str) -> Plan:
    with town.clinic.database.read() as connection:
        found = read(connection, town.clinic, campaign_id)
    assert found is not None
    return found


def actions(town: Town) -> list[str]:
    with town.clinic.database.read() as connection:
        query = select(AuditEntry.action).where(AuditEntry.object_type == "campaign").order_by(AuditEntry.seq)
        return [action.partition(".")[2] for action in connection.execute(query).scalars()]


def test_a_large_one_needs_a_second_person(town: Town) -> None:
    set_limit(town.clinic, Limit.APPROVAL_SIZE, 9, actor_id="sue", now=TEN)
    campaign_id = town.campaign(IDS)
    start = {"campaign_id": campaign_id, "now": TEN}
    assert running.start(town.clinic, actor_id="ann", **start) is Refused.NEEDS_APPROVAL
    assert running.approve(town.clinic, actor_id="ann", **start) is Refused.OWN_CAMPAIGN
    town.user("bob", role="coordinator")
    assert running.approve(town.clinic, actor_id="bob", **start) is Refused.NOT_IN_CHARGE
    assert running.approve(town.clinic, actor_id="nobody", **start) is Refused.NOT_IN_CHARGE
    seen = plan(town, campaign_id).version
    assert running.approve(town.clinic, actor_id="sue", seen=seen - 1, **start) is Refused.CHANGED
    assert running.approve(town.clinic, actor_id="sue", seen=seen, **start) is None
    assert running.start(town.clinic, actor_id="ann", **start) is None
    assert running.start(town.clinic, actor_id="ann", **start) is Refused.WRONG_STATE
    assert actions(town) == ["make", "approve", "start"]


def test_a_supervisors_own_one_needs_another_person_too(town: Town) -> None:
    made = making.create(
        town.clinic, Draft(name="Mine", arms=[ArmText(name="all", text_key="recall/invite")]), IDS, actor_id="sue",
        now=TEN,
    )  # fmt: skip
    assert isinstance(made, Made)
    assert running.approve(town.clinic, made.campaign_id, actor_id="sue", now=TEN) is Refused.OWN_CAMPAIGN


def test_a_small_one_runs_and_asks_its_question(town: Town) -> None:
    campaign_id = town.campaign([*IDS, "p1", "unknown"])
    assert plan(town, campaign_id).size == 10
    town.start(campaign_id)
    assert release(town.clinic, TEN)["goes"] == 10
    assert release(town.clinic, TEN)["goes"] == 0
    assert town.state(campaign_id) is CampaignState.RUNNING  # Nothing has gone out yet.
    town.scene.deliver()
    release(town.clinic, TEN)
    assert town.state(campaign_id) is CampaignState.FINISHED
    assert len(town.went(campaign_id)) == 10
    assert town.scene.count(Enrollment, Enrollment.journey == "recall") == 10
    assert town.scene.count(Question, Question.state == "open") == 10


def test_who_has_answered_that_recall_is_not_asked_by_a_campaign(town: Town) -> None:
    for number, kind, outcome, days in (
        (1, "a1c", "done", 14), (2, "a1c", "declined", 14), (3, "eye_exam", "done", 14), (4, "a1c", "done", 60),
        (5, "a1c", "booked", 60), (6, "a1c", None, 1), (7, "", "done", 14), (8, "a1c", "unanswered", 14),
    ):  # fmt: skip
        ended = TEN - timedelta(days=days)
        with town.clinic.database.begin() as connection:
            connection.execute(
                insert(Enrollment).values(
                    id=town.scene.fresh_id(), journey="recall", patient_id=f"p{number}", subject_id=f"r{number}",
                    step=outcome or "booking", kind=kind, outcome=outcome, ended_at=ended if outcome else None,
                    created_at=ended, updated_at=ended, data={}, misses=0, version=1,
                )
            )  # fmt: skip
    due = read_condition({"version": 1, "where": {"recall": {"among": ["a1c"]}}})
    campaign_id = town.campaign(IDS, cohort=described(due, name="A1c", locations=()))
    forecast_id = forecast.dry_run(town.clinic, campaign_id, days=1, actor_id="ann", now=TEN, at_once=True)
    with town.clinic.database.read() as connection:
        lines = connection.execute(select(ForecastLine.reason).where(ForecastLine.forecast_id == forecast_id))
        assert list(lines.scalars()).count("recall-answered") == 5
    town.start(campaign_id)
    release(town.clinic, TEN)
    skipped = {one: row.reason for one, row in town.recipients(campaign_id).items() if row.state == "skipped"}
    assert skipped == dict.fromkeys(["p1", "p2", "p5", "p6", "p7"], "recall-answered")
    unnamed = town.campaign(["p3", "p4", "p9"])
    town.start(unnamed)
    release(town.clinic, TEN)
    assert town.recipients(unnamed)["p3"].reason == "recall-answered"
    assert town.recipients(unnamed)["p4"].state == town.recipients(unnamed)["p9"].state


def test_a_pause_holds_what_waits_at_once(town: Town) -> None:
    campaign_id = town.campaign(IDS, daily_cap=6)
    town.start(campaign_id)
    release(town.clinic, TEN)
    assert running.pause(town.clinic, campaign_id, actor_id="ann", now=TEN) is None
    assert town.scene.deliver().held == 6
    assert town.went(campaign_id) == {}
    how = progress_of(town, campaign_id)
    assert (how.queued, how.held, how.waiting, how.sent) == (6, {"campaign-paused": 6}, 4, 0)
    town.scene.now += timedelta(days=1)
    release(town.clinic, town.scene.now)
    town.scene.deliver()
    assert town.went(campaign_id) == {}
    assert running.resume(town.clinic, campaign_id, actor_id="ann", now=town.scene.now) is None
    release(town.clinic, town.scene.now)
    town.scene.deliver()
    assert len(town.went(campaign_id)) == 10


def test_a_stop_is_for_good(town: Town) -> None:
    campaign_id = town.campaign(IDS, daily_cap=6)
    town.start(campaign_id)
    release(town.clinic, TEN)
    assert running.stop(town.clinic, campaign_id, actor_id="ann", now=TEN) is None
    assert running.resume(town.clinic, campaign_id, actor_id="ann", now=TEN) is Refused.WRONG_STATE
    town.live(1.1)
    assert town.went(campaign_id) == {}
    assert town.scene.count(Message, Message.status == MessageStatus.DROPPED) == 6
    reasons = {row.reason for row in town.recipients(campaign_id).values() if row.state is RecipientState.SKIPPED}
    assert reasons == {"campaign-stopped"}


def test_a_stop_between_claim_and_call_is_heard(town: Town) -> None:
    campaign_id = town.campaign(IDS)
    town.start(campaign_id)
    release(town.clinic, TEN)
    town.scene.set(Campaign, Campaign.id == campaign_id, state=CampaignState.STOPPED)
    assert town.scene.deliver().dropped == 10


def test_staff_hours_are_the_pace(town: Town) -> None:
    campaign_id = town.campaign(IDS, replies_an_hour=2, response_rate=0.5)
    town.start(campaign_id)
    gone = []
    for minutes in (0, 30, 55, 60):
        release(town.clinic, TEN + minutes * MINUTE)
        gone.append(len([row for row in town.recipients(campaign_id).values() if row.message_id]))
    assert gone == [0, 2, 4, 4]  # Four an hour: two answers.
    evening = TEN + timedelta(hours=8)
    release(town.clinic, evening)
    assert len([row for row in town.recipients(campaign_id).values() if row.message_id]) == 4  # Nobody is there.


def test_own_words_go_only_where_they_are_approved(town: Town) -> None:
    for number, language in ((1, "es"), (2, "es-MX"), (3, "ko")):
        town.scene.set(Patient, Patient.patient_id == f"p{number}", language=language)
    arms = [ArmText(name="all", words={"en": ENGLISH})]
    campaign_id = town.campaign(IDS, arms=arms)
    translated = making.translate(
        town.clinic, campaign_id, arm="all", language="es", body=SPANISH, reviewer="R. Diaz",
        qualification="court interpreter", reviewed_on=TEN.date(), actor_id="ann", now=TEN,
    )  # fmt: skip
    assert translated is None
    town.start(campaign_id)
    release(town.clinic, TEN)
    town.scene.deliver()
    went = town.went(campaign_id)
    assert {who: went[who].language for who in ("p1", "p2", "p4")} == {"p1": "es", "p2": "es", "p4": "en"}
    assert "edificio" in went["p1"].body
    assert town.recipients(campaign_id)["p3"].reason == "not-in-their-language"


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ({"en": "Reply STOP or YES to come."}, "carrier-word"),
        ({"en": "Your {diagnosis} is ready."}, "unknown-field"),
        ({"en": "Your cancer screening is due."}, "telling"),
        ({"en": "x" * 400}, "too-long"),
        ({"en": "Curly \u201cquotes\u201d."}, "odd-character"),
        ({"xx": "Hm."}, "no-language"),
        ({"en": "  "}, "empty"),
    ],
)
def test_words_are_read_before_anybody_gets_them(town: Town, words: dict[str, str], fault: str) -> None:
    draft = Draft(name="Words", arms=[ArmText(name="all", words=words)])
    made = making.create(town.clinic, draft, IDS, actor_id="ann", now=TEN)
    assert isinstance(made, Faulty)
    found = [one for value in made.faults.values() for one in value if not isinstance(one, str)]
    assert fault in {str(one.fault) for one in found}
    assert town.scene.count(Campaign, Campaign.id.is_not(None)) == 0


@pytest.mark.parametrize("key", ["appointment/reminder_last", "general/help", "none/such"])
def test_a_text_about_a_visit_is_no_campaigns(town: Town, key: str) -> None:
    draft = Draft(name="Visit", arms=[ArmText(name="all", text_key=key)])
    assert isinstance(making.create(town.clinic, draft, IDS, actor_id="ann", now=TEN), Faulty)


def progress_of(town: Town, campaign_id: str) -> Any:
    with town.clinic.database.read() as connection:
        return progress(connection, plan(town, campaign_id))


def test_a_trial_goes_to_the_staff_and_never_to_a_patient(town: Town) -> None:
    campaign_id = town.campaign(IDS)
    ask: dict[str, Any] = {"arm": "all", "language": "es", "actor_id": "sue", "now": TEN}
    assert trials.ask(town.clinic, campaign_id, **ask) is NotTried.NO_PHONE
    assert trials.ask(town.clinic, campaign_id, phone="12", **ask) is NotTried.BAD_PHONE
    assert trials.ask(town.clinic, campaign_id, phone="+1 601 555 0101", **ask) is NotTried.PATIENTS_PHONE
    town.on_call("sue", "+16015550190")
    trial_id = trials.ask(town.clinic, campaign_id, **ask)
    assert not isinstance(trial_id, NotTried)
    assert trials.any_due(town.clinic)
    assert asyncio.run(trials.send(town.clinic, town.scene.carrier)) == 1
    assert asyncio.run(trials.send(town.clinic, town.scene.carrier)) == 0
    (text,) = town.scene.carrier.sent
    assert (text.to, text.status_callback) == ("+16015550190", None)
    assert text.body.startswith("[TEST] ")
    assert "Ana" in text.body
    assert town.scene.count(CampaignTrial, CampaignTrial.state == NoticeState.SENT) == 1
    assert town.scene.count(Message, Message.id.is_not(None)) == 0
