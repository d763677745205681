"""A thousand visits are reminded exactly once each, while all that can go wrong does."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.core.delivery import WITH_PROVIDER
from bot.core.messages import Direction, MessageStatus
from bot.demo.network import RunningNetwork
from bot.demo.network_faults import Fault, FaultPlan, FaultRule
from bot.demo.network_state import NetworkMessage, NetworkSettings, Way
from bot.store.database import open_database
from bot.store.tables import Message
from tests.clinic import RunningClinic
from tests.servers import RedisServer

pytestmark = pytest.mark.slow

VISITS = 1000
CHAOS_SECONDS = 40.0
ROUNDS = 15
"""At the least, however busy the machine: a third of them kill a worker, the last restarts Redis once more."""
HEAL_SECONDS = 240.0
AREAS = (205, 212, 213, 312, 404, 415, 503, 602, 713, 917)
PHONES = [f"+1{area}55501{line:02d}" for area in AREAS for line in range(100)]
REFUSED = frozenset(range(0, VISITS, 20))
"""Patients who have not agreed to texts."""
STOPPING = frozenset(range(7, VISITS, 40))
"""Patients who text STOP in the midst of it."""

EVERYTHING = FaultPlan(
    rules={
        Fault.TOO_MANY: FaultRule(chance=0.1),
        Fault.SERVER_ERROR: FaultRule(chance=0.05),
        Fault.TIMEOUT: FaultRule(chance=0.01, seconds=12),
        Fault.ACCEPT_RESET: FaultRule(chance=0.08),
        Fault.ACCEPT_ERROR: FaultRule(chance=0.05),
        Fault.ACCEPT_TIMEOUT: FaultRule(chance=0.01, seconds=12),
        Fault.CALLBACK_DUPLICATE: FaultRule(chance=0.2),
        Fault.CALLBACK_SHUFFLE: FaultRule(chance=0.2),
        Fault.CALLBACK_EARLY: FaultRule(chance=0.1),
        Fault.CALLBACK_LOSE: FaultRule(chance=0.2),
    },
    carrier_ms=50,
)
CALM = FaultPlan(carrier_ms=50)


@pytest.fixture
def network(settings_env: dict[str, str]) -> Iterator[RunningNetwork]:
    """The phone network, in this process, so that it can be counted on."""
    account = NetworkSettings(
        account_sid=settings_env["TWILIO_ACCOUNT_SID"],
        auth_token=settings_env["TWILIO_AUTH_TOKEN"],
        phone_number=settings_env["TWILIO_PHONE_NUMBER"],
        app_url=settings_env["PUBLIC_URL"],
    )
    with RunningNetwork(account, CALM) as running:
        yield running


@pytest.fixture
def clinic(settings_env: dict[str, str], network: RunningNetwork, tmp_path: Path) -> Iterator[RunningClinic]:
    """The clinic's processes but for the workers."""
    made = RunningClinic(
        {**settings_env, "QUIET_HOURS": "00:00-00:00", "SEND_RATE": "40", "REMINDER_DAYS": "1"}, folder=tmp_path
    )
    made.env["TWILIO_API_URL"] = network.url
    try:
        made.run("db", "upgrade")
        made.start("web")
        made.wait_ready()
        yield made
    except BaseException as error:
        error.add_note(made.output()[-8000:])
        raise
    finally:
        made.stop()


def write_files(folder: Path) -> tuple[Path, Path]:
    """A clinic's day as it comes out of its system: a thousand patients, a visit tomorrow for each."""
    patients, visits = folder / "patients.csv", folder / "appointments.csv"
    with patients.open("w") as file:
        print("patient_id,given_name,family_name,birth_date,phone,language,timezone,consent", file=file)
        for n, phone in enumerate(PHONES):
            consent = "no" if n in REFUSED else "yes"
            print(f"p{n},Pat{n},Example,1980-01-01,{phone},en,America/Chicago,{consent}", file=file)
    starts_at = (datetime.now(UTC) + timedelta(hours=23)).replace(microsecond=0).isoformat()
    with visits.open("w") as file:
        print(
            "appointment_id,patient_id,starts_at,duration_minutes,timezone,location,clinician,service,status", file=file
        )
        for n in range(VISITS):
            print(f"a{n},p{n},{starts_at},20,America/Chicago,Main,Dr. Lee,visit,booked", file=file)
    return patients, visits


