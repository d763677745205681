"""The page of phones in a real browser: texts arrive, a patient answers, the clock runs, a narrow screen is enough."""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import ConsoleMessage, Page, expect

from bot import clock
from bot.demo.network import RunningNetwork
from bot.demo.network_faults import FaultPlan
from bot.demo.network_page import next_morning
from bot.demo.network_state import NetworkSettings

pytestmark = pytest.mark.browser

ANA, OMAR = "+16015550111", "+16015550112"
LABELS = {
    ANA: {"name": "Ana Ruiz", "language": "es"},
    OMAR: {"name": "عمر حداد", "language": "ar"},
    "+16015550113": {"name": "Grace Kim", "language": "en"},
}
TWIML = "<Response><Message>Thank you, see you then.</Message></Response>"


class Thanks(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/xml")
        self.end_headers()
        self.wfile.write(TWIML.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def app_url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Thanks)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def clock_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "clock.json"
    clock.write_anchor(path, shown=datetime(2026, 11, 23, 15, 30, tzinfo=UTC), rate=1)
    monkeypatch.setenv(clock.CLOCK_FILE, str(path))
    return path


@pytest.fixture
def network(app_url: str, clock_file: Path) -> Iterator[RunningNetwork]:
    with RunningNetwork(NetworkSettings(app_url=app_url), FaultPlan(latency_ms=0, carrier_ms=0)) as running:
        put(running, "/network/labels", LABELS)
        yield running


@pytest.fixture
def faults(page: Page) -> list[str]:
    """What the browser complained of: scripts, styles and the content security policy."""
    said: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            said.append(message.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


def put(network: RunningNetwork, path: str, data: object) -> None:
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(network.url + path, json.dumps(data).encode(), headers, method="PUT")
    urllib.request.urlopen(request, timeout=5).close()


def test_texts_arrive_and_the_patient_answers(network, page, faults):
    page.goto(network.url)
    phone = page.get_by_role("region", name="Ana Ruiz")
    expect(phone.get_by_text("No texts yet")).to_be_visible()
    expect(phone.get_by_text("Spanish")).to_be_visible()

    box = page.get_by_role("textbox", name="Text as Ana Ruiz")
    box.fill("sí <b>mañana</b>")
    page.keyboard.press("Enter")
    texts = phone.get_by_role("list", name="Texts on the phone of Ana Ruiz")

    expect(texts.get_by_text("sí <b>mañana</b>")).to_be_visible()
    expect(texts.get_by_text("Thank you, see you then.")).to_be_visible()
    expect(box).to_have_value("")
    assert [message.body for message in network.messages(ANA)] == ["sí <b>mañana</b>", "Thank you, see you then."]
    assert faults == []


def test_what_is_typed_survives_a_text_that_arrives(network, page, faults):
    page.goto(network.url)
    page.get_by_role("textbox", name="Text as Ana Ruiz").fill("half a sent")
    network.text(OMAR, "نعم")
    omar = page.get_by_role("region", name="عمر حداد")

    expect(omar.get_by_text("Thank you, see you then.")).to_be_visible()
    expect(omar).to_contain_text("1 unread")
    expect(page).to_have_title("(1) Patients' phones")
    expect(page.get_by_role("textbox", name="Text as Ana Ruiz")).to_have_value("half a sent")
    bubble = omar.get_by_text("نعم")
    assert bubble.evaluate("element => getComputedStyle(element).direction") == "rtl"
    omar.get_by_role("textbox").focus()
    expect(omar).not_to_contain_text("unread")
    expect(page).to_have_title("Patients' phones")
    assert faults == []


def test_phones_are_found_by_name_and_number(network, page):
    page.goto(network.url)
    search = page.get_by_role("searchbox", name="Find a phone")
    expect(page.get_by_role("region")).to_have_count(3)
    for wanted in ("grace", "0113"):
        search.fill(wanted)
        expect(page.get_by_role("region", name="Grace Kim")).to_be_visible()
        expect(page.get_by_role("region", name="Ana Ruiz")).to_be_hidden()
    search.fill("nobody")
    expect(page.get_by_text("No phone to show.")).to_be_visible()
    search.fill("")
    page.get_by_label("Unread only").check()
    expect(page.get_by_text("No phone to show.")).to_be_visible()


def test_a_stop_is_shown(network, page):
    page.goto(network.url)
    network.text(ANA, "STOP")

    notice = "Sent STOP: the network blocks texts to this phone"
    expect(page.get_by_role("region", name="Ana Ruiz").get_by_text(notice)).to_be_visible()
    expect(page.get_by_role("region", name="Grace Kim").get_by_text(notice)).to_be_hidden()


def test_the_clock_is_shown_and_moved(network, page, clock_file):
    page.goto(network.url)
    shown = page.locator("time#time")
    expect(shown).to_contain_text("Monday, Nov 23")
    expect(shown).to_contain_text("9:30")
    page.get_by_role("button", name="Next morning 9:00").click()
    expect(shown).to_contain_text("Tuesday, Nov 24")
    expect(shown).to_contain_text("9:00")
    began = clock.now()
    page.get_by_role("button", name="1 h/s").click()
    expect(page.get_by_role("button", name="1 h/s")).to_have_attribute("aria-pressed", "true")
    time.sleep(1)

    assert clock.now() - began > timedelta(minutes=50)
    page.get_by_role("button", name="1×", exact=True).click()
    expect(page.get_by_role("button", name="1×", exact=True)).to_have_attribute("aria-pressed", "true")
    assert json.loads(clock_file.read_text())["rate"] == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_narrow_screen_is_enough(network, page, scheme):
    page.set_viewport_size({"width": 375, "height": 700})
    page.emulate_media(color_scheme=scheme)
    network.text(ANA, "a" * 300)
    page.goto(network.url)
    expect(page.get_by_text("a" * 300)).to_be_visible()

    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    heights = page.get_by_role("button").evaluate_all("all => all.map(each => each.getBoundingClientRect().height)")
    assert min(heights) >= 40


def test_all_of_it_works_by_keyboard(network, page):
    network.text(ANA, "hello")
    page.goto(network.url)
    expect(page.get_by_role("region")).to_have_count(3)
    names = []
    for _ in range(20):
        page.keyboard.press("Tab")
        names.append(page.evaluate("document.activeElement.getAttribute('aria-label') ?? document.activeElement.id"))

    order = ["find", "unread", "console", "Texts on the phone of Ana Ruiz", "Text as Ana Ruiz", "Send as Ana Ruiz"]
    assert [name for name in dict.fromkeys(names) if name in order] == order


def test_the_console_is_one_click_away(network, page, app_url):
    page.goto(network.url)

    expect(page.get_by_role("link", name="Coordinators' console")).to_have_attribute("href", f"{app_url}/console/")


def test_a_silent_network_is_told(page):
    network = RunningNetwork(NetworkSettings())
    with network:
        page.goto(network.url)
        expect(page.get_by_text("No phone to show.")).to_be_visible()

    expect(page.get_by_role("status")).to_contain_text("Not live")


@pytest.mark.parametrize(
    ("now", "morning"),
    [
        ("2026-11-23T14:59:59+00:00", "2026-11-23T09:00:00-06:00"),
        ("2026-11-23T15:00:00+00:00", "2026-11-24T09:00:00-06:00"),
        ("2026-03-08T05:00:00+00:00", "2026-03-08T09:00:00-05:00"),
    ],
)
def test_the_next_morning_is_the_clinics(now, morning):
    found = next_morning(datetime.fromisoformat(now), "America/Chicago")

    assert found == datetime.fromisoformat(morning)
    assert found.tzinfo == ZoneInfo("America/Chicago")
