"""`bot campaigns`: a campaign's life from the command line, and refusals in one line each."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from bot.cli.campaigns import campaigns
from bot.config import Settings
from bot.core.fuses import Limit
from bot.services.limits import set_limit
from tests.services.campaigns.town import TEN, Town
from tests.services.sending import Scene

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def call(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(campaigns, words)
    return done.exit_code, done.output


def test_its_life(settings: Settings) -> None:
    scene = Scene(settings)
    town = Town(scene)
    scene.now = TEN
    set_limit(scene.clinic, Limit.APPROVAL_SIZE, 2, actor_id="cli", now=TEN)
    town.user("sue")
    town.user("bob", role="coordinator")
    campaign_id = town.campaign([scene.patient(number) for number in (1, 2, 3)])

    assert call("list") == (0, f"{campaign_id}  draft           3  Autumn\n")
    assert call("start", campaign_id) == (1, "It is so large that a second person has to approve it first.\n")
    assert call("approve", campaign_id, "--by", "bob@example.org")[0] == 1
    assert call("approve", campaign_id, "--by", "nobody@example.org") == (
        1,
        "There is no account with this e-mail address.\n",
    )
    assert call("approve", campaign_id, "--by", "Sue@example.org") == (0, "approved\n")

    status, said = call("dry-run", campaign_id, "--days", "3", "--lines")
    lines = [json.loads(line) for line in said.splitlines()[:3]]
    assert status == 0
    assert {line["patient_id"]: line["verdict"] for line in lines} == {"p1": "send", "p2": "send", "p3": "send"}
    assert json.loads("\n".join(said.splitlines()[3:]))["messages"] == 3

    for word, said in (("start", "running"), ("pause", "paused"), ("resume", "running"), ("stop", "stopped")):
        assert call(word, campaign_id) == (0, f"{said}\n")
    shown = json.loads(call("show", campaign_id)[1])
    assert (shown["state"], shown["size"], shown["skipped"]) == ("stopped", 3, {"campaign-stopped": 3})
    assert call("start", campaign_id) == (1, "That is not possible from the state it is in.\n")
    for command in (["show"], ["dry-run"], ["pause"]):
        assert call(*command, "none") == (1, "There is no campaign with this id.\n")
    scene.clinic.database.dispose()