def reminders(network: RunningNetwork) -> list[NetworkMessage]:
    """What the clinic has sent by REST, but for answers that had to take that way."""
    return [m for m in network.messages() if m.way is Way.API and "unsubscribed" not in m.body.lower()]


class Chaos:
    """Kills workers and the scheduler, empties Redis, and lets patients say STOP."""

    def __init__(self, clinic: RunningClinic, network: RunningNetwork, redis: RedisServer) -> None:
        self.clinic, self.network, self.redis = clinic, network, redis
        self.dice = random.Random(4)
        self.kills = 0
        self.stopped: dict[str, datetime] = {}

    def run(self) -> None:
        """All of it, for as long as it is to last."""
        end = time.monotonic() + CHAOS_SECONDS
        round_ = 0
        waiting = sorted(STOPPING)
        while time.monotonic() < end or round_ < ROUNDS:
            time.sleep(self.dice.uniform(0.5, 1.5))
            round_ += 1
            for n in [waiting.pop() for _ in range(min(2, len(waiting)))]:
                self.say_stop(PHONES[n])
            if round_ % 3 == 0:
                self.kill("worker")
            if round_ == 8:
                self.kill("scheduler")
            if round_ in (5, 14):
                self.redis.stop()
                time.sleep(2)
                self.redis.start()
        for n in waiting:
            self.say_stop(PHONES[n])

    def kill(self, name: str) -> None:
        """`kill -9` one of them; another takes its place."""
        running = [child for child in self.clinic.children[name] if child.running()]
        running[0].kill()  # The one that has been at it for longest.
        self.kills += 1
        self.clinic.start(name)

    def say_stop(self, phone: str) -> None:
        """The patient's STOP; from when the webhook has answered it, it holds."""
        self.network.text(phone, "STOP")
        self.stopped[phone] = datetime.now(UTC)


def test_none_lost_none_doubled_none_to_who_said_no(
    clinic: RunningClinic, network: RunningNetwork, redis_server: RedisServer, database_url: str, tmp_path: Path
) -> None:
    patients, visits = write_files(tmp_path)
    clinic.run("import", "patients", str(patients), seconds=120)
    clinic.run("import", "appointments", str(visits), seconds=120)
    network.set_faults(EVERYTHING)
    for _ in range(3):
        clinic.start("worker")
    clinic.start("scheduler")
    assert wait_for(lambda: len(reminders(network)) > 10)
    chaos = Chaos(clinic, network, redis_server)
    chaos.run()
    network.set_faults(CALM)

    wanted = {phone for n, phone in enumerate(PHONES) if n not in REFUSED and n not in STOPPING}
    settled = wait_for(lambda: wanted <= {m.phone for m in reminders(network)} and open_messages(database_url) == 0)
    counts = Counter(message.phone for message in reminders(network))
    assert settled, (len(wanted - counts.keys()), open_messages(database_url))
    assert chaos.kills >= 5
    assert sum(network.struck.values()) > 100

    assert {phone: count for phone, count in counts.items() if count > 1} == {}
    assert counts.keys() >= wanted
    assert not counts.keys() & {PHONES[n] for n in REFUSED}
    for message in reminders(network):
        if message.phone in chaos.stopped:
            # A call that was under way when the STOP came cannot be called back.
            assert message.created <= chaos.stopped[message.phone] + timedelta(seconds=0.5)


def wait_for(done: object) -> bool:
    """Whether it came true in time."""
    end = time.monotonic() + HEAL_SECONDS
    while not done():  # type: ignore[operator]
        if time.monotonic() > end:
            return False
        time.sleep(1)
    return True


def open_messages(database_url: str) -> int:
    """Texts of which something is still owed, or nothing known."""
    database = open_database(database_url)
    over = [*WITH_PROVIDER, MessageStatus.DROPPED]
    with database.read() as connection:
        rows = connection.execute(
            select(func.count())
            .select_from(Message)
            .where(Message.direction == Direction.OUTBOUND, Message.status.not_in(over))
        )
        count = int(rows.scalar_one())
    database.dispose()
    return count
