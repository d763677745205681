"""Community resources: read from HSDS or CSV, matched by kind, language and place, and never when stale."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from bot.core.resources import MOST_OFFERED, STALE_AFTER, Place, category_of, matching
from bot.services.loops.opening import Opening, open_loop
from bot.services.resources import UnreadableResources, read, take_over
from bot.store.tables import Enrollment, Resource
from tests.transcripts.chat import Chat

TODAY = date(2026, 11, 23)
HSDS = {
    "services": [
        {
            "id": "s1",
            "name": "Riverbend Pantry",
            "phones": [{"number": "601-555-0142"}],
            "languages": [{"code": "en"}, {"code": "es"}],
            "service_areas": [{"name": "Willow Clinic Main"}],
            "attributes": [{"taxonomy_term": {"name": "Food Pantry"}}],
            "assured_date": "2026-10-01",
            "minimum_age": 60,
            "eligibility_description": "Residents of the county",
        },
        {"id": "s2", "phones": []},
    ]
}
CSV = (
    "name,category,phone,url,languages,area,verified_on\n"
    "Ride Line,rides,601-555-0143,,,,2026-11-01\n"
    "Old Kitchen,meals,601-555-0144,,,,2026-01-01\n"
    "Odd,food,601-555-0145,,,,last week\n"
)


def test_hsds_is_read_with_its_nested_parts() -> None:
    rows, faults = read(json.dumps(HSDS).encode())
    assert faults == ["entry 2: it has no name"]
    (row,) = rows
    assert (row["category"], row["phone"], row["languages"]) == ("food", "601-555-0142", ["en", "es"])
    assert (row["area"], row["verified_on"]) == ("Willow Clinic Main", date(2026, 10, 1))
    assert (row["minimum_age"], row["maximum_age"]) == (60, None)
    assert row["note"] == "Residents of the county"


def test_a_table_is_read_and_its_bad_rows_are_named() -> None:
    rows, faults = read(CSV.encode())
    assert [row["category"] for row in rows] == ["transport", "food"]
    assert len(faults) == 1
    assert faults[0].startswith("entry 3: verified_on 'last week'")
    for bad in (b"\xff\xfe", b"{", b"place,what\na,b\n"):
        with pytest.raises(UnreadableResources):
            read(bad)


PLACES = st.builds(
    Place,
    id=st.text("ab", min_size=1, max_size=3),
    name=st.text("xy", max_size=3),
    category=st.sampled_from(["food", "transport"]),
    phone=st.sampled_from(["", "601-555-0142"]),
    languages=st.sampled_from([(), ("es",), ("en", "zh-Hans")]),
    area=st.sampled_from(["", "North", "north, 39201"]),
    verified_on=st.sampled_from([None, TODAY, TODAY - STALE_AFTER, TODAY - STALE_AFTER - timedelta(days=1)]),
)


@given(st.lists(PLACES, max_size=8), st.sampled_from(["es", "zh-Hant", "ru"]), st.sampled_from([[], ["North"]]))
def test_only_what_fits_is_offered_and_two_at_most(every: list[Place], language: str, here: list[str]) -> None:
    found = matching(every, "food", language=language, places=here, today=TODAY)
    assert len(found) <= MOST_OFFERED
    for place in found:
        assert place.category == "food"
        assert place.phone
        assert place.is_fresh(TODAY)
        assert place.speaks(language)
        assert not place.area or here
    if found and any(place.area for place in found):
        assert found[0].area, "the patient's own place first"


@pytest.mark.parametrize(("age", "found"), [(None, ["All"]), (59, ["All"]), (60, ["All", "Old"]), (99, ["All", "Old"])])
def test_an_age_limit_holds_and_nobody_of_unknown_age_is_sent_there(age: int | None, found: list[str]) -> None:
    old = Place("1", "Old", "food", "601-555-0142", verified_on=TODAY, ages=(60, None))
    everybody = Place("2", "All", "food", "601-555-0143", verified_on=TODAY)
    matched = matching([old, everybody], "food", language="en", places=[], today=TODAY, age=age)
    assert [place.name for place in matched] == found


def test_words_of_taxonomies_find_their_kind() -> None:
    assert [category_of(word) for word in ("Bus Passes", "Meals", "Emergency Shelter", "Utility bills", "Art")] == [
        "transport",
        "food",
        "housing",
        "cost",
        "other",
    ]


def test_an_import_twice_changes_and_does_not_double(chat: Chat) -> None:
    for expected in ((2, 0), (0, 2)):
        taken = take_over(chat.clinic, CSV.encode(), actor="cli", now=chat.now)
        assert (taken.new, taken.changed) == expected
    with chat.clinic.database.read() as connection:
        assert set(connection.execute(select(Resource.name)).scalars()) == {"Ride Line", "Old Kitchen"}


def test_a_need_is_told_of_what_fits_and_staff_look_where_nothing_does(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    take_over(chat.clinic, CSV.encode(), actor="cli", now=chat.now)
    for kind in ("transport", "food"):
        with chat.clinic.database.begin() as connection:
            open_loop(connection, chat.clinic, Opening(journey="needs", patient_id="P1", kind=kind), chat.now)
    chat.work()
    assert ["Ride Line 601-555-0143" in sent.body for sent in chat.sent] == [True]
    with chat.clinic.database.read() as connection:
        steps = dict(connection.execute(select(Enrollment.kind, Enrollment.step)).all())  # type: ignore[arg-type]
    assert steps == {"transport": "offered", "food": "office"}, "the kitchen was verified too long ago"
