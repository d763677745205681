"""Loading patients, visits, recalls and referrals from what other systems export."""

from __future__ import annotations

from bot.core.rows import Kind, Unreadable
from bot.services.importing.kinds import CSV_KINDS
from bot.services.importing.report import Fault, ImportReport
from bot.services.importing.run import run_import, run_rows
from bot.services.importing.turns import turn

__all__ = ["CSV_KINDS", "Fault", "ImportReport", "Kind", "Unreadable", "run_import", "run_rows", "turn"]
