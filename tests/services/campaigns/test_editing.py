"""A draft is changed: what is asked for and no more, never over somebody else's change, and its approval is gone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.core.campaigns import CampaignState, RecipientState
from bot.core.cohort_data import read
from bot.core.people import PatientStatus
from bot.services.campaigns import editing, making, running
from bot.services.campaigns.cohort import LEFT, described, draw, refresh
from bot.services.campaigns.editing import Edited
from bot.services.campaigns.making import ArmText, Draft, Faulty, Refused
from bot.store.tables import AuditEntry, CampaignText, Patient
from tests.services.campaigns.town import TEN, Town
from tests.services.sending import Scene

SIZE = 20
ACTIVE = described(read({"version": 1, "where": {"status": {"among": ["active"]}}}), name="Active", locations=())
SPANISH = described(read({"version": 1, "where": {"language": {"among": ["es"]}}}), name="Es", locations=())
A = ArmText(name="A", share=1, text_key="recall/invite")
OUT = ArmText(name="hold-out", share=1)
OWN = {"en": "Hello {name}, our new building opens on Monday."}


@pytest.fixture
def town(scene: Scene) -> Town:
    """Twenty patients, Ann who drafts, Sue and Tom who supervise."""
    scene.now = TEN
    made = Town(scene)
    made.settle(SIZE)
    for name in ("sue", "tom"):
        made.user(name)
    return made


def drafted(town: Town, **changes: Any) -> str:
    return town.campaign(list(draw(town.clinic, ACTIVE, TEN)), cohort=ACTIVE, arms=[A], **changes)


def edit(
    town: Town, campaign_id: str, *, by: str = "ann", redraw: bool = False, seen: int | None = None, **changes: Any
) -> Edited | Faulty | Refused:
    row = town.row(campaign_id)
    wanted = {"name": row.name, "arms": [A], "cohort": row.cohort, "goal": row.goal, **changes}
    return editing.edit(
        town.clinic, campaign_id, Draft(**wanted), redraw=redraw, actor_id=by, now=town.scene.now,
        seen=row.version if seen is None else seen,
    )  # fmt: skip


def test_only_what_is_another_is_changed_and_the_trail_says_what(town: Town) -> None:
    campaign_id = drafted(town)
    before = town.recipients(campaign_id)
    assert edit(town, campaign_id) == Edited()
    assert town.row(campaign_id).edited_at is None
    starts = TEN + timedelta(days=1)
    done = edit(town, campaign_id, name="Winter", daily_cap=7, starts_at=starts, response_rate=0.2)
    assert done == Edited(["name", "daily_cap", "starts_at", "response_rate"])
    row = town.row(campaign_id)
    assert (row.name, row.daily_cap, row.starts_at, row.response_rate) == ("Winter", 7, starts, 0.2)
    assert (row.edited_at, row.state) == (TEN, CampaignState.DRAFT)
    assert town.recipients(campaign_id) == before
    with town.clinic.database.read() as connection:
        query = select(AuditEntry.detail).where(AuditEntry.action == "campaign.edit")
        (detail,) = connection.execute(query).scalars()
    assert detail == {"changed": ["name", "daily_cap", "starts_at", "response_rate"], "withdrew": False}


def test_a_rate_that_is_shown_in_whole_per_cent_keeps_its_fraction(town: Town) -> None:
    campaign_id = drafted(town, response_rate=0.2871)
    assert edit(town, campaign_id, response_rate=0.29) == Edited()
    assert edit(town, campaign_id, name="x").changed == ["name"]  # type: ignore[union-attr]
    assert town.row(campaign_id).response_rate == 0.2871


def test_an_approval_is_withdrawn_and_nobody_who_changed_it_gives_it(town: Town) -> None:
    campaign_id = drafted(town)
    now = {"now": town.scene.now}
    assert running.approve(town.clinic, campaign_id, actor_id="sue", **now) is None
    assert edit(town, campaign_id, by="sue") == Edited()
    assert town.state(campaign_id) is CampaignState.APPROVED
    done = edit(town, campaign_id, by="sue", daily_cap=3)
    assert done == Edited(["daily_cap"], withdrew=True)
    row = town.row(campaign_id)
    assert (row.state, row.approved_by, row.approved_at) == (CampaignState.DRAFT, None, None)
    assert running.approve(town.clinic, campaign_id, actor_id="sue", **now) is Refused.OWN_CAMPAIGN
    edit(town, campaign_id, by="ann", daily_cap=4)
    assert running.approve(town.clinic, campaign_id, actor_id="sue", **now) is Refused.OWN_CAMPAIGN
    assert running.approve(town.clinic, campaign_id, actor_id="tom", **now) is None


def test_who_wrote_its_spanish_does_not_approve_it(town: Town) -> None:
    campaign_id = town.campaign(["p1"], arms=[ArmText(name="A", words=OWN)])
    kept = {"reviewer": "Lucía", "qualification": "translator", "reviewed_on": TEN.date(), "now": TEN}
    for who in ("sue", "ann"):
        given = {"arm": "A", "language": "es", "body": "Hola {name}.", "actor_id": who, **kept}
        assert making.translate(town.clinic, campaign_id, **given) is None  # type: ignore[arg-type]
        assert town.row(campaign_id).editors == ["sue"]  # Its author is no editor besides.
    assert running.approve(town.clinic, campaign_id, actor_id="sue", now=TEN) is Refused.OWN_CAMPAIGN
    assert running.approve(town.clinic, campaign_id, actor_id="tom", now=TEN) is None


def test_nobody_writes_over_what_they_have_not_seen(town: Town) -> None:
    campaign_id = drafted(town)
    seen = town.row(campaign_id).version
    assert edit(town, campaign_id, name="First") == Edited(["name"])
    assert edit(town, campaign_id, name="Second", seen=seen) is Refused.CHANGED
    assert town.row(campaign_id).name == "First"
    assert running.approve(town.clinic, campaign_id, actor_id="sue", now=TEN, seen=seen) is Refused.CHANGED
    assert running.start(town.clinic, campaign_id, actor_id="sue", now=TEN, seen=seen) is Refused.CHANGED
    assert running.start(town.clinic, campaign_id, actor_id="sue", now=TEN, seen=town.row(campaign_id).version) is None


def test_what_has_begun_is_not_changed(town: Town) -> None:
    campaign_id = drafted(town)
    town.start(campaign_id)
    assert edit(town, campaign_id, name="x") is Refused.WRONG_STATE
    assert running.pause(town.clinic, campaign_id, actor_id="sue", now=TEN) is None
    assert edit(town, campaign_id, name="x") is Refused.WRONG_STATE
    assert isinstance(edit(town, campaign_id, name=""), Faulty)
    other = {"redraw": False, "seen": 1, "actor_id": "ann", "now": TEN}
    assert editing.edit(town.clinic, "none", Draft(name="x", arms=[A]), **other) is Refused.GONE  # type: ignore[arg-type]


def test_other_patients_take_the_place_of_those_there_were(town: Town) -> None:
    campaign_id = drafted(town)
    assert edit(town, campaign_id, redraw=True, cohort=SPANISH) == Edited(["patients"])
    spanish = set(draw(town.clinic, SPANISH, TEN))
    assert 0 < len(spanish) < SIZE
    row = town.row(campaign_id)
    assert set(town.recipients(campaign_id)) == spanish
    assert (row.size, row.cohort["name"], row.chore_id) == (len(spanish), "Es", None)


def test_other_arms_are_drawn_anew_for_the_same_patients(town: Town) -> None:
    campaign_id = drafted(town)
    town.scene.set(Patient, Patient.patient_id == "p1", status=PatientStatus.DECEASED)
    town.scene.set(Patient, Patient.patient_id == "p2", status=PatientStatus.DECEASED)
    row = town.row(campaign_id)
    town.scene.set(making.Campaign, making.Campaign.id == campaign_id, cohort={**row.cohort, "segment": "s"})
    refresh(town.clinic, campaign_id, actor_id="ann", now=TEN)
    before = town.recipients(campaign_id)
    assert edit(town, campaign_id, arms=[A, OUT]) == Edited(["arms"])
    stands = town.recipients(campaign_id)
    assert stands.keys() == before.keys()
    assert {(one.arm, one.state) for one in stands.values()} == {
        ("A", RecipientState.WAITING), ("A", RecipientState.SKIPPED), ("hold-out", RecipientState.HELD_OUT),
    } or {one.arm for who, one in stands.items() if who in ("p1", "p2")} == {"hold-out"}  # fmt: skip
    assert all(one.reason == LEFT for one in stands.values() if one.state is RecipientState.SKIPPED)
    assert edit(town, campaign_id, arms=[A]) == Edited(["arms"])
    assert {one.state for one in town.recipients(campaign_id).values()} <= {
        RecipientState.WAITING, RecipientState.SKIPPED,
    }  # fmt: skip
    assert {who: one.arm for who, one in town.recipients(campaign_id).items()} == dict.fromkeys(before, "A")


def test_other_words_leave_their_translations_to_be_approved_again(town: Town) -> None:
    own = ArmText(name="A", words=OWN)
    campaign_id = town.campaign(["p1"], arms=[own])
    kept = {"reviewer": "Lucía", "qualification": "translator", "reviewed_on": TEN.date(), "actor_id": "sue"}
    given = {"arm": "A", "language": "es", "body": "Hola {name}.", "now": TEN, **kept}
    assert making.translate(town.clinic, campaign_id, **given) is None
    assert edit(town, campaign_id, arms=[own]) == Edited()
    assert edit(town, campaign_id, arms=[ArmText(name="A", words={"en": "Hi {name}."})]) == Edited(["texts"])
    with town.clinic.database.read() as connection:
        plan = making.read(connection, town.clinic, campaign_id)
        rows = connection.execute(select(CampaignText.language, CampaignText.reviewer)).all()
    assert plan is not None
    assert {tag: (one.body, one.is_approved) for tag, one in plan.words["A"].items()} == {
        "en": ("Hi {name}.", False), "es": ("Hola {name}.", False),
    }  # fmt: skip
    assert {tuple(row) for row in rows} == {("en", None), ("es", "Lucía")}
    assert edit(town, campaign_id, arms=[A]) == Edited(["arms", "texts"])
    with town.clinic.database.read() as connection:
        assert connection.execute(select(CampaignText.arm)).all() == []
