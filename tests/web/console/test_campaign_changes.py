"""A campaign's draft changed in the console, and its patients put into the line behind the page."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from bot.core.campaigns import CampaignState
from bot.core.chores import ChoreKind
from bot.core.fuses import Limit
from bot.services import chores
from bot.services.limits import set_limit
from bot.store.tables import AuditEntry, Campaign, CampaignText, Chore, User
from tests.web.console.desk import Browser, Desk
from tests.web.console.drafts import OWN, changed, drafted, edited, fields, segment, start

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_a_draft_is_changed_in_the_same_steps_and_its_approval_is_gone(
    town: Desk, people: tuple[Browser, Browser, Browser]
) -> None:
    ana, sam, olga = people
    set_limit(town.clinic, Limit.APPROVAL_SIZE, 3, actor_id="test", now=town.now)
    at = drafted(
        ana, segment(town, {"all": []}), text={"a_kind": "own", "a_words": OWN}, daily_cap="4", hold_out="20",
        starts_at="2030-01-05T09:00",
    )  # fmt: skip
    spanish = segment(town, {"language": {"among": ["es"]}}, "Spanish")
    page = ana.get(f"{at}/edit").text
    assert fields(page)["name"] == "Autumn"
    assert fields(page)["source"] == "kept"
    answer = changed(ana, at, pace={})
    assert answer.location.endswith(at)
    assert "Nothing was changed." in ana.get(at).text
    assert olga.post(f"{at}/approve", {"version": str(town.row(Campaign).version)}).status_code == 303
    assert town.row(Campaign).state is CampaignState.APPROVED
    assert "It is approved. Any change withdraws that" in sam.get(f"{at}/edit").text
    seen = sam.get(f"{at}/edit").text
    assert changed(sam, at, pace={"daily_cap": "9"}).status_code == 303
    page = sam.get(at).text
    assert "Its approval is withdrawn" in page
    assert "You drafted or changed it" in page
    row = town.row(Campaign)
    assert (row.state, row.daily_cap, row.approved_by, row.size) == (CampaignState.DRAFT, 9, None, 6)
    assert town.row(AuditEntry, AuditEntry.action == "campaign.edit").detail["withdrew"] is True
    # Somebody who opened the form before that is told, and may then put theirs in its place.
    late = changed(ana, at, page=seen, pace={"daily_cap": "5"}, source=f"s.{spanish}", name="Otoño")
    assert late.status_code == 409
    assert "Somebody has changed this draft since you opened it." in late.text
    assert town.row(Campaign).daily_cap == 9
    assert edited(ana, at, late.text, "make").status_code == 303
    row = town.row(Campaign)
    assert (row.name, row.daily_cap, row.size, row.cohort["name"]) == ("Otoño", 5, 3, "Spanish")
    assert [arm["share"] for arm in row.arms] == [80, 20]
    assert town.row(CampaignText).body == OWN


def test_what_may_not_be_changed_says_so(town: Desk, people: tuple[Browser, Browser, Browser]) -> None:
    ana, sam, _olga = people
    at = drafted(sam, segment(town, {"all": []}))
    assert ana.get("/console/campaigns/none/edit").status_code == 404
    form = {"do": "make", "source": "kept", "name": "", "version": "1"}
    assert ana.post(f"{at}/edit", form).status_code == 422
    town.change(Campaign, Campaign.id == town.row(Campaign).id, arms=[{"name": "z", "share": 1, "text_key": "x"}])
    page = ana.get(f"{at}/edit", follow_redirects=True).text
    assert "This draft was not made here" in page
    town.change(Campaign, Campaign.id == town.row(Campaign).id, state=CampaignState.RUNNING)
    assert "It is not in a state for that any more." in ana.get(f"{at}/edit", follow_redirects=True).text
    town.change(User, User.name == "Ana Ruiz", locations=["Main St"])
    assert ana.get(f"{at}/edit").status_code == 403


def test_a_forecast_from_before_a_change_is_not_shown(town: Desk, people: tuple[Browser, Browser, Browser]) -> None:
    ana, _sam, _olga = people
    at = drafted(ana, segment(town, {"all": []}))
    ana.post(f"{at}/forecast", {"days": "3"})
    assert re.search(r"<dt>Texts</dt><dd>5</dd>", ana.get(at).text)
    town.now += timedelta(minutes=1)
    changed(ana, at, pace={"daily_cap": "2"})
    page = ana.get(at).text
    assert "The draft was changed after its days ahead were worked out." in page
    assert "<dt>Texts</dt>" not in page


def test_while_its_patients_are_put_into_the_line_the_page_shows_how_many(
    town: Desk, people: tuple[Browser, Browser, Browser]
) -> None:
    _ana, sam, _olga = people
    at = drafted(sam, segment(town, {"all": []}))
    which, now = town.row(Campaign).id, town.now
    with town.clinic.database.begin() as connection:
        data = {"phase": "clear", "after": "", "zones": []}
        chore_id = chores.add(connection, ChoreKind.DRAW, which, author_id="x", now=now, data=data, total=9)
    town.change(Campaign, Campaign.id == which, chore_id=chore_id, size=0)
    page = sam.get(at).text
    assert "0 of 9" in page
    assert "Start the campaign" not in page
    assert "Show the days ahead" not in page
    assert "0 so far." in sam.get("/console/campaigns").text
    assert sam.get(f"{at}/making").text.lstrip().startswith("<section")
    assert "still being put into the line" in sam.post(f"{at}/do", start(town), follow_redirects=True).text
    assert "still being put" in sam.post(f"{at}/forecast", {"days": "2"}, follow_redirects=True).text
    town.change(Chore, Chore.id == chore_id, error="failed", finished_at=now)
    assert "Try again" in sam.get(at).text
    assert sam.post(f"{at}/again").status_code == 303
    assert town.row(Campaign).size == 6
    assert sam.get(f"{at}/making").headers["HX-Refresh"] == "true"
