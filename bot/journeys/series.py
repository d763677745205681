"""A series of lessons: one or two texts a week, a small question now and then, thanks at the end."""

from __future__ import annotations

from datetime import time, timedelta

from bot.core.effects import Effect, Escalate, Record, Say, StopJourneys
from bot.core.escalation import Priority, Reason
from bot.core.intents import Context, Intent
from bot.core.journey import END, Enrollment, Happened, Journey, Move, OwedBy, Rank, Replied, Sends, Silence, Step
from bot.core.series import DELIVERED, PREGNANCY, PREGNANCY_LOST, Asked, read

MORNING = time(10, 0)
A_LITTLE = timedelta(hours=2)
"""Less than whole days between two texts: else each would go out a day later than the one before."""
HIGHEST = 10


def _gap(loop: Enrollment) -> timedelta:
    return timedelta(days=int(loop.data.get("gap", "7"))) - A_LITTLE


def _next(event: Silence) -> Move:
    """The lesson after the one that stands now; thanks after the last."""
    data = event.enrollment.data if event.enrollment is not None else {}
    plan, at = data.get("plan", "").split(), int(data.get("at", "-1")) + 1
    if at >= len(plan):
        return Move("thanked") if plan else Move(END, outcome="nothing-to-tell")
    text, asked = read(plan[at])
    step = "lesson" if asked is None else "scale" if asked.is_scale else "question"
    return Move(step, data={"at": str(at), "lesson": text})


def _answered(event: Replied, value: str, *, bad: bool, urgent: bool) -> Move:
    loop = event.question.enrollment
    kept = Record(f"lesson-{loop.data.get('lesson', '') if loop is not None else ''}"[:48], value)
    if not bad:
        return Move("resting", (kept, Say("checkin/yes_noted")))
    priority = Priority.URGENT if urgent else Priority.ROUTINE
    alert = Escalate(Reason.SURVEY_ALERT, priority, suggestion="call-about-the-answer")
    return Move("resting", (kept, alert, Say("general/symptom" if urgent else "checkin/no_noted")))


def _yes_or_no(event: Replied) -> Move:
    answer = "yes" if event.understanding.has(Intent.CONFIRM) else "no"
    _text, asked = _lesson_of(event)
    bad = asked is not None and asked.bad == answer
    return _answered(event, answer, bad=bad, urgent=asked is not None and asked.urgent)


def _mark(event: Replied) -> Move:
    number = event.understanding.details.number
    if number is None or not 0 <= number <= HIGHEST:
        return Move("scale", (Say("survey/unclear"), Escalate(Reason.UNCLEAR)))
    _text, asked = _lesson_of(event)
    low = asked is not None and number < asked.below
    return _answered(event, f"{number:g}", bad=low, urgent=False)


def _lesson_of(event: Replied) -> tuple[str, Asked | None]:
    data = event.question.enrollment.data if event.question.enrollment is not None else {}
    plan, at = data.get("plan", "").split(), int(data.get("at", "0"))
    return read(plan[at]) if at < len(plan) else ("", None)


def _lost(event: Happened) -> Move | None:
    """Everything about the pregnancy ends, at once, and without a word."""
    if event.enrollment.kind not in PREGNANCY:
        return None
    silence: tuple[Effect, ...] = (
        Record(PREGNANCY_LOST, "reported"),
        StopJourneys(PREGNANCY_LOST, kinds=PREGNANCY),
    )
    return Move(END, silence, outcome=PREGNANCY_LOST)


def _delivered(event: Happened) -> Move | None:
    if event.enrollment.kind not in PREGNANCY:
        return None
    return Move(END, (Escalate(Reason.TRANSITION, suggestion="postpartum-visit"),), outcome=DELIVERED)


def _says(name: str, context: Context, **more: object) -> Step:
    return Step(
        name=name,
        text="education/{lesson}",
        context=context,
        sends=Sends(at=MORNING, weekdays=True, life=timedelta(days=2)),
        silence_after=_gap,
        on_silence=_next,
        **more,  # type: ignore[arg-type]
    )


_PLAN = {"plan": "flu_1 flu_2!no flu_3<5", "gap": "7", "lesson": "flu_1"}

JOURNEY = Journey(
    name="series",
    title="Lessons",
    rank=Rank.EDUCATION,
    start="enrolled",
    steps={
        "enrolled": Step(name="enrolled", owed_by=OwedBy.NOBODY, silence_after=timedelta(0), on_silence=_next),
        "lesson": _says("lesson", Context.EDUCATION, owed_by=OwedBy.NOBODY),
        "question": _says(
            "question",
            Context.CHECKIN_YES_NO,
            options=(Intent.CONFIRM, Intent.DECLINE),
            on={Intent.CONFIRM: _yes_or_no, Intent.DECLINE: _yes_or_no},
            again="checkin/unclear",
        ),
        "scale": _says("scale", Context.SURVEY_SCALE, on={Intent.NUMERIC_ANSWER: _mark}, again="survey/unclear"),
        "resting": Step(name="resting", owed_by=OwedBy.NOBODY, silence_after=_gap, on_silence=_next),
        "thanked": Step(
            name="thanked",
            text="education/end",
            context=Context.EDUCATION,
            sends=Sends(at=MORNING, weekdays=True, life=timedelta(days=2)),
            closes="finished",
        ),
    },
    events={PREGNANCY_LOST: _lost, DELIVERED: _delivered, "stopped": Move(END, outcome="stopped")},
    staff={PREGNANCY_LOST: "Pregnancy has ended", DELIVERED: "Baby was born", "stopped": "No more of these texts"},
    samples=tuple({**_PLAN, "at": at} for at in ("-1", "0", "1", "2")),
)
