"""Scheduler and worker together: an emergency that nobody takes reaches whoever is on call, once."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import insert

from bot import clock
from bot.config import load
from bot.core.escalation import EscalationStatus, NoticeState, Priority, Reason
from bot.store.columns import new_id
from bot.store.tables import Escalation, Notice, OnCall, Role, User
from tests.clinic import RunningClinic, get_json
from tests.servers import wait_until
from tests.services.sending import Scene


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_whoever_is_on_call_gets_a_text(running_clinic: RunningClinic, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in running_clinic.env.items():
        monkeypatch.setenv(name, value)
    scene, now = Scene(load()), clock.now()
    scene.patient(1)
    user_id, row_id = new_id(), new_id()
    waiting = {"status": EscalationStatus.OPEN, "created_at": now - timedelta(minutes=5), "updated_at": now}
    with scene.clinic.database.begin() as connection:
        connection.execute(
            insert(User).values(
                id=user_id, email="sam@clinic.test", role=Role.SUPERVISOR, password_hash="-", created_at=now
            )
        )
        sealed = scene.clinic.vault.seal("on_call.phone", row_id, "+16015550171")
        connection.execute(
            insert(OnCall).values(id=row_id, rung=1, user_id=user_id, after_minutes=5, phone=sealed, created_at=now)
        )
        connection.execute(
            insert(Escalation).values(
                id=new_id(), patient_id="p1", priority=Priority.EMERGENCY, priority_rank=0, reason=Reason.EMERGENCY,
                respond_by=now, **waiting,
            )
        )  # fmt: skip

    phone = f"{running_clinic.network_url}/network/phones/%2B16015550171"
    wait_until(lambda: scene.count(Notice, Notice.state == NoticeState.SENT) == 1, seconds=60, what="the notice")
    said = f"Tendril, Willow Clinic: an emergency has waited 5 min. Open {running_clinic.web_url}/console/ ."
    assert said in json.dumps(get_json(phone))
    scene.clinic.database.dispose()
