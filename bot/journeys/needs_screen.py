"""Social needs: food, home, rides and bills, asked one by one after a yes; places that help only after another."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from bot.core.effects import Ask, Effect, Escalate, Record, Say, Start
from bot.core.escalation import Reason
from bot.core.intents import Context, Intent
from bot.core.journey import END, Journey, Move, OwedBy, Rank, Reaction, Replied, Sends, Silence, Step

NEEDS = "needs"
"""Key in the enrollment's data: what was answered with yes, only until the end of the questions."""
PATIENCE = timedelta(days=2)
DOMAINS: Mapping[str, str] = {"food": "food", "housing": "housing", "transport": "transport", "utilities": "cost"}
"""What is asked about, and the kind of help that answers it."""
_ORDER = tuple(DOMAINS)
_TALK = Move("person", (Escalate(Reason.HUMAN_REQUESTED, suggestion="call-to-talk"), Say("general/human")))


def _found(event: Replied | Silence) -> tuple[str, ...]:
    loop = event.question.enrollment if isinstance(event, Replied) else event.enrollment
    return tuple(loop.data.get(NEEDS, "").split()) if loop is not None else ()


def _answer(domain: str, *, yes: bool) -> Reaction:
    def move(event: Replied) -> Move:
        found = (*_found(event), domain) if yes else _found(event)
        kept = Record(f"need-{domain}", "yes" if yes else "no")
        at = _ORDER.index(domain) + 1
        if at < len(_ORDER):
            following = _ORDER[at]
            return Move(following, (kept, Ask(f"survey/needs_{following}", following)), data={NEEDS: " ".join(found)})
        if found:
            return Move("share", (kept, Ask("survey/needs_share", "share")), data={NEEDS: " ".join(found)})
        return Move("answered", (kept, Say("education/noted")))

    return move


def _share(event: Replied) -> Move:
    helps = dict.fromkeys(DOMAINS[domain] for domain in _found(event) if domain in DOMAINS)
    starts: tuple[Effect, ...] = tuple(Start("needs", kind=kind) for kind in helps)
    return Move("answered", (Record("needs-share", "yes"), *starts, Say("education/noted")), data={NEEDS: ""})


def _keep_to_myself(event: Replied) -> Move:
    del event
    return Move("answered", (Record("needs-share", "no"), Say("education/noted")), data={NEEDS: ""})


def _left(event: Silence) -> Move:
    """A need was told, and then nothing: a person asks."""
    if _found(event):
        return Move("person", (Escalate(Reason.SURVEY_ALERT, suggestion="call-about-the-answer"),), data={NEEDS: ""})
    return Move("unanswered", data={NEEDS: ""})


def _asks(name: str, text: str, yes: Reaction, no: Reaction, **more: Sends) -> Step:
    return Step(
        name=name,
        text=text,
        context=Context.CHECKIN_YES_NO,
        options=(Intent.CONFIRM, Intent.DECLINE, Intent.REQUEST_HUMAN),
        on={Intent.CONFIRM: yes, Intent.DECLINE: no, Intent.REQUEST_HUMAN: _TALK},
        again="survey/needs_unclear",
        silence_after=PATIENCE,
        on_silence=_left,
        sends=more.get("sends"),
    )


_DECLINED = Move("declined", (Record("needs-screen", "declined"), Say("education/noted")))

JOURNEY = Journey(
    name="needs_screen",
    title="Questions on needs",
    rank=Rank.RECALL,
    start="invited",
    steps={
        "invited": _asks(
            "invited",
            "survey/needs",
            Move("food", (Ask("survey/needs_food", "food"),)),
            _DECLINED,
            sends=Sends(life=timedelta(days=1)),
        ),
        **{
            domain: _asks(domain, f"survey/needs_{domain}", _answer(domain, yes=True), _answer(domain, yes=False))
            for domain in DOMAINS
        },
        "share": _asks("share", "survey/needs_share", _share, _keep_to_myself),
        "person": Step(
            name="person",
            owed_by=OwedBy.OFFICE,
            office="call-to-talk",
            silence_after=timedelta(days=2),
            on_silence=Move("person", (Escalate(Reason.HUMAN_REQUESTED, suggestion="call-to-talk"),)),
        ),
        "answered": Step(name="answered", closes="answered"),
        "called": Step(name="called", closes="called"),
        "declined": Step(name="declined", closes="declined"),
        "unanswered": Step(name="unanswered", closes="unanswered"),
    },
    events={"called": Move("called"), "stopped": Move(END, outcome="stopped")},
    staff={"called": "Talked with them"},
    offices={"call-to-talk": "Call: they would rather talk"},
    samples=({}, {NEEDS: "food"}),
)
