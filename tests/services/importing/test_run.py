"""Whole imports: chunks, interruptions, recalls and referrals, and speed."""

from __future__ import annotations

import io
import threading
import time
from datetime import timedelta
from typing import Any

import pytest

from bot.core.rows import Kind
from bot.services.importing import run_import
from bot.services.importing.run import CHUNK
from tests.services.importing.conftest import Desk

COUNT = 2 * CHUNK + 50


def many(count: int, *, note: str = "") -> list[str]:
    """Rows of as many patients, no two with one number."""
    return [f"P{n},Ana{note},Lopez,,({200 + n // 100}) 555-{100 + n % 100:04d},,,yes" for n in range(count)]


class Interrupted(Exception):
    """Somebody pressed Ctrl-C."""


def test_an_interrupted_import_leaves_whole_chunks_and_can_be_run_again(desk: Desk) -> None:
    def interrupt(done: int, rows: int) -> None:
        assert rows == COUNT
        if done == CHUNK:
            raise Interrupted

    with pytest.raises(Interrupted):
        desk.patients(*many(COUNT), progress=interrupt)
    assert len(desk.rows("SELECT patient_id FROM patients")) == CHUNK
    run = desk.one("SELECT * FROM import_runs")
    assert (run.added, run.finished_at) == (CHUNK, None)
    report = desk.patients(*many(COUNT))
    assert (report.added, report.unchanged) == (COUNT - CHUNK, CHUNK)
    assert len(desk.rows("SELECT patient_id FROM patient_contacts")) == COUNT


def test_progress_goes_to_the_end(desk: Desk) -> None:
    seen: list[tuple[int, int]] = []
    desk.patients(*many(COUNT), progress=lambda done, rows: seen.append((done, rows)))
    assert seen == [(CHUNK, COUNT), (2 * CHUNK, COUNT), (COUNT, COUNT)]


def test_every_fault_is_told_and_kept_though_the_report_holds_a_thousand(desk: Desk) -> None:
    told: list[str] = []
    report = desk.patients(*[",Ana,Lopez,,,,,"] * 1500, on_fault=lambda fault: told.append(str(fault)))
    assert (report.rejected, len(report.faults), len(told)) == (1500, 1000, 1500)
    assert len(desk.rows("SELECT id FROM import_faults")) == 1500


def test_two_imports_of_one_file_at_once(desk: Desk) -> None:
    """Whoever comes second finds the rows there, or tries its chunk again."""
    body = (
        "patient_id,phone\n" + "".join(f"P{n},({200 + n // 100}) 555-{100 + n % 100:04d}\n" for n in range(600))
    ).encode()
    failures: list[BaseException] = []

    def load() -> None:
        try:
            run_import(desk.clinic, Kind.PATIENTS, io.BytesIO(body), file_name="p.csv", actor="cli", dry_run=False)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=load) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(desk.rows("SELECT patient_id FROM patients")) == 600
    assert len(desk.rows("SELECT id FROM contact_points")) == 600


def test_recalls(desk: Desk) -> None:
    desk.patients("P1,Ana,Lopez,,601-555-0142,,,yes")
    body = (
        "recall_id,patient_id,measure,due_date,payer\nR1,P1,mammogram,12/31/2026,Acme\n"
        "R2,P9,a1c,2026-12-31,\nR3,P1,,2026-12-31,\nR4,P1,a1c,someday,\n"
    )
    report = desk.load("recalls", body)
    assert (report.added, report.rejected) == (1, 3)
    row = desk.one("SELECT * FROM recalls")
    assert (row.recall_id, row.measure, str(row.due_date), row.payer, row.status) == (
        "R1", "mammogram", "2026-12-31", "Acme", "due",
    )  # fmt: skip
    assert desk.load("recalls", body).unchanged == 1
    assert desk.load("recalls", body.replace("12/31/2026", "11/30/2026")).changed == 1


def test_referrals(desk: Desk) -> None:
    desk.patients("P1,Ana,Lopez,,601-555-0142,,,yes")
    body = (
        "referral_id,patient_id,specialty,referred_to,status,requested_on,authorization\n"
        "F1,P1,Cardiology,Dr Heart,active,2026-11-01,AUTH-1\nF2,P1,Cardiology,,perhaps,,\n"
    )
    report = desk.load("referrals", body)
    assert (report.added, report.rejected) == (1, 1)
    row = desk.one("SELECT * FROM referrals")
    assert (row.specialty, row.status, str(row.requested_on), row.authorization) == (
        "Cardiology", "active", "2026-11-01", "AUTH-1",
    )  # fmt: skip
    assert desk.opened("referrals.referred_to", "F1") == "Dr Heart"
    assert desk.load("referrals", body).unchanged == 1


def test_no_value_of_a_row_lies_open_in_the_database(desk: Desk) -> None:
    desk.patients("P1,Anatolia,Lopezdiaz,1970-01-31,601-555-0142,es,,yes")
    desk.visits("A1,P1,2026-12-01T14:30,30,,Main St,Dr Smithson,Checkup,booked")
    held: list[Any] = []
    for table in ("patients", "contact_points", "patient_contacts", "consent_entries", "appointments", "import_runs"):
        held += [value for row in desk.rows(f"SELECT * FROM {table}") for value in row]
    found = b" ".join(value if isinstance(value, bytes) else str(value).encode() for value in held)
    for secret in (b"Anatolia", b"Lopezdiaz", b"1970-01-31", b"5550142", b"Smithson"):
        assert secret not in found


@pytest.mark.slow
def test_rows_per_second(desk: Desk) -> None:
    rows = many(10_000)
    visits = [
        f"A{n},P{n},{(desk.now + timedelta(days=n % 60)):%Y-%m-%d}T14:30,30,America/Chicago,Main St,,,booked"
        for n in range(len(rows))
    ]
    for load, body in ((desk.patients, rows), (desk.visits, visits)):
        # Of our own processor, not of the clock: the machine may be doing other things.
        begun = time.process_time()
        assert load(*body).added == len(body)
        assert len(body) / (time.process_time() - begun) > 1000
