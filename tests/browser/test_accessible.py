"""Every page of the console against the WCAG 2.2 AA rules that a machine can check: light, dark, wide and narrow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import insert
from werkzeug.routing import Rule

from bot.core.cohort_data import read
from bot.core.fuses import Blown, Guards, Trip
from bot.core.people import AppointmentStatus
from bot.services import fuses, invitations
from bot.services.campaigns import forecast, making, running
from bot.services.campaigns.cohort import described
from bot.services.campaigns.making import ArmText
from bot.services.clinic import Clinic
from bot.services.loops.opening import Opening, open_loop
from bot.store.columns import new_id
from bot.store.tables import Appointment, CannedReply, Cohort, Location, OnCall, Resource, Role
from bot.web.app import create_app
from tests.browser.conftest import Served, sign_in

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = """async (tags) => (await axe.run(document, {runOnly: tags, resultTypes: ["violations"]})).violations
    .flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.target.join(" ")} ${node.failureSummary || ""}`))"""
NO_PAGES = {"console.live", "console.alarm", "console.today_live", "console.escalation", "console.elsewhere",
            "console.campaign_progress", "console.campaign_making", "console.campaign_forecast_making",
            "console.lists_reading"}
SEGMENT = {"version": 1, "where": {"all": [
    {"language": {"among": ["es"]}}, {"not": {"upcoming": {"within_days": 9}}}, {"age": {"least": 40}},
    {"journey": {"journey": "recall", "course": "ended"}},
]}}  # fmt: skip
SIZES = {"wide": (1280, 800), "narrow": (375, 740)}


@pytest.fixture
def clinic_in_use(served: Served) -> Served:
    """A clinic with something on every page."""
    desk = served.desk
    for number, (given, family, language) in enumerate(
        (("Rosa", "Delgado", "es"), ("عائشة", "رحمن", "ar"), ("James", "Whitfield", "en"))
    ):
        patient = desk.patient(10 + number, given, family, language=language)
        desk.visit(number + 1, patient, hours=20 + number)
        desk.visit(number + 50, patient, days=-30)
        desk.change(Appointment, Appointment.appointment_id == f"V-{number + 50}", status=AppointmentStatus.NOSHOW)
    desk.text(12, "yes")
    desk.text(10, "I cannot come, can we do Thursday after 3? And where do I park?")
    desk.text(11, "عندي ألم شديد في صدري ولا أستطيع التنفس")
    desk.text(44, "who is this")
    return served


@pytest.fixture
def named(clinic_in_use: Served) -> dict[str, str]:
    """What the addresses of pages stand for. A new kind of address is to be named here."""
    desk = clinic_in_use.desk
    clinic, now = desk.clinic, desk.clinic.clock()
    olga = desk.user("Olga Admin", Role.ADMIN)
    rows: dict[Any, dict[str, Any]] = {
        OnCall: {"rung": 1, "user_id": olga, "after_minutes": 5, "created_at": now},
        Resource: {"name": "Elm County Rides", "category": "transport", "created_at": now, "updated_at": now},
        Location: {"name": "Main St", "text_name": "Main Street", "timezone": "America/Chicago", "created_at": now,
                   "updated_at": now},
        Cohort: {"name": "At risk", "definition": SEGMENT, "owner_id": olga, "created_at": now, "updated_at": now},
        CannedReply: {"shortcut": "park", "title": "Parking", "created_by": olga, "created_at": now, "updated_at": now},
    }  # fmt: skip
    ids = {table: new_id() for table in rows}
    with clinic.database.begin() as connection:
        for table, values in rows.items():
            connection.execute(insert(table).values(id=ids[table], **values))
    invited = invitations.invite(
        clinic, email="new@clinic.test", role=Role.COORDINATOR, locations=(), actor_id=olga, now=now
    )
    with clinic.database.begin() as connection:
        recall = Opening(journey="recall", patient_id="P-011", kind="a1c", step="booking", details={"payer": "Example"})
        loop = open_loop(connection, clinic, recall, now)
        assert loop is not None
    return {
        "loop_id": loop,
        "patient_id": "P-010", "conversation_id": "talk-10", "appointment_id": "V-1", "user_id": olga,
        "rung_id": ids[OnCall], "resource_id": ids[Resource], "location_id": ids[Location],
        "reply_id": ids[CannedReply], "cohort_id": ids[Cohort], "campaign_id": _campaign(clinic, olga),
        "secret": invited.secret, "key": "appointment/booked", "language": "es", "measure": "no_show",
        "day": "2026-11-20",
    }  # fmt: skip


def _campaign(clinic: Clinic, author_id: str) -> str:
    """A campaign under way, with its days ahead on paper and a fuse that has blown."""
    now = clinic.clock()
    own = ArmText(name="A", words={"en": "{name}, we open at 7 AM now."})
    cohort = described(read(SEGMENT), name="At risk", locations=())
    made = making.create(
        clinic, making.Draft(name="Hours", arms=[own, ArmText(name="B", text_key="recall/invite")], cohort=cohort),
        ["P-010", "P-011", "P-012"], actor_id=author_id, now=now,
    )  # fmt: skip
    assert isinstance(made, making.Made)
    forecast.dry_run(clinic, made.campaign_id, days=3, actor_id=author_id, now=now)
    running.start(clinic, made.campaign_id, actor_id=author_id, now=now)
    fuses.blow(clinic, Guards.CAMPAIGN, made.campaign_id, Trip(Blown.OPT_OUTS, 40, 30), now=now)
    return made.campaign_id


def pages(served: Served, named: dict[str, str]) -> Iterator[str]:
    """The address of every page that a person may open."""
    for rule in sorted(create_app(served.desk.clinic).url_map.iter_rules(), key=lambda rule: rule.endpoint):
        if rule.endpoint.startswith("console.") and "GET" in (rule.methods or ()) and rule.endpoint not in NO_PAGES:
            yield _address(rule, named)


def _address(rule: Rule, named: dict[str, str]) -> str:
    address = rule.rule
    for name in rule.arguments:
        for form in (f"<{name}>", f"<path:{name}>"):
            address = address.replace(form, named[name])
    return address


@pytest.fixture
def look_at(clinic_in_use: Served, browser: Browser) -> Iterator[Callable[[str, str], Page]]:
    """`look_at("wide", "dark")`: a browser of that kind, signed in."""
    contexts = []

    def open_one(size: str, scheme: str) -> Page:
        width, height = SIZES[size]
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce", locale="en-US"
        )
        context.set_default_timeout(30_000)
        contexts.append(context)
        page = context.new_page()
        page.goto(f"{clinic_in_use.url}/console/")
        sign_in(page, "Olga Admin")
        page.wait_for_url("**/console/")
        return page

    yield open_one
    for context in contexts:
        context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", list(SIZES))
def test_no_page_breaks_a_rule(
    clinic_in_use: Served, named: dict[str, str], look_at: Callable[[str, str], Page], size: str, scheme: str
) -> None:
    page = look_at(size, scheme)
    source, broken, seen = AXE.read_text(), [], 0
    for address in pages(clinic_in_use, named):
        answer = page.request.get(f"{clinic_in_use.url}{address}")
        if not answer.headers.get("content-type", "").startswith("text/html"):
            continue
        assert answer.status == 200, address
        seen += 1
        page.goto(f"{clinic_in_use.url}{address}")
        page.evaluate(source)
        broken += [f"{address}: {fault}" for fault in page.evaluate(RUN, RULES)]
        sideways = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        broken += [f"{address}: {sideways} px wider than the screen"] if sideways > 0 else []
    assert broken == []
    assert seen >= 10
