"""`/healthz` says that the process lives, `/readyz` that it can do its work."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from bot.services.brakes import Trouble, troubles
from bot.services.check import database_fault, migrations_fault, redis_fault
from bot.services.clinic import Clinic


def blueprint(clinic: Clinic) -> Blueprint:
    """Both routes."""
    made = Blueprint("health", __name__)
    checks = {"database": database_fault, "migrations": migrations_fault, "redis": redis_fault}

    @made.get("/healthz")
    def healthz() -> ResponseReturnValue:
        """Alive: asks nothing of anybody else."""
        return jsonify(status="ok")

    @made.get("/readyz")
    def readyz() -> ResponseReturnValue:
        """Ready: each check with what is wrong with it, 503 when anything is; and what holds sending back."""
        faults = {name: check(clinic) for name, check in checks.items()}
        answers = {name: _answer(fault) for name, fault in faults.items()}
        ready = not any(faults.values())
        # Not among the checks: patients' texts are taken and answered all the same, so nobody is to be turned away.
        sending = [] if faults["database"] or faults["migrations"] else troubles(clinic, clinic.clock())
        body = {"status": "ready" if ready else "not ready", "checks": answers, "sending": [_told(t) for t in sending]}
        return jsonify(body), 200 if ready else 503

    return made


def _told(trouble: Trouble) -> dict[str, str | int | None]:
    since, until = trouble.since.isoformat(), trouble.until.isoformat()
    return {"brake": trouble.kind, "code": trouble.code, "reason": trouble.reason, "since": since, "until": until}


def _answer(fault: str | None) -> dict[str, str]:
    return {"status": "ok"} if fault is None else {"status": "failed", "reason": fault}
