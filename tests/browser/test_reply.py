"""The whole way there and back: a phone writes, a coordinator answers in the console, the phone gets the answer."""

from __future__ import annotations

import json
import time
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.clinic import RunningClinic

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

PHONE = "+16015550177"


def test_a_reply_reaches_the_phone_within_fifteen_seconds(
    running_clinic: RunningClinic, page: Page, tmp_path: Path
) -> None:
    file = tmp_path / "patients.csv"
    file.write_text(f"patient_id,given_name,family_name,phone,language,consent\nP-1,Ada,Byron,{PHONE},en,yes\n")
    running_clinic.run("import", "patients", str(file))
    made = running_clinic.run("users", "create", "ana@clinic.test", "--role", "coordinator")
    password = made.split()[-1]

    page.goto(f"{running_clinic.web_url}/console/")
    page.get_by_label("Email").fill("ana@clinic.test")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/console/")
    write(running_clinic, "my chest hurts and I can't breathe")
    page.locator("#list a", has_text="Ada Byron").click(timeout=20_000)
    page.get_by_role("button", name="Claim", exact=True).click()
    expect(page.get_by_text("Bot paused")).to_be_visible()
    page.get_by_label("Reply", exact=True).fill("This is Ana. I am calling you now.")
    page.get_by_role("button", name="Send", exact=True).click()
    sent = time.monotonic()
    while not any("calling you now" in text for text in read(running_clinic)):
        assert time.monotonic() - sent < 15, running_clinic.output()[-3000:]
        time.sleep(0.2)
    expect(page.locator("#log .out", has_text="I am calling you now.")).to_contain_text("Delivered", timeout=15_000)


def write(clinic: RunningClinic, words: str) -> None:
    request = urllib.request.Request(
        f"{clinic.network_url}/network/phones/{PHONE}/texts",
        data=json.dumps({"body": words}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.status < 300


def read(clinic: RunningClinic) -> list[str]:
    with urllib.request.urlopen(f"{clinic.network_url}/network/phones/{PHONE}", timeout=10) as answer:
        return [text["body"] for text in json.load(answer)["texts"]]
