"""Messages: what patients read, in every language, what it costs, how hard it is, and who stands behind it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import groupby
from typing import Final

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bot.core.hours import local_day
from bot.runtime import Shown, messages_of, show
from bot.services import reviews
from bot.services.places import spoken_phone
from bot.services.reviews import Standing
from bot.services.setting import Faults
from bot.store.queries import reviews as queries
from bot.web.console import setting_words
from bot.web.console.guard import SUPERVISORS, only, person
from bot.web.console.language import Said, say
from bot.web.current import clinic

HARD: Final = 6.0
"""Above this grade a text is too hard: health texts are to be read by whoever left school after six years."""
STANDINGS: Final = Said({
    Standing.SOURCE: "Original",
    Standing.APPROVED: "Approved",
    Standing.CHANGED: "Edited since its approval",
    Standing.DRAFT: "Not approved",
    Standing.MISSING: "Not translated",
})  # fmt: skip
JOURNEYS: Final = Said({
    "appointment": "Visits",
    "checkin": "Check-ins",
    "education": "Health tips",
    "general": "Answers and safety",
    "medication": "Medicines",
    "needs": "Help nearby",
    "no_show": "After a missed visit",
    "outreach": "In the clinic's own words",
    "recall": "Recalls",
    "referral": "Referrals",
    "survey": "Surveys",
    "transition": "After a hospital stay",
    "waitlist": "Earlier times",
})  # fmt: skip
FILTERS: Final = Said({
    "": "All",
    "unapproved": "Not approved",
    "over": "Over budget",
    "hard": "Hard to read",
})  # fmt: skip
_COMMENT: Final = re.compile(r"\{#\s*(.*?)\s*#\}", re.DOTALL)
_BUDGET: Final = re.compile(r"\s*\bsegments: \d+(?:, translated: \d+)?\.?")

KEEPS: Final[Mapping[str, Callable[[Shown, Standing], bool]]] = {
    "": lambda _shown, _standing: True,
    "unapproved": lambda _shown, standing: standing not in (Standing.SOURCE, Standing.APPROVED),
    "over": lambda shown, _standing: shown.over,
    "hard": lambda shown, _standing: shown.grade is not None and shown.grade > HARD,
}


def install(blueprint: Blueprint) -> None:
    """Add the routes."""
    blueprint.add_url_rule("/templates", view_func=templates)
    blueprint.add_url_rule("/templates/<language>/<path:key>", view_func=template)
    rule = "/templates/<language>/<path:key>/approval"
    blueprint.add_url_rule(rule, view_func=approval, methods=["POST"])


def templates() -> ResponseReturnValue:
    """All languages with counts; with `?language=` that language's messages, some of them with `?show=`."""
    if "language" in request.args:
        return _messages_in(request.args["language"], request.args.get("show", ""))
    ours = clinic()
    texts = messages_of(ours)
    with ours.database.read() as connection:
        tallies = reviews.tallies(ours, connection)
    return _drawn(
        "templates",
        tallies=tallies,
        names={tag: texts.language(tag) for tag in texts.languages()},
        total=len(texts.keys()),
        source=texts.source_language,
    )


def template(language: str, key: str) -> ResponseReturnValue:
    """One message in one language, beside its English source."""
    _known(language, key)
    return _message(language, key, {})


@only(*SUPERVISORS)
def approval(language: str, key: str) -> ResponseReturnValue:
    """A qualified person has approved this text (`do` = approve), or nobody stands behind it (withdraw)."""
    _known(language, key)
    ours, form = clinic(), request.form.to_dict()
    actor, now = person().user_id, ours.clock()
    if form.get("do") == "withdraw":
        if reviews.withdraw(ours, key=key, language=language, actor_id=actor, now=now):
            flash(say("The approval is withdrawn."))
        return _back(language, key)
    if form.get("do") != "approve":
        abort(400)
    try:
        faults = reviews.approve(ours, form, key=key, language=language, actor_id=actor, now=now)
    except LookupError:
        abort(409, say("This text cannot be approved: it is not translated in full, or is the original."))
    except reviews.Moved:
        flash(say("The text has been edited since you opened the page. Read it again, then approve it."))
        return _back(language, key)
    if faults:
        return _message(language, key, form, faults), 422
    flash(say("Approved. An edit of the text or of its English source withdraws that by itself."))
    return _back(language, key)


def _back(language: str, key: str) -> ResponseReturnValue:
    return redirect(url_for("console.template", language=language, key=key), 303)


def _known(language: str, key: str) -> None:
    texts = clinic().texts
    if language not in texts.languages() or key not in texts.keys():  # noqa: SIM118
        abort(404)


def _messages_in(language: str, kept: str) -> str:
    ours = clinic()
    texts = messages_of(ours)
    if language not in texts.languages() or kept not in KEEPS:
        abort(404)
    with ours.database.read() as connection:
        standings = reviews.standings(texts, connection, language)
    shown = {key: _shown(key, language) for key in texts.keys()}  # noqa: SIM118
    keeps = {
        name: [key for key in shown if keep(shown[key], standings[key])] for name, keep in KEEPS.items()
    }
    return _drawn(
        "templates_language",
        language=texts.language(language),
        names={tag: texts.language(tag) for tag in texts.languages()},
        groups=[(name, list(keys)) for name, keys in groupby(keeps[kept], key=_journey)],
        counts={name: len(keys) for name, keys in keeps.items()},
        kept=kept,
        messages=shown,
        standings=standings,
    )


def _message(language: str, key: str, typed: dict[str, str], faults: Faults | None = None) -> str:
    ours = clinic()
    texts = messages_of(ours)
    with ours.database.read() as connection:
        across, history = reviews.across(texts, connection, key), queries.history(connection, key, language)
    keys = texts.keys()
    at = keys.index(key)
    today = local_day(ours.clock(), ours.settings.clinic_timezone).isoformat()
    return _drawn(
        "template",
        key=key,
        language=texts.language(language),
        names={tag: texts.language(tag) for tag in texts.languages()},
        told=_told(texts.source(key).text),
        original=_shown(key, texts.source_language),
        message=_shown(key, language),
        standing=across[language],
        as_it_is=reviews.goes_out_in(ours, key, language, across[language]) == language,
        across=across,
        history=history,
        seen=reviews.seen(texts, key, language),
        today=today,
        typed={"on": today, **typed},
        faults=faults or {},
        before=keys[at - 1] if at else None,
        after=keys[at + 1] if at + 1 < len(keys) else None,
    )


def _shown(key: str, language: str) -> Shown:
    ours = clinic()
    settings = ours.settings
    return show(
        messages_of(ours), key, language, clinic=settings.clinic_name, phone=spoken_phone(settings.clinic_phone)
    )


def _told(source: str) -> str:
    """What the template's own comment says about when it goes out."""
    found = _COMMENT.search(source)
    return _BUDGET.sub("", " ".join(found[1].split())).strip() if found else ""


def _drawn(page: str, **values: object) -> str:
    return render_template(
        f"console/{page}.html",
        FILTERS=FILTERS,
        HARD=HARD,
        JOURNEYS=JOURNEYS,
        STANDINGS=STANDINGS,
        drafts_sent=clinic().settings.draft_translations == "send",
        full_date=_date,
        setting=setting_words,
        title=_title,
        **values,
    )


def _journey(key: str) -> str:
    return key.partition("/")[0]


def _date(moment: datetime) -> str:
    return local_day(moment, clinic().settings.clinic_timezone).isoformat()


def _title(key: str) -> str:
    """`appointment/reminder_first` as words."""
    return key.rpartition("/")[2].replace("_", " ").capitalize()
