"""How the console tells a patient's story: one sentence for each thing that happened, and why it did."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from bot.core.journey import TouchState
from bot.core.outreach import GateDecision, Hold, Send
from bot.core.people import (
    ConsentBasis,
    ConsentStatus,
    Participation,
)
from bot.services.patient_ahead import Coming
from bot.services.patient_contacts import CARRIED
from bot.services.patient_timeline import Event, is_call
from bot.web.console import loop_words, words
from bot.web.console.language import say
from bot.web.console.story_words import ACTORS as ACTORS
from bot.web.console.story_words import HANDLED as HANDLED
from bot.web.console.story_words import KINDS as KINDS
from bot.web.console.story_words import LEFT_OUT as LEFT_OUT
from bot.web.console.story_words import NUMBERS as NUMBERS
from bot.web.console.story_words import OUTCOMES as OUTCOMES
from bot.web.console.story_words import PROGRAMS as PROGRAMS
from bot.web.console.story_words import RECORDED as RECORDED
from bot.web.console.story_words import RELATIONS as RELATIONS
from bot.web.console.story_words import SCOPES as SCOPES
from bot.web.console.story_words import STATUSES as STATUSES
from bot.web.console.story_words import STEPS as STEPS
from bot.web.console.story_words import VIEWED as VIEWED
from bot.web.console.story_words import VISITS as VISITS


def who(event: Event) -> str:
    """Who did it."""
    return event.name or ACTORS.get(event.actor) or (say("Somebody else") if event.actor else "")


def reason(code: str) -> str:
    """Why a contact was not made, or a text held or dropped."""
    return LEFT_OUT.get(code) or words.WHY.get(code) or code


def step(name: str) -> str:
    """What a planned contact is called: `reminder_last`, or a text's `appointment/reminder_last`."""
    return STEPS.get(name.rpartition("/")[2]) or program(name.partition("/")[0])


def program(name: str) -> str:
    """What the texts of a journey are called."""
    return PROGRAMS.get(name) or loop_words.title(name)


def sentence(event: Event, now: datetime, zone: str) -> str:
    """What happened, in one sentence; messages and notes speak for themselves."""
    told = _TOLD.get(event.source)
    return told(event, now, zone) if told is not None else ""


def _visit(facts: Mapping[str, Any], now: datetime) -> str:
    return words.when(facts["starts_at"], facts["timezone"], now) if facts.get("starts_at") else ""


def _booked(event: Event, now: datetime, _zone: str) -> str:
    place = ", ".join(filter(None, (event.facts["service"], event.facts["location"])))
    return say("Visit on record: %(when)s", when=_visit(event.facts, now)) + (f" · {place}" if place else "")


def _changed(event: Event, now: datetime, _zone: str) -> str:
    facts = event.facts
    visit, name, before, after = _visit(facts, now), who(event), facts["before"], facts["after"]
    match facts["field"]:
        case "response":
            values = {"answer": words.RESPONSES[Participation(after)], "visit": visit, "name": name}
            return say("%(name)s: %(answer)s (visit of %(visit)s)", **values)
        case "starts_at":
            moved = {"old": _moment(before, facts, now), "new": _moment(after, facts, now), "name": name}
            return say("%(name)s: visit moved from %(old)s to %(new)s", **moved)
        case "status":
            values = {"status": VISITS.get(after) or str(after), "visit": visit, "name": name}
            return say("%(name)s: visit of %(visit)s is now: %(status)s", **values)
        case "arrived_at":
            return say("%(name)s: is here for the visit of %(visit)s", name=name, visit=visit)
        case field:
            values = {"field": str(field), "old": before or "–", "new": after or "–", "name": name, "visit": visit}
            return say("%(name)s: visit of %(visit)s, %(field)s: %(old)s → %(new)s", **values)


def _moment(stored: str | None, facts: Mapping[str, Any], now: datetime) -> str:
    try:
        moment = datetime.fromisoformat(stored or "")
    except ValueError:
        return stored or "–"
    return words.when(moment, facts["timezone"], now) if moment.tzinfo is not None else str(stored)


def _enrolled(event: Event, now: datetime, _zone: str) -> str:
    name, visit = program(event.facts["journey"]), _visit(event.facts, now)
    if visit:
        return say("Journey begun: %(name)s, for the visit of %(visit)s", name=name, visit=visit)
    return say("Journey begun: %(name)s", name=name)


def _touched(event: Event, now: datetime, zone: str) -> str:
    facts = event.facts
    values = {
        "step": step(f"{facts['journey']}/{facts['step']}"),
        "visit": _visit(facts, now),
        "due": words.when(facts["due_at"], facts["timezone"] or zone, now),
    }
    if facts["state"] is TouchState.PLANNED:
        return say("%(step)s planned for %(due)s (visit of %(visit)s)", **values)
    why = reason(facts["reason"] or "")
    return say("%(step)s for %(due)s was not made because %(why)s (visit of %(visit)s)", why=why, **values)


