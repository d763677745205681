"""A campaign is paused, everything is killed twice, and it goes on: each patient's text is sent once.

`CAMPAIGN_SIZE=100000` runs it at that size (docs/performance.md) and says how far it is; by default it is one that ends
in a minute or two. `CAMPAIGN_WORKERS` and `CAMPAIGN_RATE` (segments a second) are for finding out what holds it up.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, text

from bot import clock
from bot.config import Settings
from bot.core.campaigns import CampaignState, RecipientState
from bot.core.delivery import WITH_PROVIDER
from bot.core.people import ConsentStatus
from bot.demo.network import RunningNetwork
from bot.demo.network_faults import FaultPlan
from bot.demo.network_state import NetworkSettings, Way
from bot.runtime import build_clinic
from bot.services.campaigns import making, running
from bot.services.campaigns.making import ArmText, Draft, Made
from bot.services.clinic import Clinic
from bot.store.bulk import put_many
from bot.store.columns import new_id
from bot.store.tables import (
    Campaign,
    CampaignRecipient,
    ContactPoint,
    Conversation,
    Message,
    Patient,
    PatientContact,
    Role,
    User,
)
from tests.clinic import RunningClinic

pytestmark = pytest.mark.slow

SIZE = int(os.environ.get("CAMPAIGN_SIZE", "200"))
REFUSED_EVERY = 25
"""One patient in so many has not agreed to texts."""
HEAL_SECONDS = 240.0 + SIZE / 20
CHUNK = 2_000
RATE = os.environ.get("CAMPAIGN_RATE", "40" if SIZE <= 5_000 else "1000")
WORKERS = int(os.environ.get("CAMPAIGN_WORKERS", "2"))
PROCESSES = WORKERS + 2
TOLD_EVERY = 15.0
CALM_SECONDS = 4.0


@pytest.fixture
def network(settings_env: dict[str, str]) -> Iterator[RunningNetwork]:
    """The phone network, in this process, so that it outlives every kill and can be counted on."""
    account = NetworkSettings(
        account_sid=settings_env["TWILIO_ACCOUNT_SID"],
        auth_token=settings_env["TWILIO_AUTH_TOKEN"],
        phone_number=settings_env["TWILIO_PHONE_NUMBER"],
        app_url=settings_env["PUBLIC_URL"],
    )
    with RunningNetwork(account, FaultPlan(carrier_ms=50)) as network:
        yield network


@pytest.fixture
def processes(settings_env: dict[str, str], network: RunningNetwork, tmp_path: Path) -> Iterator[RunningClinic]:
    """The clinic's processes, none of them started."""
    made = RunningClinic({**settings_env, "QUIET_HOURS": "00:00-00:00", "SEND_RATE": RATE}, folder=tmp_path)
    made.env["TWILIO_API_URL"] = network.url
    try:
        yield made
    except BaseException as error:
        error.add_note(made.output()[-6000:])
        raise
    finally:
        made.stop()


def settle(clinic: Clinic) -> list[str]:
    """The patients: one in `REFUSED_EVERY` has not agreed, and every phone number is a made-up one."""
    now, vault, ids = clock.now(), clinic.vault, []
    for start in range(0, SIZE, CHUNK):
        tables: dict[type, list[dict[str, object]]] = {
            Patient: [], ContactPoint: [], PatientContact: [], Conversation: [],
        }  # fmt: skip
        for number in range(start, min(start + CHUNK, SIZE)):
            patient_id, contact_id = f"p{number}", new_id()
            ids.append(patient_id)
            name = vault.seal("patients.given_name", patient_id, f"Pat{number}x")
            tables[Patient].append(
                {
                    "patient_id": patient_id, "given_name": name, "language": "en", "created_at": now,
                    "updated_at": now,
                }
            )  # fmt: skip
            # Beyond 79,000 of them somebody else has the number already: on WhatsApp, say, since each is kept once.
            area, line = 201 + number // 100 % 789, number % 100
            phone = f"+1{area}55501{line:02d}"
            channel = "sms" if number < 78_900 else "whatsapp"
            tables[ContactPoint].append(
                {
                    "id": contact_id, "phone": vault.seal("contact_points.phone", contact_id, phone),
                    "phone_index": vault.index(phone), "channel": channel, "created_at": now,
                }
            )  # fmt: skip
            consent = ConsentStatus.UNKNOWN if number % REFUSED_EVERY == 0 else ConsentStatus.OPTED_IN
            tables[PatientContact].append(
                {"patient_id": patient_id, "contact_point_id": contact_id, "consent": consent, "created_at": now}
            )
            tables[Conversation].append({"id": new_id(), "contact_point_id": contact_id, "created_at": now})
        with clinic.database.begin() as connection:
            for table, rows in tables.items():
                put_many(connection, table.__table__, rows)  # type: ignore[attr-defined]
    return ids


