"""Draws docs/images/console-*.png, the pictures of docs/console.md: `make pictures` runs it, no suite does.

The names are invented, the phones fiction, and the clock stands at a Monday morning, so that a picture differs from the
one before by what has changed in the console.
"""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from bot import clock
from bot.core.people import AppointmentStatus
from bot.services import canned, inbox, reviews
from bot.services.setting import on_call
from bot.store.tables import Appointment, Message, Review, Role, User
from tests.browser.conftest import Served
from tests.web.console.desk import MORNING

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
Sit = Callable[..., Page]

IMAGES = Path(__file__).parents[2] / "docs" / "images"
MOST_BYTES = 120_000
# The browser reads its picture and keeps the 256 colours that it has most of; each other one becomes the nearest.
REDUCE = """async (source) => {
    const image = new Image();
    image.src = "data:image/png;base64," + source;
    await image.decode();
    const board = new OffscreenCanvas(image.width, image.height).getContext("2d");
    board.drawImage(image, 0, 0);
    const data = board.getImageData(0, 0, image.width, image.height).data;
    const seen = new Map();
    const colour = (at) => (data[at] << 16) | (data[at + 1] << 8) | data[at + 2];
    for (let at = 0; at < data.length; at += 4) seen.set(colour(at), (seen.get(colour(at)) ?? 0) + 1);
    const palette = [...seen].sort((one, other) => other[1] - one[1]).slice(0, 256).map(([value]) => value);
    const index = new Map(palette.map((value, place) => [value, place]));
    const off = (one, other) => [16, 8, 0].reduce((sum, by) => sum + ((one >> by & 255) - (other >> by & 255)) ** 2, 0);
    const nearest = (value) => palette.reduce((best, one, place) =>
        off(one, value) < off(palette[best], value) ? place : best, 0);
    for (const value of seen.keys()) if (!index.has(value)) index.set(value, nearest(value));
    let points = "";
    for (let at = 0; at < data.length; at += 4) points += String.fromCharCode(index.get(colour(at)));
    return [image.width, image.height, palette, btoa(points)];
}"""
PEOPLE = [
    ("Rosa", "Delgado", "es"),
    ("James", "Whitfield", "en"),
    ("عائشة", "رحمن", "ar"),
    ("Linh", "Tran", "vi"),
    ("Margaret", "Owens", "en"),
    ("Jean", "Baptiste", "ht"),
    ("Wei", "Chen", "zh"),
    ("Irina", "Volkova", "ru"),
    ("Carlos", "Mendoza", "es"),
    ("Helen", "Nowak", "pl"),
]


@pytest.fixture
def busy(served: Served) -> Served:
    """A Monday morning: ten patients with visits ahead, some missed before, and what they have written since eight."""
    desk = served.desk
    served.ahead = MORNING - clock.now() - timedelta(hours=2)
    for number, (given, family, language) in enumerate(PEOPLE):
        patient = desk.patient(10 + number, given, family, language=language)
        desk.visit(number, patient, hours=6 + 24 * (number // 4) + number % 4)
        for past in range(number % 3):
            visit = desk.visit(100 + 10 * number + past, patient, days=-40 * (past + 1))
            desk.change(Appointment, Appointment.appointment_id == visit, status=AppointmentStatus.NOSHOW)
    desk.text(18, "Sí, ahí estaré")
    desk.text(11, "Do I need to fast before the blood test? And where do I park?")
    served.ahead += timedelta(minutes=35)
    desk.text(13, "i cant make it, can we do thursday after 3?")
    desk.text(17, "Мне нужна машина, чтобы доехать")
    served.ahead += timedelta(minutes=50)
    desk.text(10, "Tengo el pie muy hinchado desde ayer")
    desk.text(12, "هل يمكنني تغيير الموعد إلى يوم الخميس بعد الظهر؟")
    served.ahead += timedelta(minutes=33)
    desk.text(14, "my chest hurts and I can't breathe well")
    desk.change(Message, Message.direction == "outbound", status="delivered")
    served.ahead += timedelta(minutes=2)
    return served


def draw(page: Page, name: str) -> None:
    """Keep what the window shows, once it is still."""
    page.wait_for_load_state("networkidle")
    page.mouse.move(0, 0)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    small = reduced(page, page.screenshot(animations="disabled", caret="hide"))
    assert len(small) < MOST_BYTES
    (IMAGES / f"console-{name}.png").write_bytes(small)


def reduced(page: Page, png: bytes) -> bytes:
    """The same picture in at most 256 colours: a third of the bytes, for everybody who clones."""
    blank = page.context.new_page()
    width, height, palette, points = blank.evaluate(REDUCE, base64.b64encode(png).decode())
    blank.close()
    rows = base64.b64decode(points)
    lines = b"".join(b"\0" + rows[at : at + width] for at in range(0, len(rows), width))
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        (b"PLTE", b"".join(colour.to_bytes(3, "big") for colour in palette)),
        (b"IDAT", zlib.compress(lines, 9)),
        (b"IEND", b""),
    ]
    chunks = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def test_a_morning(busy: Served, sit_down: Sit) -> None:
    desk, now = busy.desk, busy.desk.clinic.clock()
    ana = sit_down("Ana Ruiz")
    draw(ana, "today")
    canned.save(
        desk.clinic, reply_id=None, shortcut="park", title="Where to park", body="Park behind the building.",
        actor_id="sam", now=now,
    )  # fmt: skip
    person = desk.row(User, User.name == "Ana Ruiz").id
    inbox.claim_conversation(desk.clinic, conversation_id="talk-14", actor_id=person, now=now)
    ana.goto(f"{busy.url}/console/conversations/talk-14?view=all")
    ana.get_by_label("Reply", exact=True).fill("This is Ana at Willow Clinic. I am calling you now, please pick up.")
    expect(ana.locator("#segments")).to_contain_text("1 segment")
    draw(ana, "inbox")
    ana.goto(f"{busy.url}/console/patients/P-011")
    draw(ana, "patient")


def test_what_a_supervisor_sets_up(busy: Served, sit_down: Sit) -> None:
    desk, now = busy.desk, busy.desk.clinic.clock()
    page = sit_down("Sam Lee")
    desk.change(User, User.name == "Sam Lee", role=Role.SUPERVISOR)
    sam = desk.row(User, User.name == "Sam Lee").id
    words = {"reviewer": "Lucía Ortega", "qualification": "Certified medical translator", "on": "2026-11-20"}
    for key in sorted(desk.clinic.texts.keys()):
        if key.startswith("appointment/"):
            form = {"seen": reviews.seen(desk.clinic.texts, key, "es"), **words}
            assert not reviews.approve(desk.clinic, form, key=key, language="es", actor_id=sam, now=now)
    desk.change(Review, Review.text_key == "appointment/booked", text_digest="that of words since changed")
    page.goto(f"{busy.url}/console/templates?language=es")
    draw(page, "messages")
    for rung, name, minutes, phone in (("1", "Ben Cole", "0", "601-555-0142"), ("2", "Mo Khan", "10", "")):
        form = {"rung": rung, "user_id": desk.user(name), "after_minutes": minutes, "phone": phone, "by_email": "yes"}
        assert not on_call.save(desk.clinic, form, rung_id=None, actor_id=sam, now=now)
    page.goto(f"{busy.url}/console/settings/on-call")
    draw(page, "on-call")


def test_on_a_phone(busy: Served, sit_down: Sit) -> None:
    page = sit_down(width=375, height=740, color_scheme="dark")
    draw(page, "phone")
    page.goto(f"{busy.url}/console/conversations/talk-12?view=all")
    draw(page, "arabic")