def _consented(event: Event, _now: datetime, _zone: str) -> str:
    facts = event.facts
    basis = words.BASIS[ConsentBasis(facts["basis"])]
    if facts["program"] != "all":
        values = {"program": program(facts["program"]), "basis": basis}
        if facts["status"] is ConsentStatus.OPTED_OUT:
            return say("%(program)s: stopped %(basis)s", **values)
        return say("%(program)s: wanted again %(basis)s", **values)
    status = words.CONSENT[ConsentStatus(facts["status"])]
    if facts["evidence"] == CARRIED:
        return say("%(status)s %(basis)s, carried over to another phone", status=status, basis=basis)
    if facts["patient_id"] is None:
        return say("%(status)s %(basis)s, for the number", status=status, basis=basis)
    return say("%(status)s %(basis)s", status=status, basis=basis)


def _raised(event: Event, _now: datetime, _zone: str) -> str:
    facts = event.facts
    values = {"priority": words.PRIORITIES[facts["priority"]], "reason": words.REASONS[facts["reason"]]}
    return say("%(priority)s: %(reason)s", **values)


def _handled(event: Event, _now: datetime, _zone: str) -> str:
    facts = event.facts
    told = HANDLED[facts["action"]] % {"reason": words.REASONS[facts["reason"]], "name": who(event)}
    outcome = (facts["detail"] or {}).get("outcome")
    return f"{told} ({OUTCOMES.get(outcome) or outcome})" if outcome else told


def _recorded(event: Event, _now: datetime, _zone: str) -> str:
    detail = dict(event.facts["detail"] or {})
    shown = {name: _word(event.facts["action"], name, str(value)) for name, value in detail.items()}
    if event.facts["action"] == "patient.language" and detail.get("before") == detail.get("after"):
        return say("Language: %(language)s, as before", language=shown["after"]) + f" · {who(event)}"
    values = {"before": "–", "after": "–", "relation": "–", "scope": "–", **shown}
    name = who(event)
    return f"{RECORDED[event.facts['action']] % values}" + (f" · {name}" if name else "")


def _word(action: str, name: str, value: str) -> str:
    if action == "patient.language":
        return words.language(value)
    tables: Mapping[str, Mapping[Any, str]] = {
        "before": STATUSES,
        "after": STATUSES,
        "relation": RELATIONS,
        "scope": SCOPES,
    }
    return tables.get(name, {}).get(value) or value


def _viewed(event: Event, _now: datetime, _zone: str) -> str:
    told = VIEWED[event.facts["action"]] % {"name": who(event)}
    return f"{told} ({say('%(count)s times', count=event.times)})" if event.times > 1 else told


_TOLD: Final[Mapping[str, Callable[[Event, datetime, str], str]]] = {
    "visit": _booked,
    "change": _changed,
    "enrolled": _enrolled,
    "touch": _touched,
    "planned": _touched,
    "consent": _consented,
    "escalation": _raised,
    "handled": _handled,
    "record": _recorded,
    "viewed": _viewed,
}


def why(event: Event, now: datetime, zone: str) -> Sequence[str]:
    """Why a text went out, waits or did not go: the gate's words in turn, each with its date there."""
    told = []
    for one in event.decisions:
        until = words.when(one.until, zone, now) if one.until else ""
        told.append(f"{words.when(one.at, zone, now)}: {words.decided(one.verdict, one.reason, until)}")
    line, last = event.line, event.decisions[-1] if event.decisions else None
    # Planning and a coordinator drop what waits without asking the gate: only the text itself says so.
    stands = (line.decision, line.decision_reason) if line is not None else (None, None)
    if line is not None and line.decision and (last is None or (last.verdict, last.reason) != stands):
        told.append(words.decided(line.decision, line.decision_reason or "ok"))
    if not told and line is not None and line.status == "planned":
        told.append(say("It waits for its turn; nothing has been decided yet."))
    return told


def label(event: Event) -> str:
    """What kind of a line it is."""
    return say("Call") if is_call(event) else KINDS[event.kind]


def years(birth_date: str, now: datetime, zone: str) -> int | None:
    """How old somebody is there today; None where the date is not known."""
    try:
        born = date.fromisoformat(birth_date)
    except ValueError:
        return None
    today = now.astimezone(ZoneInfo(zone)).date()
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def would_wait(coming: Coming, zone: str, now: datetime) -> Sequence[str]:
    """What would keep a text to come for a while."""
    told, since = [], coming.due_at
    for hold in coming.waits:
        values = {"since": words.when(since, zone, now), "until": words.when(hold.until, zone, now)}
        values["why"] = words.WHY.get(hold.reason) or str(hold.reason)
        told.append(say("Due %(since)s, it would wait until %(until)s because %(why)s.", **values))
        since = hold.until
    return told


def common(coming: Sequence[Coming]) -> GateDecision | None:
    """What keeps everything that is to come, where that is one and the same thing."""
    words_ = {(one.decision.word, one.decision.reason) for one in coming}
    alike = len(coming) > 1 and len(words_) == 1
    return coming[0].decision if alike and not isinstance(coming[0].decision, Send) else None


def would(decision: GateDecision) -> str:
    """What would keep a text to come for good, or for as long as nobody ends it."""
    why_ = words.WHY.get(decision.reason) or str(decision.reason)
    if isinstance(decision, Hold):
        return say("As things stand it would wait because %(why)s.", why=why_)
    return say("As things stand it would not go out because %(why)s.", why=why_)
