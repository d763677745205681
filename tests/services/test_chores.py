"""Long work: a kill repeats nothing, two at once do it once, and what fails is tried again and then given up."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import select

from bot.core.campaigns import RecipientState
from bot.core.chores import ChoreKind
from bot.core.cohort_data import read
from bot.services import chore_kinds, chores, patient_lists
from bot.services.campaigns import drawing, forecast, running
from bot.services.campaigns.cohort import described
from bot.services.campaigns.making import ArmText, Draft, Refused
from bot.services.chores import AFTER_AN_ERROR, HELD_FOR, MOST_TRIES, Held, Work
from bot.services.clinic import Clinic
from bot.store.columns import AnyRow, new_id
from bot.store.tables import Campaign, CampaignForecast, Chore, ForecastLine, ListedPatient, PatientList
from tests.services.campaigns.town import TEN, Town
from tests.services.sending import Scene

SIZE = 20
EVERYBODY = described(read({"version": 1, "where": {"all": []}}), name="All", locations=())
DRAW: Work = partial(drawing.draw, together=3)
PLAY: Work = partial(forecast.fulfil, together=4)
LOOK_UP: Work = partial(patient_lists.look_up, together=2)


class Killed(BaseException):
    """`kill -9`: nothing is put right on the way out."""


def killed_after(steps: int) -> Callable[[], bool]:
    """Lets so many steps through."""
    left = [steps]

    def stop() -> bool:
        left[0] -= 1
        if left[0] <= 0:
            raise Killed
        return False

    return stop


def never() -> bool:
    return False


def run(town: Town, kind: ChoreKind, work: Work, stop: Callable[[], bool] = never) -> bool:
    return chores.run(town.clinic, {kind: work}, stop=stop)


def later(town: Town, after: timedelta = HELD_FOR) -> None:
    town.scene.now += after + timedelta(seconds=1)


def chore(town: Town) -> AnyRow:
    with town.clinic.database.read() as connection:
        return connection.execute(select(Chore.__table__).order_by(Chore.created_at.desc(), Chore.id.desc())).first()  # type: ignore[return-value]


@pytest.fixture
def town(scene: Scene) -> Town:
    """Twenty patients."""
    scene.now = TEN
    made = Town(scene)
    made.settle(SIZE)
    return made


def asked(town: Town, **changes: object) -> str:
    """A draft whose patients nobody has put into the line yet."""
    arms = [ArmText(name="A", share=3, text_key="recall/invite"), ArmText(name="hold-out", share=1)]
    draft = Draft(**{"name": "Autumn", "arms": arms, "cohort": EVERYBODY, **changes})  # type: ignore[arg-type]
    campaign_id, chore_id, now = new_id(), new_id(), town.scene.now
    with town.clinic.database.begin() as connection:
        drawing.put(connection, campaign_id, draft, actor_id="ann", now=now, chore_id=chore_id)
        drawing.ask(connection, campaign_id, drawing.Phase.DRAW, chore_id=chore_id, actor_id="ann", now=now)
    return campaign_id


def test_a_kill_repeats_nothing_and_somebody_else_goes_on(town: Town) -> None:
    campaign_id = asked(town)
    for kill in (2, 1, 3):
        with pytest.raises(Killed):
            run(town, ChoreKind.DRAW, DRAW, killed_after(kill))
        assert not run(town, ChoreKind.DRAW, DRAW)  # It is still theirs.
        later(town)
    assert chore(town).done == 18
    assert town.row(campaign_id).chore_id == chore(town).id
    assert running.start(town.clinic, campaign_id, actor_id="ann", now=town.scene.now) is Refused.BEING_MADE
    assert forecast.request(town.clinic, campaign_id, days=1, actor_id="ann", now=TEN) is Refused.BEING_MADE
    assert run(town, ChoreKind.DRAW, DRAW)
    row = town.row(campaign_id)
    assert (row.size, row.chore_id, chore(town).done) == (SIZE, None, SIZE)
    assert set(row.zones) == {one.zone for one in town.recipients(campaign_id).values()}
    assert set(town.recipients(campaign_id)) == {f"p{number}" for number in range(1, SIZE + 1)}
    assert not run(town, ChoreKind.DRAW, DRAW)
    assert running.start(town.clinic, campaign_id, actor_id="ann", now=town.scene.now) is None


def test_who_is_too_slow_finds_somebody_else_at_it_and_does_nothing_more(town: Town) -> None:
    campaign_id = asked(town)

    def overtaken() -> bool:
        later(town)
        assert run(town, ChoreKind.DRAW, DRAW)
        return False

    assert run(town, ChoreKind.DRAW, DRAW, overtaken)
    assert len(town.recipients(campaign_id)) == town.row(campaign_id).size == SIZE


def test_whoever_is_to_stop_lets_it_go_at_once(town: Town) -> None:
    asked(town)
    assert run(town, ChoreKind.DRAW, DRAW, lambda: True)
    assert (chore(town).done, chore(town).holder) == (3, None)
    assert town.scene.queue.hints["work"] == 1
    assert run(town, ChoreKind.DRAW, DRAW)
    assert chore(town).done == SIZE


def test_what_fails_is_tried_again_and_given_up_at_last(town: Town) -> None:
    campaign_id = asked(town)
    tries = []

    def fails(_clinic: Clinic, held: Held) -> Generator[None]:
        tries.append(held.id)
        raise RuntimeError("a patient's words")
        yield

    for _ in range(MOST_TRIES + 3):
        run(town, ChoreKind.DRAW, fails)
        assert not run(town, ChoreKind.DRAW, fails)  # Not before its time.
        later(town, AFTER_AN_ERROR)
    assert len(tries) == MOST_TRIES
    assert (chore(town).error, chore(town).finished_at is not None) == ("failed", True)
    assert town.row(campaign_id).chore_id is not None
    assert drawing.again(town.clinic, campaign_id, actor_id="ann", now=town.scene.now) is None
    assert town.row(campaign_id).size == SIZE
    assert drawing.again(town.clinic, campaign_id, actor_id="ann", now=town.scene.now) is Refused.WRONG_STATE


def test_what_nobody_wants_any_more_is_left(town: Town) -> None:
    campaign_id = asked(town)
    with pytest.raises(Killed):
        run(town, ChoreKind.DRAW, DRAW, killed_after(1))
    assert running.discard(town.clinic, campaign_id, actor_id="ann", now=town.scene.now) is None
    later(town)
    assert run(town, ChoreKind.DRAW, DRAW)
    assert chore(town).error == "not-wanted"
    assert town.recipients(campaign_id) == {}


@pytest.mark.parametrize("phase", [drawing.Phase.DEAL, drawing.Phase.DRAW])
def test_what_was_given_up_begins_anew_with_what_it_was_at(town: Town, phase: drawing.Phase) -> None:
    campaign_id, now = town.campaign(["p1", "p2"], cohort=EVERYBODY), town.scene.now
    before = town.recipients(campaign_id)
    with town.clinic.database.begin() as connection:
        chore_id = new_id()
        drawing.ask(connection, campaign_id, phase, chore_id=chore_id, actor_id="ann", now=now)
    town.scene.set(Campaign, Campaign.id == campaign_id, chore_id=chore_id)
    town.scene.set(Chore, Chore.id == chore_id, error="failed", finished_at=now)
    assert drawing.again(town.clinic, campaign_id, actor_id="ann", now=now) is None
    row = town.row(campaign_id)
    assert row.chore_id is None
    assert row.size == len(town.recipients(campaign_id)) == (2 if phase is drawing.Phase.DEAL else SIZE)
    assert before.keys() <= town.recipients(campaign_id).keys()


def test_nobody_leaves_the_line_for_a_segment_that_cannot_be_read(town: Town) -> None:
    campaign_id = asked(town)
    assert run(town, ChoreKind.DRAW, DRAW)
    town.scene.set(Campaign, Campaign.id == campaign_id, cohort={**EVERYBODY, "definition": {"version": 99}})
    with town.clinic.database.begin() as connection:
        chore_id = new_id()
        drawing.ask(connection, campaign_id, drawing.Phase.CLEAR, chore_id=chore_id, actor_id="ann", now=TEN)
    town.scene.set(Campaign, Campaign.id == campaign_id, chore_id=chore_id)
    assert run(town, ChoreKind.DRAW, DRAW)
    with town.clinic.database.read() as connection:
        assert connection.execute(select(Chore.error).where(Chore.id == chore_id)).scalar_one() is not None
    assert len(town.recipients(campaign_id)) == SIZE


def ticking(town: Town) -> Clinic:
    """The clinic, every look at whose clock takes two seconds."""

    def clock() -> datetime:
        town.scene.now += timedelta(seconds=2)
        return town.scene.now

    return replace(town.clinic, clock=clock)


def waiting(town: Town) -> None:
    """A forecast of a day in which everybody waits: 288 slots, and no line before its end."""
    campaign_id = town.campaign([f"p{number}" for number in range(1, SIZE + 1)], starts_at=TEN + timedelta(days=30))
    forecast.request(town.clinic, campaign_id, days=1, actor_id="ann", now=TEN)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_days_in_which_everybody_waits_stay_with_whoever_plays_them(town: Town) -> None:
    waiting(town)
    free: list[bool] = []

    def stop() -> bool:
        free.append(chores.any_free(town.clinic))
        return False

    assert chores.run(ticking(town), {ChoreKind.FORECAST: PLAY}, stop=stop)
    assert len(free) > 100
    assert not any(free)
    assert town.scene.now > TEN + 9 * HELD_FOR
    assert chore(town).finished_at is not None
    assert len(lines_of(town)) == SIZE


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_days_in_which_everybody_waits_can_be_stopped_and_are_given_up_at_last(town: Town) -> None:
    waiting(town)
    kinds = {ChoreKind.FORECAST: PLAY}
    assert chores.run(ticking(town), kinds, stop=lambda: True)
    assert town.scene.now < TEN + HELD_FOR
    assert (chore(town).holder, chore(town).done, chore(town).finished_at) == (None, 0, None)
    for _ in range(MOST_TRIES):
        with pytest.raises(Killed):
            chores.run(ticking(town), kinds, stop=killed_after(2))
        later(town)
    assert not chores.run(ticking(town), kinds, stop=never)
    assert chore(town).error == "failed"


def lines_of(town: Town) -> list[tuple[object, ...]]:
    with town.clinic.database.read() as connection:
        newest = connection.execute(select(CampaignForecast.id).order_by(CampaignForecast.id.desc())).scalars().first()
        columns = [column for column in ForecastLine.__table__.c if column.name != "forecast_id"]
        query = select(*columns).where(ForecastLine.forecast_id == newest).order_by(ForecastLine.number)
        return [tuple(row) for row in connection.execute(query)]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_forecast_that_is_cut_short_goes_on_to_the_very_same_texts(town: Town) -> None:
    ids = [f"p{number}" for number in range(1, SIZE + 1)]
    campaign_id = town.campaign(ids, daily_cap=3, replies_an_hour=2, response_rate=0.5)
    once = town.clinic, campaign_id
    forecast.dry_run(*once, days=2, actor_id="ann", now=TEN, at_once=True)
    whole = lines_of(town)
    assert len(whole) == SIZE
    assert {row[3] for row in whole} == {"send", "drop", "hold"}
    forecast.request(*once, days=2, actor_id="ann", now=TEN)
    for _ in range(9):
        try:
            run(town, ChoreKind.FORECAST, PLAY, killed_after(1))
        except Killed:
            later(town)
    # Why somebody still waits is asked anew; what goes and what never does is the same, line by line.
    again, still = lines_of(town), [row for row in whole if row[3] == "hold"]
    assert again[: SIZE - len(still)] == whole[: SIZE - len(still)]
    assert {row[1] for row in again[SIZE - len(still) :]} == {row[1] for row in still}
    with town.clinic.database.read() as connection:
        rows = connection.execute(select(CampaignForecast.__table__)).all()
    assert [row.done for row in rows] == [SIZE, SIZE]
    assert {**rows[0].summary, "waiting": 0} == {**rows[1].summary, "waiting": 0}
    assert all(row.finished_at is not None for row in rows)


def test_a_list_that_is_cut_short_is_the_same_list(town: Town) -> None:
    user = town.user("ann", "coordinator")
    content = b"patient_id\np1\nx\np2\np1\n\np3\n ;\np4\ny\np2\np5\n"
    told = patient_lists.upload(town.clinic, content, name="Flu", locations=(), actor_id=user, now=TEN)
    asked_at = chore(town)
    assert (told.is_done, told.size, told.twice, told.unknown, asked_at.file) == (True, 5, 2, 3, None)
    list_id, chore_id = new_id(), new_id()
    fresh = {**asked_at.data, "told": {**asked_at.data["told"], "list_id": list_id}}
    fresh["told"] |= {"rows": 0, "size": 0, "twice": 0, "unknown": 0, "bad": 0, "is_done": False}
    fresh["told"] |= {"unknown_lines": [], "bad_lines": []}
    source = town.clinic.vault.seal(patient_lists.SEALED_AS, chore_id, content.decode("latin-1"))
    with town.clinic.database.begin() as connection:
        row = {"id": list_id, "name": "Flu", "owner_id": user, "size": 0, "chore_id": chore_id, "created_at": TEN}
        connection.execute(PatientList.__table__.insert(), row)  # type: ignore[attr-defined]
        chores.add(
            connection, ChoreKind.LIST, list_id, chore_id=chore_id, author_id=user, now=TEN, data=fresh, file=source
        )
    for _ in range(9):
        try:
            run(town, ChoreKind.LIST, LOOK_UP, killed_after(1))
        except Killed:
            later(town)
    again = patient_lists.told_of(chore(town))
    told.list_id = list_id
    assert again == told
    with town.clinic.database.read() as connection:
        query = select(ListedPatient.patient_id).where(ListedPatient.list_id == list_id)
        assert set(connection.execute(query).scalars()) == {"p1", "p2", "p3", "p4", "p5"}
        assert connection.execute(select(PatientList.chore_id).where(PatientList.id == list_id)).scalar_one() is None


def test_nothing_is_kept_of_a_list_that_is_given_up(town: Town) -> None:
    user, list_id, chore_id = town.user("ann", "coordinator"), new_id(), new_id()
    with town.clinic.database.begin() as connection:
        row = {"id": list_id, "name": "Flu", "owner_id": user, "size": 1, "chore_id": chore_id, "created_at": TEN}
        connection.execute(PatientList.__table__.insert(), row)  # type: ignore[attr-defined]
        listed = {"list_id": list_id, "patient_id": "p1"}
        connection.execute(ListedPatient.__table__.insert(), listed)  # type: ignore[attr-defined]
        chores.add(
            connection, ChoreKind.LIST, list_id, chore_id=chore_id, author_id=user, now=TEN, data={}, file=b"x"
        )
    town.scene.set(Chore, Chore.id == chore_id, tries=MOST_TRIES)
    assert chore_kinds.work_off(town.clinic, never) == 0
    assert (chore(town).error, chore(town).file) == ("failed", None)
    with town.clinic.database.read() as connection:
        assert connection.execute(select(PatientList.id)).all() == []
        assert connection.execute(select(ListedPatient.patient_id)).all() == []


def test_a_held_out_patient_stands_in_no_line(town: Town) -> None:
    campaign_id = asked(town)
    run(town, ChoreKind.DRAW, DRAW)
    stands = {(row.arm, row.state) for row in town.recipients(campaign_id).values()}
    assert stands == {("A", RecipientState.WAITING), ("hold-out", RecipientState.HELD_OUT)}
    with town.clinic.database.read() as connection:
        assert connection.execute(select(Campaign.state)).scalar_one() == "draft"
