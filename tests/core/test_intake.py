"""The order of precedence: danger and consent always, then people, the journey, the rest; and nothing is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.effects import Answer, Ask, ChangeConsent, Effect, Escalate, MarkPatient, PauseJourneys, Say, SetLanguage
from bot.core.escalation import Priority, Reason
from bot.core.intents import Evidence, Intent, OptOutScope
from bot.core.journey import QuestionState
from bot.core.language_offer import Tongue
from bot.core.messages import Origin
from bot.core.people import AppointmentStatus, ConsentStatus, Participation, PatientStatus
from bot.core.situation import Response
from tests.core.conversing import NOW, a_question, a_situation, a_visit, an_enrollment, decide, maria, means

VISIT = a_visit()
ASKED = a_situation(a_question(VISIT), visits=(VISIT,))


def said(response: Response) -> list[str]:
    return [effect.key for effect in response.effects if isinstance(effect, Say | Ask)]


def reasons(response: Response) -> dict[Reason, Priority]:
    return {effect.reason: effect.priority for effect in response.effects if isinstance(effect, Escalate)}


def answered(response: Response) -> dict[str, Participation]:
    return {effect.appointment_id: effect.response for effect in response.effects if isinstance(effect, Answer)}


def has(response: Response, kind: type[Effect]) -> bool:
    return any(isinstance(effect, kind) for effect in response.effects)


@pytest.mark.parametrize(
    ("intent", "participation", "text"),
    [
        (Intent.CONFIRM, Participation.ACCEPTED, "appointment/confirmed"),
        (Intent.DECLINE, Participation.DECLINED, "appointment/declined"),
        (Intent.RESCHEDULE, Participation.TENTATIVE, "appointment/reschedule_requested"),
    ],
)
def test_an_answer_to_the_reminder_is_taken_and_echoed(intent: Intent, participation: Participation, text: str) -> None:
    response = decide(ASKED, means(intent))
    assert answered(response) == {"A1": participation}
    assert said(response) == [text]


def test_a_yes_with_a_question_confirms_and_brings_only_the_question_to_a_person() -> None:
    response = decide(ASKED, means(Intent.QUESTION, Intent.CONFIRM, auto=False))
    assert answered(response) == {"A1": Participation.ACCEPTED}
    assert reasons(response) == {Reason.QUESTION: Priority.ROUTINE}
    assert said(response) == ["appointment/confirmed", "general/question"]


@pytest.mark.parametrize("also", [(), (Intent.CONFIRM,), (Intent.DECLINE,), (Intent.NUMERIC_ANSWER,)])
def test_an_emergency_is_answered_at_once_and_never_acted_on_as_anything_else(also: tuple[Intent, ...]) -> None:
    response = decide(ASKED, means(Intent.EMERGENCY, *also, danger="cardiac"))
    assert reasons(response) == {Reason.EMERGENCY: Priority.EMERGENCY}
    assert said(response) == ["general/emergency"]
    assert answered(response) == {}
    assert has(response, PauseJourneys)


@pytest.mark.parametrize(
    "changes", [{"opted_out": True}, {"held": True}, {"people": ()}, {"recent_replies": (NOW,) * 60}]
)
def test_the_safety_reply_goes_out_in_every_state(changes: dict[str, object]) -> None:
    response = decide(a_situation(**changes), means(Intent.EMERGENCY, danger="breathing"))
    assert said(response) == ["general/emergency"]
    assert Reason.EMERGENCY in reasons(response)


@pytest.mark.parametrize(
    ("family", "key"),
    [("self-harm", "general/self_harm"), ("violence", "general/danger_neutral"), ("stroke", "general/emergency")],
)
def test_the_safety_reply_fits_the_danger(family: str, key: str) -> None:
    assert said(decide(ASKED, means(Intent.EMERGENCY, danger=family))) == [key]


def test_the_same_danger_within_half_an_hour_escalates_again_without_a_second_text() -> None:
    again = a_situation(last_safety_at=NOW - timedelta(minutes=5), last_safety_family="cardiac")
    assert said(decide(again, means(Intent.EMERGENCY, danger="cardiac"))) == []
    assert Reason.EMERGENCY in reasons(decide(again, means(Intent.EMERGENCY, danger="cardiac")))
    assert said(decide(again, means(Intent.EMERGENCY, danger="self-harm"))) == ["general/self_harm"]


def test_an_opt_out_is_confirmed_once_and_nothing_else_is_said() -> None:
    response = decide(ASKED, means(Intent.OPT_OUT, keyword="stop"))
    assert ChangeConsent(ConsentStatus.OPTED_OUT) in response.effects
    assert said(response) == ["general/opt_out_confirmed"]
    assert said(decide(a_situation(opted_out=True), means(Intent.OPT_OUT, keyword="stop"))) == []


def test_an_opt_out_that_the_carrier_has_answered_is_recorded_in_silence() -> None:
    response = decide(a_situation(carrier_handled=True), means(Intent.OPT_OUT, keyword="stop"))
    assert has(response, ChangeConsent)
    assert said(response) == []


def in_danger_and_out(danger: str, wish: str, keyword: str | None = None) -> Response:
    evidence = (Evidence(Intent.EMERGENCY, "danger", danger), Evidence(Intent.OPT_OUT, "opt_out", wish))
    both = means(Intent.EMERGENCY, Intent.OPT_OUT, danger="self-harm", keyword=keyword)
    return decide(ASKED, replace(both, evidence=evidence))


@pytest.mark.parametrize("keyword", [None, "stop"])
def test_danger_and_opt_out_in_one_text_both_count(keyword: str | None) -> None:
    response = in_danger_and_out("want to die", "stop" if keyword else "stop texting me", keyword)
    assert has(response, ChangeConsent)
    assert reasons(response)[Reason.EMERGENCY] is Priority.EMERGENCY
    assert "general/self_harm" in said(response)


def test_a_cry_for_help_is_no_opt_out_in_the_same_words() -> None:
    response = in_danger_and_out("don't want to be here anymore", "I don't want to be")
    assert not has(response, ChangeConsent)
    assert said(response) == ["general/self_harm"]


def test_after_an_emergency_a_yes_is_for_the_person_who_has_it() -> None:
    paused = a_situation(a_question(VISIT), visits=(VISIT,), people=(maria(paused=True),))
    response = decide(paused, means(Intent.CONFIRM))
    assert answered(response) == {}
    assert said(response) == []
    assert reasons(response) == {Reason.EMERGENCY: Priority.EMERGENCY}
    assert has(decide(paused, means(Intent.OPT_OUT, keyword="stop")), ChangeConsent)


def test_after_stop_a_bare_yes_corrects_nothing() -> None:
    question = a_question(VISIT, state=QuestionState.ANSWERED)
    situation = a_situation(question, visits=(VISIT,), opted_out=True)
    response = decide(situation, means(Intent.CONFIRM))
    assert answered(response) == {}
    assert reasons(response)


@pytest.mark.parametrize("word", ["CANCEL", "END", "QUIT"])
def test_an_opt_out_word_that_may_mean_the_visit_is_urgent_for_a_person(word: str) -> None:
    response = decide(ASKED, means(Intent.OPT_OUT, keyword=word))
    assert has(response, ChangeConsent)
    assert reasons(response) == {Reason.OPT_OUT_CHECK: Priority.URGENT}
    assert answered(response) == {}
    assert reasons(decide(a_situation(), means(Intent.OPT_OUT, keyword=word))) == {}


def test_stopping_some_texts_is_not_stopping_all() -> None:
    response = decide(ASKED, means(Intent.OPT_OUT, scope=OptOutScope.PROGRAM))
    assert not has(response, ChangeConsent)
    assert reasons(response)


def test_only_start_itself_undoes_an_opt_out() -> None:
    silent = a_situation(opted_out=True)
    phrase = decide(silent, means(Intent.OPT_IN))
    assert not has(phrase, ChangeConsent)
    assert said(phrase) == []
    assert reasons(phrase)
    keyword = decide(silent, means(Intent.OPT_IN, keyword="start"))
    assert ChangeConsent(ConsentStatus.OPTED_IN) in keyword.effects
    assert said(keyword) == ["general/opt_in_confirmed"]


def test_after_an_opt_out_an_answer_still_counts_but_nothing_is_said() -> None:
    response = decide(a_situation(a_question(VISIT), visits=(VISIT,), opted_out=True), means(Intent.CONFIRM))
    assert answered(response) == {"A1": Participation.ACCEPTED}
    assert said(response) == []


def test_while_a_person_holds_the_conversation_the_bot_is_silent() -> None:
    held = a_situation(a_question(VISIT), visits=(VISIT,), held=True)
    for intent in (Intent.CONFIRM, Intent.QUESTION, Intent.UNCLEAR, Intent.WRONG_PERSON):
        assert decide(held, means(intent)).effects == ()
    assert has(decide(held, means(Intent.OPT_OUT, keyword="stop")), ChangeConsent)


@pytest.mark.parametrize(
    ("intent", "status", "reason"),
    [
        (Intent.DECEASED, PatientStatus.DECEASED, Reason.DECEASED),
        (Intent.WRONG_PERSON, PatientStatus.WRONG_NUMBER, Reason.WRONG_PERSON),
    ],
)
def test_a_death_or_a_wrong_number_stops_everything(intent: Intent, status: PatientStatus, reason: Reason) -> None:
    response = decide(ASKED, means(intent))
    assert MarkPatient(status) in response.effects
    assert reason in reasons(response)
    assert answered(response) == {}
    assert len(said(response)) == 1


def test_a_language_is_switched_when_the_clinic_has_it_and_else_a_person_helps() -> None:
    assert SetLanguage("es") in decide(ASKED, means(Intent.LANGUAGE_SWITCH, language="es-MX")).effects
    lacking = decide(ASKED, means(Intent.LANGUAGE_SWITCH, language="so"))
    assert not has(lacking, SetLanguage)
    assert Reason.LANGUAGE in reasons(lacking)


def test_a_language_is_offered_beside_an_answer_but_not_beside_a_question() -> None:
    one = replace(ASKED, offers="es")
    assert said(decide(one, means(Intent.CONFIRM)))[-1] == "general/language_offer"
    assert "general/language_offer" not in said(decide(one, means(Intent.CONFIRM, Intent.SYMPTOM)))
    assert "general/language_offer" not in said(decide(replace(one, held=True), means(Intent.CONFIRM)))
    two = (VISIT, a_visit("A2", patient_id="P2", name="Luis"))
    household = a_situation(a_question(*two), visits=two, offers="es")
    assert said(decide(household, means(Intent.DECLINE))) == ["appointment/which_visit"]


def test_a_bare_word_after_the_offer_answers_no_visit() -> None:
    tongue = Tongue(asked="es", asked_at=NOW)
    taken = decide(replace(ASKED, tongue=tongue, takes_offer=True), means(Intent.CONFIRM))
    assert answered(taken) == {}
    assert said(taken) == ["general/language_changed", "appointment/reminder_last"]
    assert SetLanguage("es") in taken.effects
    kept = decide(replace(ASKED, tongue=tongue, takes_offer=False), means(Intent.DECLINE))
    assert answered(kept) == {}
    assert said(kept) == ["general/language_kept"]


def test_a_correction_overrides_and_is_said_to() -> None:
    question = a_question(VISIT, state=QuestionState.ANSWERED)
    accepted = a_visit(response=Participation.ACCEPTED)
    situation = a_situation(question, visits=(accepted,), enrollments={"A1": an_enrollment(step="confirmed")})
    response = decide(situation, means(Intent.DECLINE))
    assert answered(response) == {"A1": Participation.DECLINED}
    assert said(response) == ["appointment/changed_to_declined"]


def test_a_yes_to_a_visit_that_moved_does_not_confirm_the_new_time() -> None:
    moved = a_visit(version=2)
    situation = a_situation(a_question(VISIT, state=QuestionState.VOID), visits=(moved,))
    response = decide(situation, means(Intent.CONFIRM))
    assert answered(response) == {}
    assert said(response) == ["appointment/no_longer_open"]


def test_a_yes_after_the_visit_confirms_nothing() -> None:
    over = a_visit(starts_at=NOW - timedelta(hours=2))
    question = a_question(over, asked_at=NOW - timedelta(days=1), expires_at=over.starts_at)
    response = decide(a_situation(question, visits=(over,)), means(Intent.CONFIRM))
    assert answered(response) == {}
    assert said(response) == ["appointment/already_over"]


def test_a_yes_to_a_cancelled_visit_reaches_a_person() -> None:
    cancelled = a_visit(status=AppointmentStatus.CANCELLED, version=2)
    situation = a_situation(a_question(VISIT, state=QuestionState.VOID), visits=(cancelled,))
    response = decide(situation, means(Intent.CONFIRM))
    assert answered(response) == {}
    assert reasons(response)


def test_two_misses_go_to_a_person_and_the_bot_does_not_ask_for_ever() -> None:
    first = decide(ASKED, means(Intent.UNCLEAR, auto=False))
    assert said(first) == ["appointment/unclear"]
    assert reasons(first) == {}
    once = a_question(VISIT, enrollment=an_enrollment(misses=1))
    second = decide(a_situation(once, visits=(VISIT,)), means(Intent.UNCLEAR, auto=False))
    assert said(second) == ["general/passed_on"]
    assert Reason.UNCLEAR in reasons(second)
    twice = a_question(VISIT, enrollment=an_enrollment(misses=2))
    third = decide(a_situation(twice, visits=(VISIT,)), means(Intent.UNCLEAR, auto=False))
    assert said(third) == []


def test_a_household_confirms_together_and_is_asked_which_visit_otherwise() -> None:
    other = a_visit("A2", patient_id="P2", name="Luis")
    bundle = a_question(VISIT, other)
    situation = a_situation(bundle, visits=(VISIT, other))
    assert answered(decide(situation, means(Intent.CONFIRM))) == {
        "A1": Participation.ACCEPTED,
        "A2": Participation.ACCEPTED,
    }
    response = decide(situation, means(Intent.DECLINE))
    assert answered(response) == {}
    assert said(response) == ["appointment/which_visit"]
    menu = next(effect for effect in response.effects if isinstance(effect, Ask))
    asked = a_question(VISIT, other, id="Q2", step="which", pending=menu.pending, options=menu.options)
    chosen = decide(a_situation(asked, visits=(VISIT, other)), means(Intent.NUMERIC_ANSWER, number=2.0))
    assert answered(chosen) == {"A2": Participation.DECLINED}


def test_an_unknown_number_gets_an_identity_and_a_person_and_no_patient_data() -> None:
    response = decide(a_situation(people=()), means(Intent.UNCLEAR, auto=False))
    assert said(response) == ["general/who_are_we"]
    assert Reason.UNCLEAR in reasons(response)


def test_two_machines_do_not_talk_for_ever() -> None:
    looping = a_situation(recent_replies=(NOW - timedelta(seconds=30),) * 10)
    response = decide(looping, means(Intent.QUESTION))
    assert said(response) == []
    assert reasons(response)


intents = st.lists(st.sampled_from(list(Intent)), min_size=1, max_size=4, unique=True)


@given(
    found=intents,
    auto=st.booleans(),
    opted_out=st.booleans(),
    held=st.booleans(),
    known=st.booleans(),
    asked=st.booleans(),
    misses=st.integers(0, 4),
    number=st.none() | st.floats(allow_nan=False, allow_infinity=False, min_value=-5, max_value=500),
)
def test_whatever_is_written_is_acted_on_answered_or_in_front_of_a_person(
    found: list[Intent],
    auto: bool,
    opted_out: bool,
    held: bool,
    known: bool,
    asked: bool,
    misses: int,
    number: float | None,
) -> None:
    question = a_question(VISIT, enrollment=an_enrollment(misses=misses))
    situation = a_situation(
        *([question] if asked and known else []),
        visits=(VISIT,) if known else (),
        opted_out=opted_out,
        held=held,
        **({} if known else {"people": ()}),
    )
    response = decide(situation, means(*found, auto=auto, number=number))
    done = any(isinstance(e, Say | Ask | Answer | Escalate | ChangeConsent) for e in response.effects)
    small_talk = {Intent.ACKNOWLEDGE, Intent.GREETING, Intent.HELP, Intent.OPT_IN} & set(found)
    assert done or held or small_talk or (opted_out and Intent.OPT_OUT in found)
    if opted_out and not {Intent.EMERGENCY, Intent.OPT_IN} & set(found):
        spoken = [e for e in response.effects if isinstance(e, Say | Ask)]
        assert all(isinstance(e, Say) and e.origin is Origin.SAFETY for e in spoken)
    if Intent.EMERGENCY in found:
        assert reasons(response)[Reason.EMERGENCY] is Priority.EMERGENCY
        assert answered(response) == {}
