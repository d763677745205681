"""Fuses: what must not go on by itself when something has plainly gone wrong, and how that is told from bad luck."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Guards(StrEnum):
    """What a fuse stops once it has blown."""

    PATIENT = "patient"
    TEMPLATE = "template"
    CAMPAIGN = "campaign"
    CLINIC = "clinic"
    """All that the clinic starts; answers, safety texts and people's own words go on."""


class Blown(StrEnum):
    """Why a fuse has blown."""

    SAME_TEXT = "same-text-twice"
    TOO_MANY = "too-many-texts"
    OPT_OUTS = "opt-out-spike"
    REPLIES = "reply-storm"
    FILTERED = "carrier-filtering"
    UNDELIVERED = "delivery-failures"
    VANISHED = "vanished-import"


class Limit(StrEnum):
    """A number that the clinic may set; `DEFAULTS` holds what counts where it has not."""

    APPROVAL_SIZE = "approval-size"
    """A campaign to more patients than this needs a second person's yes."""
    PATIENT_A_DAY = "patient-a-day"
    """Texts that the clinic starts to one patient in 24 hours, but for those that a person or a program asked for."""
    LEAST_SENT = "least-sent"
    """Fewer texts than this say nothing about a template."""
    LEAST_OPT_OUTS = "least-opt-outs"
    OPT_OUTS_PER_1000 = "opt-outs-per-1000"
    REPLIES_PERCENT = "replies-percent"
    """Texts that come in within an hour, of those that went: people answer a text once, machines again and again."""
    LEAST_FILTERED = "least-filtered"
    FILTERED_PERCENT = "filtered-percent"
    UNDELIVERED_PERCENT = "undelivered-percent"
    LEAST_VANISHED = "least-vanished"
    VANISHED_PERCENT = "vanished-percent"
    """Of the visits ahead, in one import."""
    CENTS_PER_SEGMENT = "cents-per-segment"
    """What a segment costs, carrier's fees included: for forecasts."""


DEFAULTS: Final[Mapping[Limit, float]] = {
    Limit.APPROVAL_SIZE: 200,
    Limit.PATIENT_A_DAY: 6,
    Limit.LEAST_SENT: 200,
    Limit.LEAST_OPT_OUTS: 10,
    Limit.OPT_OUTS_PER_1000: 50,
    Limit.REPLIES_PERCENT: 150,
    Limit.LEAST_FILTERED: 3,
    Limit.FILTERED_PERCENT: 5,
    Limit.UNDELIVERED_PERCENT: 30,
    Limit.LEAST_VANISHED: 50,
    Limit.VANISHED_PERCENT: 5,
    Limit.CENTS_PER_SEGMENT: 1.2,
}


@dataclass(frozen=True, slots=True)
class Limits:
    """The clinic's numbers."""

    own: Mapping[Limit, float]

    def __getitem__(self, limit: Limit) -> float:
        """The clinic's number, or the built-in one."""
        return self.own.get(limit, DEFAULTS[limit])


@dataclass(frozen=True, slots=True, kw_only=True)
class Went:
    """How the texts of one template, or of one campaign, have fared of late."""

    sent: int
    undelivered: int = 0
    filtered: int = 0
    """Taken off by carriers (30007, 30034 and their like)."""
    opt_outs: int = 0
    replies: int = 0
    """Texts that came in within an hour of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Got:
    """What the clinic has sent to one patient in 24 hours."""

    texts: int
    most_alike: int = 1
    """How often the one that was said most often was said."""


@dataclass(frozen=True, slots=True)
class Trip:
    """A fuse blows: why, and what was counted against which limit."""

    why: Blown
    counted: float
    limit: float


def of_template(went: Went, limits: Limits) -> Trip | None:
    """Whether the texts of one kind have to stop."""
    if went.filtered >= limits[Limit.LEAST_FILTERED]:
        share = 100 * went.filtered / max(1, went.sent)
        if share > limits[Limit.FILTERED_PERCENT]:
            return Trip(Blown.FILTERED, share, limits[Limit.FILTERED_PERCENT])
    if went.opt_outs >= limits[Limit.LEAST_OPT_OUTS] and went.sent >= limits[Limit.LEAST_OPT_OUTS]:
        share = 1000 * went.opt_outs / max(1, went.sent)
        if share > limits[Limit.OPT_OUTS_PER_1000]:
            return Trip(Blown.OPT_OUTS, share, limits[Limit.OPT_OUTS_PER_1000])
    if went.sent < limits[Limit.LEAST_SENT]:
        return None
    share = 100 * went.undelivered / went.sent
    if share > limits[Limit.UNDELIVERED_PERCENT]:
        return Trip(Blown.UNDELIVERED, share, limits[Limit.UNDELIVERED_PERCENT])
    share = 100 * went.replies / went.sent
    if share > limits[Limit.REPLIES_PERCENT]:
        return Trip(Blown.REPLIES, share, limits[Limit.REPLIES_PERCENT])
    return None


def of_patient(got: Got, limits: Limits) -> Trip | None:
    """Whether one patient is being written to too much, or told the same again."""
    if got.most_alike >= 2:
        return Trip(Blown.SAME_TEXT, got.most_alike, 1)
    if got.texts > limits[Limit.PATIENT_A_DAY]:
        return Trip(Blown.TOO_MANY, got.texts, limits[Limit.PATIENT_A_DAY])
    return None


def of_import(vanished: int, ahead: int, limits: Limits) -> Trip | None:
    """Whether one import has called off so many of the visits ahead that a person has to look first."""
    share = 100 * vanished / max(1, ahead)
    if vanished >= limits[Limit.LEAST_VANISHED] and share > limits[Limit.VANISHED_PERCENT]:
        return Trip(Blown.VANISHED, share, limits[Limit.VANISHED_PERCENT])
    return None
