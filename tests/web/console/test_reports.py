"""Reports in the console: numbers with their definitions, for one's own places, as a file, and in bounded time."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from bot.core.campaigns import CampaignState, Goal, RecipientState
from bot.core.escalation import Priority
from bot.core.people import AppointmentStatus, Participation
from bot.services.reporting import reading, roll_up
from bot.store.columns import new_id
from bot.store.tables import AuditEntry, Campaign, CampaignRecipient, Role, User
from tests.services.reporting.ledger import Ledger
from tests.web.console.desk import Browser, Desk

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def ledger(desk: Desk) -> Ledger:
    """Forty visits at Main St and twelve at Elm St, some missed; three people speak Vietnamese."""
    made = Ledger(desk.clinic)
    made.now = desk.now
    yesterday = desk.now - timedelta(days=1)
    for number in range(52):
        language = "vi" if number < 3 else "es" if number < 20 else "en"
        name = made.patient(f"P{number}", language=language, born=f"{1940 + number}-05-01")
        missed = number % 4 == 0
        made.visit(
            f"V{number}", name, yesterday, location="Main St" if number < 40 else "Elm St",
            status=AppointmentStatus.NOSHOW if missed else AppointmentStatus.FULFILLED,
            response=Participation.NEEDS_ACTION if missed else Participation.ACCEPTED,
        )  # fmt: skip
        made.sent(name, at=yesterday - timedelta(days=1), appointment_id=f"V{number}")
    roll_up.run_all(made.clinic)
    return made


@pytest.fixture
def ana(ledger: Ledger, browser_of: Callable[[str], Browser]) -> Browser:
    assert ledger.clinic
    return browser_of("Ana Ruiz")


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_each_number_stands_with_its_definition_and_what_it_is_divided_by(ana: Browser) -> None:
    page = ana.get("/console/reports").text
    assert "25.0 %" in page
    assert "13 missed, of 52 visits missed or kept" in page
    assert "Missed visits, of those missed or kept." in page
    assert 'style="' not in page
    for measure in reading.SHOWN:
        assert f'href="/console/reports/{measure}?period=30"' in page


def test_every_measure_has_a_page(ana: Browser) -> None:
    for asked in ("", "?period=365&language=es", "?period=2026-11&location=Main+St", "?period=x"):
        for measure in reading.SHOWN:
            answer = ana.get(f"/console/reports/{measure}{asked}")
            assert answer.status_code == 200, (measure, asked)
            assert 'style="' not in answer.text


def test_what_is_no_measure_has_none(ana: Browser) -> None:
    assert ana.get("/console/reports/answer_spread").status_code == 404
    assert ana.get("/console/reports/nonsense").status_code == 404


def test_a_chart_says_what_it_shows_and_a_table_stands_beside_it(ana: Browser) -> None:
    page = ana.get("/console/reports/no_show?period=7").text
    assert 'role="img" aria-labelledby="chart-title chart-desc"' in page
    assert "7 bars from 2026-11-17 to 2026-11-23" in page
    assert page.count('<rect class="bar"') > 1
    assert '2026-11-22</a></th><td class="worth">25.0 %</td><td>13</td><td>52</td>' in page
    assert "95 % interval: 15.2–38.2 %" in page


def test_too_small_groups_are_not_in_the_page_nor_in_the_file(ana: Browser) -> None:
    page = ana.get("/console/reports/no_show").text
    assert "too few to show" in page
    rows = rows_of(ana.get("/console/reports/export?measure=no_show").text)
    spoken = {row["group"]: row for row in rows if row["cut"] == "language"}
    assert spoken["vi"]["hidden"] == "yes"
    assert (spoken["vi"]["numerator"], spoken["vi"]["value"]) == ("", "")
    assert [row["hidden"] for row in spoken.values()].count("yes") == 2
    total = next(row for row in rows if row["cut"] == "total")
    assert (total["numerator"], total["denominator"], total["value"], total["unit"]) == ("13", "52", "25", "per cent")


def test_taking_a_file_away_is_on_record(ana: Browser, desk: Desk) -> None:
    answer = ana.get("/console/reports/export?period=7")
    assert answer.content_type.startswith("text/csv")
    assert "report-all-2026-11-17-2026-11-23.csv" in answer.headers["Content-Disposition"]
    assert {row["measure"] for row in rows_of(answer.text)} == set(reading.SHOWN)
    entry = desk.row(AuditEntry, AuditEntry.action == "reports.export")
    assert entry.detail == {"measure": "all", "from": "2026-11-17", "to": "2026-11-23"}


def test_an_account_of_one_place_sees_that_place_only(ana: Browser, desk: Desk) -> None:
    desk.change(User, User.name == "Ana Ruiz", locations=["Elm St"])
    assert "3 missed, of 12 visits missed or kept" in ana.get("/console/reports").text
    # Another place in the address changes nothing.
    assert "3 missed, of 12 visits missed or kept" in ana.get("/console/reports?location=Main+St").text
    assert "Main St" not in ana.get("/console/reports/no_show").text


def test_who_may_only_look_sees_them_too(ana: Browser, desk: Desk) -> None:
    desk.change(User, User.name == "Ana Ruiz", role=Role.READ_ONLY)
    assert ana.get("/console/reports").status_code == 200


def test_until_when_the_figures_tell_is_said(ana: Browser, desk: Desk) -> None:
    assert "They include today until 10:00 AM." in ana.get("/console/reports").text
    desk.wait(days=1)
    ana.sign_in()
    page = ana.get("/console/reports").text
    assert "The figures end with last night." in page
    assert "to 2026-11-23." in page


def test_a_page_takes_the_same_few_statements_however_much_there_is(
    ana: Browser, ledger: Ledger, count_queries: Callable[[], int]
) -> None:
    paths = ("/console/reports?period=365", "/console/reports/no_show?period=365&language=es")

    def asked() -> list[int]:
        counts = []
        for path in paths:
            before = count_queries()
            assert ana.get(path).status_code == 200
            counts.append(count_queries() - before)
        return counts

    asked()
    few = asked()
    for number in range(100, 130):
        name = ledger.patient(f"P{number}", language="fr")
        for back in (1, 30, 60, 200):
            at = ledger.now - timedelta(days=back)
            ledger.visit(f"V{number}-{back}", name, at, status=AppointmentStatus.NOSHOW)
    roll_up.run_all(ledger.clinic, since=(ledger.now - timedelta(days=201)).date())
    many = asked()
    # Once there are months, they are read apart from days.
    assert max(many) <= 2 * max(few)
    roll_up.run_all(ledger.clinic, since=(ledger.now - timedelta(days=300)).date())
    assert asked() == many
    assert max(many) <= 20


def test_behind_a_number_stand_the_cases_of_ones_own_places_and_looking_is_on_record(ana: Browser, desk: Desk) -> None:
    page = ana.get("/console/reports/no_show?period=7").text
    assert 'href="/console/reports/no_show/2026-11-22"' in page
    listed = ana.get("/console/reports/no_show/2026-11-22").text
    assert listed.count('href="/console/patients/') == 13
    assert desk.row(AuditEntry, AuditEntry.action == "reports.cases").detail["count"] == 13
    assert ana.get("/console/reports/no_show/2026-11-22?location=Elm+St").text.count('href="/console/patients/') == 3
    desk.change(User, User.name == "Ana Ruiz", locations=["Elm St"])
    assert ana.get("/console/reports/no_show/2026-11-22").text.count('href="/console/patients/') == 3
    assert ana.get("/console/reports/confirmation/2026-11-22").status_code == 200
    for gone in ("reach/2026-11-22", "no_show/yesterday", "no_show/0001-01-01"):
        assert ana.get(f"/console/reports/{gone}").status_code == 404


def test_behind_a_breach_stands_what_was_answered_late(ana: Browser, ledger: Ledger) -> None:
    ledger.case("P1", Priority.URGENT, at=ledger.now - timedelta(hours=2))
    ledger.case("P2", Priority.URGENT, at=ledger.now - timedelta(minutes=2))
    listed = ana.get("/console/reports/breach/2026-11-23").text
    assert listed.count('href="/console/escalations/') == 1


def campaign(ledger: Ledger, name: str, drawn: int, **more: Any) -> None:
    """A campaign that began a week ago: half of its patients were held out; others have more visits made since."""
    began, key = ledger.now - timedelta(days=7), new_id()
    texts = {"text": "recall/invite", "hold-out": None}
    arms = [{"name": arm, "share": 1, "text_key": text} for arm, text in texts.items()]
    ledger.add(
        Campaign, id=key, name=name, state=CampaignState.FINISHED, goal=Goal.BOOKED, arms=arms, author_id="ana",
        started_at=began, created_at=began, updated_at=began, **more,
    )  # fmt: skip
    for number in range(drawn):
        ledger.add(
            CampaignRecipient, campaign_id=key, patient_id=f"P{number}", place=number, zone="America/Chicago",
            arm="hold-out" if number % 2 else "text", state=RecipientState.HELD_OUT, updated_at=began,
        )  # fmt: skip


def test_what_a_campaign_changed_stands_beside_its_hold_out(ana: Browser, ledger: Ledger, desk: Desk) -> None:
    campaign(ledger, "Flu shots", 52)
    campaign(ledger, "A few", 20)
    for number in range(0, 40, 2):
        ledger.visit(f"since {number}", f"P{number}", ledger.now, created_at=ledger.now - timedelta(days=2))
    page = ana.get("/console/reports/hold-outs").text
    # 20 of 26 less 0 of 26.
    assert "+76.9 points" in page
    assert "+54.0 to +89.0 points" in page
    assert page.count("too few to show") == 1
    desk.change(User, User.name == "Ana Ruiz", locations=["Elm St"])
    assert "Flu shots" not in ana.get("/console/reports/hold-outs").text
