"""Campaigns in the console: drafted in steps, forecast, approved by a second person, started, paused, stopped."""

from __future__ import annotations

import csv
import io
import re

import pytest
from sqlalchemy import select

from bot.core.campaigns import CampaignState, RecipientState
from bot.core.fuses import Blown, Guards, Limit, Trip
from bot.services import fuses
from bot.services.campaigns import forecast
from bot.services.campaigns.cohort import LEFT
from bot.services.campaigns.release import release
from bot.services.limits import set_limit
from bot.store.tables import (
    Appointment,
    AuditEntry,
    Campaign,
    CampaignForecast,
    CampaignRecipient,
    CampaignText,
    CampaignTrial,
    Fuse,
    Message,
    Patient,
    User,
)
from tests.web.console.desk import Browser, Desk
from tests.web.console.drafts import NEW, OWN, changed, drafted, segment, start, step

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_a_campaign_is_drafted_in_steps_forecast_and_started(
    town: Desk, people: tuple[Browser, Browser, Browser]
) -> None:
    ana, sam, _olga = people
    which = segment(town, {"all": []})
    page = ana.get(f"{NEW}?source=s.{which}").text
    assert re.search(rf'value="s.{which}" selected', page)
    answer = step(ana, page, "to.text", name=" ", source="", goal="replied", location="")
    assert answer.status_code == 422
    assert "Choose a segment or a list." in answer.text
    page = step(ana, page, "to.text", name="Autumn", source=f"s.{which}", goal="booked", location="").text
    assert "6 patients" in page
    assert "5 can be sent texts." in page
    # What only answers, or offers a time to one, begins no campaign.
    assert "Recalls: invite" in page
    assert "Check-ins: yes noted" not in page
    assert "Earlier times" not in page
    page = step(ana, page, "look", a_kind="template", a_template="recall/invite").text
    assert page.count('class="sms"') == 3
    assert 'lang="es"' in page
    assert 'dir="rtl"' in page
    page = step(ana, page, "to.pace", a_kind="template", a_template="recall/invite").text
    answer = step(ana, page, "make", daily_cap="none", hold_out="90")
    assert answer.status_code == 422
    assert answer.text.count("Write a whole number within the limits.") == 2
    at = step(ana, page, "make", daily_cap="4", replies_an_hour="", starts_at="", ends_at="").location
    row = town.row(Campaign)
    assert (row.name, row.size, row.daily_cap, row.goal, row.state) == ("Autumn", 6, 4, "booked", "draft")
    assert row.cohort["segment"] == which
    page = ana.get(at).text
    assert "Everybody" in page
    assert "Start the campaign" not in page
    page = ana.post(f"{at}/forecast", {"days": "0"}).text
    assert "Write a number from 1 to" in page
    assert ana.post(f"{at}/forecast", {"days": "5"}).status_code == 303
    page = ana.get(at).text
    assert re.search(r"<dt>Texts</dt><dd>5</dd>", page)
    assert "the patient has opted out of texts" in page
    assert "Willow Clinic: Rosa, es hora" in page
    assert town.row(AuditEntry, AuditEntry.action == "campaign.samples").object_id == row.id
    assert ana.post(f"{at}/do", {"do": "start"}).status_code == 403
    assert sam.post(f"{at}/do", start(town)).status_code == 303
    release(town.clinic, town.now)
    page = sam.get(at).text
    # Who comes first is drawn by lot; the one who said no may be among them.
    assert re.search(r'<progress max="6" value="[01]"', page)
    assert re.search(r"<dt>Being sent</dt><dd>[34]</dd>", page)
    assert "Pause" in page
    assert re.search(r"6 patients", ana.get("/console/campaigns").text)
    assert sam.post(f"{at}/do", {"do": "pause"}).status_code == 303
    assert town.row(Campaign).state is CampaignState.PAUSED
    live = sam.get(f"{at}/progress?was=paused").text
    assert live.lstrip().startswith("<section")
    assert "Paused" in live
    assert sam.get(f"{at}/progress?was=running").headers["HX-Refresh"] == "true"
    sam.post(f"{at}/do", {"do": "resume"})
    assert town.row(Campaign).state is CampaignState.RUNNING
    sam.post(f"{at}/do", {"do": "stop"})
    assert town.row(Campaign).state is CampaignState.STOPPED
    assert (
        "It is not in a state for that any more." in sam.post(f"{at}/do", {"do": "resume"}, follow_redirects=True).text
    )