def approved(clinic: Clinic, ids: list[str]) -> str:
    """A campaign for all of them, approved by somebody else."""
    now = clock.now()
    with clinic.database.begin() as connection:
        connection.execute(
            insert(User).values(
                id="sue", email="sue@example.org", role=Role.SUPERVISOR, password_hash="!", created_at=now
            )
        )
    draft = Draft(name="Autumn", arms=[ArmText(name="all", text_key="recall/invite")])
    made = making.create(clinic, draft, ids, actor_id="ann", now=now)
    assert isinstance(made, Made)
    assert made.size == SIZE
    assert running.approve(clinic, made.campaign_id, actor_id="sue", now=now) is None
    return made.campaign_id


def start(processes: RunningClinic) -> None:
    processes.start("web")
    processes.wait_ready(HEAL_SECONDS)
    for name in (*["worker"] * WORKERS, "scheduler"):
        processes.start(name)


def kill_everything(processes: RunningClinic) -> int:
    """`kill -9` of every process of the clinic; how many there were."""
    killed = 0
    for name in ("scheduler", "worker", "web"):
        for child in processes.children.get(name, ()):
            if child.running():
                child.kill()
                killed += 1
    return killed


def wait_for(
    done: Callable[[], bool], told: Callable[[str], None], what: str, *, seconds: float = HEAL_SECONDS
) -> bool:
    """Whether it came true in time."""
    begun = shown = time.monotonic()
    while not done():
        now = time.monotonic()
        if now > begun + seconds:
            return False
        if now > shown + TOLD_EVERY:
            shown = now
            told(f"waiting: {what}")
        time.sleep(0.5)
    told(what)
    return True


def open_texts(clinic: Clinic, campaign_id: str) -> int:
    """Texts of the campaign of which something is still owed, or nothing known."""
    with clinic.database.read() as connection:
        query = select(func.count()).where(Message.campaign_id == campaign_id, Message.status.not_in(WITH_PROVIDER))
        return int(connection.execute(query).scalar_one())


def state_of(clinic: Clinic, campaign_id: str) -> CampaignState:
    with clinic.database.read() as connection:
        return CampaignState(connection.execute(select(Campaign.state).where(Campaign.id == campaign_id)).scalar_one())


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_each_text_is_sent_once(settings: Settings, processes: RunningClinic, network: RunningNetwork) -> None:
    clinic = build_clinic(settings)
    sent, begun = network.count, time.monotonic()

    def told(what: str) -> None:
        if SIZE > 5_000:
            print(f"{time.monotonic() - begun:7.1f} s  {sent():>7,} sent  {what}", flush=True)  # noqa: T201 - seen with -s

    ids = settle(clinic)
    told("filled")
    campaign_id = approved(clinic, ids)
    told("made")
    with clinic.database.begin() as connection:
        connection.execute(text("ANALYZE"))  # As autovacuum has done by the time a clinic starts a campaign.
    wanted = SIZE - len(range(0, SIZE, REFUSED_EVERY))

    start(processes)
    processes.run("campaigns", "start", campaign_id, seconds=HEAL_SECONDS)
    assert wait_for(lambda: sent() > wanted // 10, told, "a tenth"), processes.output()[-3000:]

    assert running.pause(clinic, campaign_id, actor_id="sue", now=clock.now()) is None
    time.sleep(CALM_SECONDS)  # What was on the wire when it was paused.
    before = sent()
    time.sleep(CALM_SECONDS)
    assert sent() == before
    assert before < wanted
    assert kill_everything(processes) == PROCESSES
    told("paused and killed")

    start(processes)
    assert running.resume(clinic, campaign_id, actor_id="sue", now=clock.now()) is None
    assert wait_for(lambda: sent() > before + (wanted - before) // 3, told, "a third of the rest")
    assert kill_everything(processes) == PROCESSES  # This time in the midst of it.
    told("killed again")
    start(processes)
    assert wait_for(lambda: sent() >= wanted, told, "all sent")

    over = wait_for(
        lambda: state_of(clinic, campaign_id) is CampaignState.FINISHED and open_texts(clinic, campaign_id) == 0,
        told, "finished",
    )  # fmt: skip
    assert over, (state_of(clinic, campaign_id), open_texts(clinic, campaign_id), sent())
    counts = Counter(message.body for message in network.messages() if message.way is Way.API)
    assert {body: count for body, count in counts.items() if count > 1} == {}
    names = {body.partition("Pat")[2].partition("x")[0] for body in counts}
    assert names == {str(number) for number in range(SIZE) if number % REFUSED_EVERY}
    with clinic.database.read() as connection:
        query = select(CampaignRecipient.state, CampaignRecipient.reason, func.count()).group_by(
            CampaignRecipient.state, CampaignRecipient.reason
        )
        stands = {(state, reason): count for state, reason, count in connection.execute(query)}
    assert stands == {
        (RecipientState.QUEUED, None): wanted,
        (RecipientState.SKIPPED, "no-consent"): SIZE - wanted,
    }
    clinic.database.dispose()
