"""Whether the clinic can do its work: each check gives None, or one line that says what is wrong."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from sqlalchemy import exists, select
from sqlalchemy.exc import SQLAlchemyError

from bot.services.clinic import Clinic
from bot.services.ports import Provider, QueueDown
from bot.store import migrations
from bot.store.database import DatabaseDown
from bot.store.tables import NameWord, Patient

PATIENCE: Final = 2.0
"""Seconds. A load balancer's own patience is seldom longer."""
DATABASE_SILENT: Final = "the database does not answer: look at DATABASE_URL and whether its server runs"


def database_fault(clinic: Clinic) -> str | None:
    """Whether the database answers."""

    def ask() -> str | None:
        try:
            clinic.database.ping()
        except (DatabaseDown, SQLAlchemyError):
            return DATABASE_SILENT
        return None

    return _soon(ask, otherwise=DATABASE_SILENT)


def migrations_fault(clinic: Clinic) -> str | None:
    """Whether the database has the schema of this version."""

    def ask() -> str | None:
        try:
            behind = migrations.pending(clinic.database)
        except (DatabaseDown, SQLAlchemyError):
            return "unknown, since the database does not answer"
        return "the database lacks migrations: run `bot db upgrade`" if behind else None

    return _soon(ask, otherwise="unknown, since the database does not answer")


def names_remark(clinic: Clinic) -> str:
    """Whether search finds everybody by name: those who were imported before it could are still to be indexed."""
    unindexed = select(Patient.patient_id).where(
        Patient.name_index.is_not(None), ~exists().where(NameWord.patient_id == Patient.patient_id)
    )

    def ask() -> str:
        try:
            with clinic.database.read() as connection:
                left = connection.execute(unindexed.limit(1)).first()
        except (DatabaseDown, SQLAlchemyError):
            return ""
        return "some patients are not found by name yet: run `bot keys index-names`" if left else "all are found"

    return _soon(ask, otherwise="") or "unknown, since the database does not answer"


def redis_fault(clinic: Clinic) -> str | None:
    """Whether Redis answers."""
    silent = "Redis does not answer: look at REDIS_URL and whether its server runs"

    def ask() -> str | None:
        try:
            clinic.queue.ping()
        except QueueDown:
            return silent
        return None

    return _soon(ask, otherwise=silent)


async def provider_fault(provider: Provider) -> str | None:
    """Whether the provider takes our credentials. Closes the provider."""
    try:
        return await provider.check()
    finally:
        await provider.aclose()


def _soon(ask: Callable[[], str | None], *, otherwise: str) -> str | None:
    """The answer, or `otherwise` when there is none in time: a dead host may leave a socket hanging for minutes."""
    answers: list[str | None] = []
    thread = threading.Thread(target=lambda: answers.append(ask()), daemon=True)
    thread.start()
    thread.join(PATIENCE)
    return answers[0] if answers else otherwise