def test_a_large_one_needs_a_second_person(town: Desk, people: tuple[Browser, Browser, Browser]) -> None:
    _ana, sam, olga = people
    set_limit(town.clinic, Limit.APPROVAL_SIZE, 3, actor_id="test", now=town.now)
    at = drafted(sam, segment(town, {"all": []}))
    page = sam.get(at).text
    assert "a second person approves it first" in page
    assert "Approve this campaign" not in page
    assert "has to approve it first" in sam.post(f"{at}/do", start(town), follow_redirects=True).text
    version = {"version": str(town.row(Campaign).version)}
    assert "Nobody approves" in sam.post(f"{at}/approve", version, follow_redirects=True).text
    assert "Somebody has changed it" in olga.post(f"{at}/approve", {"version": "0"}, follow_redirects=True).text
    assert "Approve this campaign" in olga.get(at).text
    assert "Approved." in olga.post(f"{at}/approve", version, follow_redirects=True).text
    page = sam.get(at).text
    shown = re.findall(r'name="version" value="(\d+)"><button class="primary" name="do" value="start"', page)
    assert shown == [start(town)["version"]]
    old = start(town)
    town.change(Campaign, Campaign.id == town.row(Campaign).id, version=Campaign.version + 1)
    assert "Somebody has changed it" in sam.post(f"{at}/do", old, follow_redirects=True).text
    assert "It is started." in sam.post(f"{at}/do", start(town), follow_redirects=True).text
    assert "Olga Reyes" in sam.get(at).text


def test_who_leaves_the_segment_before_the_start_gets_nothing(
    town: Desk, people: tuple[Browser, Browser, Browser]
) -> None:
    _ana, sam, _olga = people
    at = drafted(sam, segment(town, {"language": {"among": ["es"]}}))
    assert town.row(Campaign).size == 3
    town.change(Patient, Patient.patient_id == "P-010", language="en")
    town.change(Patient, Patient.patient_id == "P-011", language="vi")
    sam.post(f"{at}/forecast", {"days": "3"})
    assert "2 patients do not belong to the segment any more and get nothing." in sam.get(at).text
    town.change(Patient, Patient.patient_id == "P-011", language="es")
    # Somebody new is not added: the campaign was forecast for those whom it has.
    town.change(Patient, Patient.patient_id == "P-014", language="es")
    page = sam.post(f"{at}/do", start(town), follow_redirects=True).text
    assert "they do not belong to the segment any more" in page
    with town.clinic.database.read() as connection:
        columns = CampaignRecipient.patient_id, CampaignRecipient.state, CampaignRecipient.reason
        rows = connection.execute(select(*columns).order_by(CampaignRecipient.patient_id)).all()
    assert [tuple(row) for row in rows] == [
        ("P-010", RecipientState.SKIPPED, LEFT),
        ("P-011", RecipientState.WAITING, None),
        ("P-012", RecipientState.WAITING, None),
    ]


