"""The kinds of row there are: their columns, how one is read, and how many are written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.core.rows import Kind
from bot.services.importing import appointments, handoffs, keyed, patients, related, waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class Loader:
    """How one kind of row is read and written. `columns` and `required` are a CSV file's; none for FHIR only."""

    key: tuple[str, ...]
    parse: Callable[..., Any]
    store: Callable[..., Any]
    columns: tuple[str, ...] = ()
    required: tuple[str, ...] = ()


LOADERS: Mapping[Kind, Loader] = {
    Kind.PATIENTS: Loader(
        key=(patients.KEY,),
        parse=patients.parse,
        store=patients.store,
        columns=patients.COLUMNS,
        required=patients.REQUIRED,
    ),
    Kind.APPOINTMENTS: Loader(
        key=(appointments.KEY,),
        parse=appointments.parse,
        store=appointments.store,
        columns=appointments.COLUMNS,
        required=appointments.REQUIRED,
    ),
    Kind.RECALLS: Loader(
        key=("recall_id",),
        parse=keyed.parse_recall,
        store=keyed.recalls.store,
        columns=keyed.RECALL_COLUMNS,
        required=keyed.RECALL_REQUIRED,
    ),
    Kind.REFERRALS: Loader(
        key=("referral_id",),
        parse=keyed.parse_referral,
        store=keyed.referrals.store,
        columns=keyed.REFERRAL_COLUMNS,
        required=keyed.REFERRAL_REQUIRED,
    ),
    Kind.WAITLIST: Loader(
        key=("waitlist_id",),
        parse=waiting.parse,
        store=waiting.waitlist.store,
        columns=waiting.COLUMNS,
        required=waiting.REQUIRED,
    ),
    Kind.DISCHARGES: Loader(
        key=("discharge_id",),
        parse=handoffs.parse_discharge,
        store=handoffs.discharges.store,
        columns=handoffs.DISCHARGE_COLUMNS,
        required=handoffs.DISCHARGE_REQUIRED,
    ),
    Kind.REFILLS: Loader(
        key=("refill_id",),
        parse=handoffs.parse_refill,
        store=handoffs.refills.store,
        columns=handoffs.REFILL_COLUMNS,
        required=handoffs.REFILL_REQUIRED,
    ),
    Kind.CONDITIONS: Loader(
        key=("condition_id",),
        parse=handoffs.parse_condition,
        store=handoffs.conditions.store,
        columns=handoffs.CONDITION_COLUMNS,
        required=handoffs.CONDITION_REQUIRED,
    ),
    Kind.TASKS: Loader(key=("referral_id",), parse=handoffs.parse_task, store=handoffs.store_tasks),
    Kind.CONTACTS: Loader(key=("contact_id",), parse=related.parse_contact, store=related.store_contacts),
    Kind.CONSENTS: Loader(key=("patient_id",), parse=related.parse_agreement, store=related.store_agreements),
}

CSV_KINDS = tuple(kind for kind, loader in LOADERS.items() if loader.columns)
