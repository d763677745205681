"""`bot demo`: what a newcomer sees and does, its ports and folder, its clock, and that nothing stays behind."""

from __future__ import annotations

import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from click.testing import CliRunner
from playwright.sync_api import Page, expect

from bot import clock
from bot.cli import main
from bot.demo.children import Children
from bot.demo.parent import DemoError, listen, own_folder
from tests.servers import Child, free_port, wait_until

MARIA, GRACE = "+16015550110", "+16015550119"


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("--postgres",)], ids=["sqlite", "postgresql"])
def test_a_newcomers_first_minutes(options: tuple[str, ...], page: Page, tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "bot", "demo", "--no-browser", "--port", str(port), *options]
    # Where temporary files go and not much deeper: a socket's path is short.
    demo = Child(command, log=tmp_path / "demo.log", cwd=Path(__file__).parents[2])
    try:
        wait_until(lambda: "Ctrl-C" in demo.output(), seconds=120, what="the demo", alive=demo.running)
        console, email, password, phones = (
            re.search(rf"^{name} +(\S+)$", demo.output(), re.M)[1]  # type: ignore[index]
            for name in ("Console", "Sign in", "Password", "Phones")
        )
        network = phones.rstrip("/")
        wait_until(lambda: bool(texts(network, GRACE)), seconds=240, what="a reminder on a phone")
        write(network, GRACE, "yes")
        write(network, MARIA, "my chest hurts")
        sign_in(page, console, email, password)
        answer(page, "Maria Delgado", "This is Robin. I am calling you now.")
        wait_until(lambda: "calling you now" in texts(network, MARIA)[-1], seconds=15, what="the reply on the phone")
        page.goto(f"{console}patients/P-1010")
        expect(page.locator("#visits .answer.accepted")).to_have_text("Confirmed")
        hurry(network)
        wait_until(lambda: "Trouble joining?" in texts(network, GRACE)[-1], seconds=240, what="the next morning")
        page.goto(console)
        expect(page.get_by_role("button", name="Sign out")).to_be_visible()
        pids = family(demo.pid)
        assert len(pids) > 6
        demo.kill()
        # A request that is being answered is given half a minute to end.
        wait_until(lambda: not any(map(lives, pids)), seconds=75, what="the end of its children")
        with own_folder():
            pass  # Clears what it has left.
    finally:
        demo.stop()


def sign_in(page: Page, console: str, email: str, password: str) -> None:
    page.goto(console)
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def answer(page: Page, name: str, words: str) -> None:
    row = page.locator("#list .item.emergency", has_text=name).locator("a")
    row.click(timeout=30_000)
    page.get_by_label("Reply", exact=True).fill(words)
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator("#log .out", has_text=words)).to_be_visible()


def texts(network: str, number: str) -> list[str]:
    with urllib.request.urlopen(f"{network}/network/phones/{quote(number)}", timeout=10) as found:
        return [text["body"] for text in json.load(found)["texts"] if text["shown"]]


def write(network: str, number: str, words: str) -> None:
    tell("POST", f"{network}/network/phones/{quote(number)}/texts", {"body": words})


def hurry(network: str) -> None:
    tell("PUT", f"{network}/network/clock", {"rate": 3600})


def tell(method: str, url: str, what: object) -> None:
    headers = {"Content-Type": "application/json"}
    asked = urllib.request.Request(url, json.dumps(what).encode(), headers, method=method)
    urllib.request.urlopen(asked, timeout=20).close()


def family(pid: int) -> list[int]:
    """Process ids of its children, and of theirs."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(child): int(parent) for child, parent in map(str.split, listed.splitlines())}
    found = [child for child, parent in parents.items() if parent == pid]
    return found + [one for child in found for one in family(child)]


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_ports_are_held_from_the_beginning() -> None:
    first = listen(free_port())
    with first, listen(first.getsockname()[1]) as second:
        assert second.getsockname()[1] > first.getsockname()[1]
    with pytest.raises(DemoError, match="choose another with --port"):
        listen(65536)


@pytest.mark.parametrize("port", ["0", "65535", "70000", "http"])
def test_a_port_that_cannot_be_is_wrong_usage(port: str) -> None:
    assert CliRunner().invoke(main, ["demo", "--port", port]).exit_code == 2


def test_what_a_killed_demo_left_is_cleared_and_a_running_ones_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    left = tmp_path / "tendril-demo-left"
    left.mkdir()
    (left / "lock").touch()
    with own_folder() as running:
        assert not left.exists()
        with own_folder() as second:
            assert running.exists()
            assert second.exists()
        with (running / "lock").open() as lock, pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert list(tmp_path.iterdir()) == []


def test_children_end_in_turn_the_last_started_first(tmp_path: Path) -> None:
    children = Children(tmp_path)
    said = tmp_path / "said"
    program = (
        "import signal, sys, time\n"
        "def end(*_): open(sys.argv[2], 'a').write(sys.argv[1]); sys.exit()\n"
        "signal.signal(getattr(signal, sys.argv[3]), end); print('up', flush=True); time.sleep(60)"
    )
    for name, stop in (("a", signal.SIGINT), ("b", signal.SIGTERM), ("c", signal.SIGTERM)):
        command = [sys.executable, "-S", "-c", program, name, str(said), stop.name]
        children.start(name, command, os.environ, stop_signal=stop)
    wait_until(lambda: all(children.last_words(name) for name in "abc"), seconds=20, what="three children")
    children.stop()
    assert said.read_text() == "cba"


def test_the_wall_goes_on_at_its_own_pace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = datetime(2026, 11, 23, 15, tzinfo=UTC)
    assert clock.on_the_wall(moment) == moment
    monkeypatch.setenv(clock.CLOCK_FILE, str(tmp_path / "clock.json"))
    before = datetime.now(UTC)
    clock.write_anchor(tmp_path / "clock.json", shown=moment, rate=3600)
    after = datetime.now(UTC)
    assert before <= clock.on_the_wall(moment) <= after
    assert clock.on_the_wall(moment + timedelta(hours=1)) - clock.on_the_wall(moment) == timedelta(seconds=1)