def test_own_words_two_texts_and_a_hold_out(town: Desk, people: tuple[Browser, Browser, Browser]) -> None:
    _ana, sam, _olga = people
    which = segment(town, {"all": []})
    page = sam.get(NEW).text
    page = step(sam, page, "to.text", name="Flu", source=f"s.{which}", location="").text
    answer = step(sam, page, "to.pace", a_kind="own", a_words="{nam}, reply STOP", b_use="yes", b_kind="template")
    assert answer.status_code == 422
    for words in ("There is no field {nam}", "It offers STOP as an answer", "Choose a text from the list."):
        assert words in answer.text
    text = {"a_kind": "own", "a_words": OWN, "b_use": "yes", "b_kind": "template", "b_template": "recall/invite"}
    page = step(sam, page, "look", **text).text
    assert "Maria, new hours are here." in page
    assert "the text is not in their language" in page
    at = drafted(sam, which, text=text, hold_out="20")
    row = town.row(Campaign)
    assert [(arm["name"], arm["share"]) for arm in row.arms] == [("A", 80), ("B", 80), ("hold-out", 40)]
    page = sam.get(at).text
    assert "Add a translation" in page
    given = {"arm": "A", "language": "es", "body": "{name}, horario. STOP.", "reviewer": "", "qualification": "x"}
    assert sam.post(f"{at}/translation", {**given, "on": "2999-01-01"}).status_code == 422
    assert sam.post(f"{at}/translation", {**given, "on": "2026-11-20"}).status_code == 422
    good = {"body": "{name}, hay horario nuevo. Llame al {phone}.", "reviewer": "Lucía Ortega"}
    page = sam.post(f"{at}/translation", {**given, **good, "on": "2026-11-20"}, follow_redirects=True).text
    assert "There in English, Spanish." in page
    assert town.row(CampaignText, CampaignText.language == "es").reviewer == "Lucía Ortega"
    page = sam.post(f"{at}/do", start(town), follow_redirects=True).text
    assert "Get nothing" in page
    assert "Reached the goal" in page


