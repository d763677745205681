"""`/healthz` says that the process lives, `/readyz` that it can do its work."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

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
        """Ready: each check with what is wrong with it, 503 when anything is."""
        faults = {name: check(clinic) for name, check in checks.items()}
        answers = {name: _answer(fault) for name, fault in faults.items()}
        ready = not any(faults.values())
        return jsonify(status="ready" if ready else "not ready", checks=answers), 200 if ready else 503

    return made


def _answer(fault: str | None) -> dict[str, str]:
    return {"status": "ok"} if fault is None else {"status": "failed", "reason": fault}