def test_its_patients_are_a_file_without_names_and_audited(
    town: Desk, people: tuple[Browser, Browser, Browser]
) -> None:
    ana, sam, _olga = people
    at = drafted(sam, segment(town, {"all": []}))
    sam.post(f"{at}/do", start(town))
    release(town.clinic, town.now)
    assert ana.get(f"{at}/patients.csv").status_code == 403
    answer = sam.get(f"{at}/patients.csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["patient_id"] for row in rows] == [f"P-{number:03}" for number in range(10, 16)]
    assert rows[2]["state"] == "skipped"
    assert "Rosa" not in answer.text
    assert town.row(AuditEntry, AuditEntry.action == "campaign.export").detail == {"size": 6}


def test_a_campaign_goes_to_the_patients_of_ones_places(town: Desk, people: tuple[Browser, Browser, Browser]) -> None:
    ana, sam, olga = people
    town.visit(1, "P-010")
    town.visit(2, "P-011")
    town.change(Appointment, Appointment.appointment_id == "V-2", location="Elm St")
    elsewhere = drafted(olga, segment(town, {"all": []}))
    town.change(User, User.name == "Sam Lee", locations=["Main St"])
    assert sam.get(elsewhere).status_code == 403
    assert sam.post(f"{elsewhere}/do", {"do": "start"}).status_code == 403
    assert "Autumn" not in sam.get("/console/campaigns").text
    page = sam.get(NEW).text
    which = segment(town, {"language": {"among": ["es"]}}, "Spanish")
    typed = {"name": "Here", "source": f"s.{which}"}
    assert step(sam, page, "to.text", **typed, location="").status_code == 422
    page = step(sam, page, "to.text", **typed, location="Main St").text
    page = step(sam, page, "to.pace", a_kind="template", a_template="recall/invite").text
    at = step(sam, page, "make").location
    row = town.row(Campaign, Campaign.name == "Here")
    assert (row.size, row.location, row.cohort["locations"]) == (2, "Main St", ["Main St"])
    assert sam.get(at).status_code == 200
    assert ana.get(at).status_code == 200
    assert sam.get(f"{at}/patients.csv").status_code == 200
    # A colleague draws other places' patients into it: they are not its author's to read.
    changed(olga, at, pace={}, source=f"s.{which}")
    assert town.row(Campaign, Campaign.name == "Here").cohort["locations"] == []
    assert sam.get(at).status_code == 403
    town.change(Campaign, Campaign.name == "Here", location="Main St")
    assert sam.get(at).status_code == 200  # Staff of Main St answer.
    assert sam.get(f"{at}/patients.csv").status_code == 403


def test_a_draft_is_deleted_with_a_forecast_that_nobody_has_made_yet(
    town: Desk, people: tuple[Browser, Browser, Browser]
) -> None:
    _ana, sam, _olga = people
    at = drafted(sam, segment(town, {"all": []}))
    forecast.request(town.clinic, town.row(Campaign).id, days=9, actor_id="test", now=town.now)
    assert "being worked out: 0 of 6" in sam.get(at).text
    assert town.row(CampaignForecast).finished_at is None
    assert sam.post(f"{at}/do", {"do": "dance"}).status_code == 400
    assert sam.post(f"{at}/do", {"do": "discard"}).status_code == 303
    assert sam.get(at).status_code == 404
    with town.clinic.database.read() as connection:
        assert connection.execute(select(Message.id)).all() == []


def test_what_is_carried_along_may_be_nonsense(town: Desk, people: tuple[Browser, Browser, Browser]) -> None:
    ana, _sam, _olga = people
    which = segment(town, {"all": []})
    for tally in ("{", "[]", '{"es": 3}', '{"es": {"colour": 3}}', '{"es": {"reached": "x"}}'):
        sent = {"step": "text", "do": "look", "tally": tally, "source": f"s.{which}", "name": "x"}
        assert ana.post(NEW, sent).status_code == 200
    assert ana.post(NEW, {"step": "colour", "do": "to.colour"}).status_code == 200
    assert ana.post(NEW, {"do": "make", "source": "l.nothing"}).status_code == 422
    assert ana.get("/console/campaigns?from=x").status_code == 200


def test_a_blown_fuse_says_why_and_a_person_lets_it_go_on(town: Desk, people: tuple[Browser, Browser, Browser]) -> None:
    ana, sam, olga = people
    at = drafted(sam, segment(town, {"all": []}))
    sam.post(f"{at}/do", start(town))
    which = town.row(Campaign).id
    fuses.blow(town.clinic, Guards.CAMPAIGN, which, Trip(Blown.OPT_OUTS, 41.5, 30), now=town.now)
    fuses.blow(town.clinic, Guards.TEMPLATE, "survey/ask", Trip(Blown.REPLIES, 90, 75), now=town.now)
    fuses.blow(town.clinic, Guards.CLINIC, "", Trip(Blown.VANISHED, 12, 5), now=town.now)
    page = sam.get(at).text
    assert "Too many opted out: 41.5 of 1,000, 30 at most." in page
    assert "An import called off too many visits" in page
    assert "survey" not in page
    assert "Answers came too fast" in sam.get("/console/campaigns").text
    page = ana.get(at).text
    assert "Too many opted out" in page
    assert "Let it go on" not in page
    fuse_id = town.row(Fuse, Fuse.guards == Guards.CAMPAIGN).id
    assert ana.post(f"/console/fuses/{fuse_id}/reset").status_code == 403
    clinic_wide = town.row(Fuse, Fuse.guards == Guards.CLINIC).id
    town.change(User, User.name == "Olga Reyes", locations=["Main St"])
    assert olga.post(f"/console/fuses/{clinic_wide}/reset").status_code == 403
    assert olga.post(f"/console/fuses/{fuse_id}/reset").status_code == 403
    answer = sam.post(f"/console/fuses/{fuse_id}/reset", {"campaign": which})
    assert answer.status_code == 303
    assert answer.location.endswith(at)
    assert "Too many opted out" not in sam.get(at).text
    assert "Resume" in sam.get(at).text
    assert sam.post(f"/console/fuses/{fuse_id}/reset").status_code == 404


def test_a_text_of_it_is_sent_to_oneself(town: Desk, people: tuple[Browser, Browser, Browser]) -> None:
    ana, _sam, _olga = people
    at = drafted(ana, segment(town, {"all": []}))
    asked = {"arm": "A", "language": "es", "phone": ""}
    assert "you are on no rung" in ana.post(f"{at}/try", asked).text
    answer = ana.post(f"{at}/try", {**asked, "phone": Desk.phone(10)})
    assert answer.status_code == 422
    assert "A patient is reached at that number" in answer.text
    page = ana.post(f"{at}/try", {**asked, "phone": "601-555-0187"}, follow_redirects=True).text
    assert "The test is on its way to you." in page
    assert re.search(r"A · Spanish · [^<]* · on its way", page)
    assert town.row(CampaignTrial).language == "es"
