"""Whatever patients and staff do in whatever order: every inbound is acted on, or stands in front of a person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import delete, insert

from bot.core.escalation import Reason
from bot.core.journey import QuestionState
from bot.core.people import Participation
from bot.services import inbox, inbox_reply, inbox_snooze, inbox_undo, inbox_visits, silence
from bot.services.inbox import Done, Unseen
from bot.services.inbox_reply import Moved, Written
from bot.services.ladder import climb
from bot.services.receive import Inbound, Media, receive
from bot.services.returns import give_back_idle
from bot.store.columns import AnyRow, Table, new_id
from bot.store.tables import Conversation, Question, Role
from tests.services.sending import Scene
from tests.services.watching import Line, Watched

WORDS = (
    *("yes", "no", "1", "2", "ok", "thanks", "thank you so much", "hi", "👍", "hmm", "asdf qwer"),
    *("where do I park?", "can my daughter come in with me?", "yes, and do I need to fast?", "call me"),
    *("can i come friday instead", "running 10 min late", "Luis can't come", "both", "I need a ride", "español"),
    *("STOP", "START", "HELP", "stop texting me", "i do want the messages", "STOP. I can't come", "END"),
    *("my chest hurts and I cannot breathe", "I have a rash and a fever", "i want to kill myself", "lol jk"),
    *("you people are useless", "wrong number", "Ana passed away", "", "no puedo ir", "¿dónde me estaciono?"),
)
SMALL_TALK = {"acknowledge", "greeting", "help", "opt_in"}
SAID = {"confirm": "accepted", "decline": "declined", "reschedule": "tentative"}
ALONE, SHARED, STRANGER = 10, 11, 88
PROGRAM = "program"

phones = st.sampled_from([ALONE, ALONE, SHARED, SHARED, STRANGER])
people = st.sampled_from(["ana", "bob", "sam"])
picks = st.integers(0, 7)


class Clinic(Watched, RuleBasedStateMachine):
    """Two phones with patients, one of a stranger, two coordinators and a supervisor."""

    def __init__(self, scene: Scene) -> None:
        RuleBasedStateMachine.__init__(self)
        Watched.__init__(self, scene)
        self.replies: list[tuple[str, str]] = []
        self.sids = 0

    @initialize()
    def begin(self) -> None:
        self.users = {
            "ana": self.desk.user("Ana Ruiz"),
            "bob": self.desk.user("Bob Lee"),
            "sam": self.desk.user("Sam Ode", Role.SUPERVISOR),
        }
        self.desk.visit(1, self.desk.patient(10, "Rosa", "Delgado"), days=3)
        self.desk.visit(2, self.desk.patient(11, "Ana", "Vega"), days=2)
        self.desk.visit(3, self.desk.patient(12, "Luis", "Vega", phone=SHARED), days=4)

    def teardown(self) -> None:
        with self.clinic.database.begin() as connection:
            for table in reversed(Table.metadata.sorted_tables):
                connection.execute(delete(table))

    # --- patients

    @rule(number=phones, words=st.sampled_from(WORDS))
    def text(self, number: int, words: str) -> None:
        self.writes(number, words)

    @rule(number=phones, carrier=st.sampled_from(["STOP", "START", None]))
    def text_of_another_kind(self, number: int, carrier: str | None) -> None:
        """A consent word that the carrier has answered itself, or a picture without words."""
        if carrier is not None:
            self.writes(number, carrier, opt_out_type=carrier)
        else:
            self.writes(number, "", media=(Media("image/jpeg", "https://media.test/1"),))

    def writes(self, number: int, words: str, **more: Any) -> None:
        self.tick()
        self.sids += 1
        sid = f"SM{self.sids:032x}"
        before = self.standing()
        inbound = Inbound(message_sid=sid, sender=self.desk.phone(number), body=words, **more)
        reply = receive(self.clinic, inbound, self.desk.now)
        row, after = self.row_of(sid), self.standing()
        kinds = set(row.understood["intents"])
        changed = before.deeds != after.deeds
        known = kinds & SAID.keys() and {SAID.get(kind) for kind in kinds} & after.responses
        small = kinds <= SMALL_TALK and not more
        raised = {one for one, version in after.versions.items() if before.versions.get(one) != version}
        acted = bool(reply.texts or changed or known or small)
        # Whatever slept in this conversation has been woken.
        talk = row.conversation_id
        assert not [case for case in self.unresolved() if case.conversation_id == talk and case.snoozed_until]
        self.lines[row.id] = Line(row.id, words, row.conversation_id, self.desk.now, acted, frozenset(raised))

    @rule(which=st.sampled_from([("V-1", "P-010", ALONE), ("V-2", "P-011", SHARED), ("V-3", "P-012", SHARED)]))
    def reminder(self, which: tuple[str, str, int]) -> None:
        """A reminder has gone out: its question is open."""
        self.tick()
        visit, patient, number = which
        now = self.desk.now
        with self.clinic.database.begin() as connection:
            connection.execute(
                insert(Question).values(
                    id=new_id(), conversation_id=f"talk-{number}", patient_id=patient, journey="appointment",
                    step="remind", context="appointment_reminder", options=["confirm", "reschedule", "decline"],
                    subjects=[[visit, 1]], state=QuestionState.OPEN, asked_at=now, expires_at=now + timedelta(days=2),
                )
            )  # fmt: skip
        self.desk.change(Conversation, Conversation.id == f"talk-{number}", last_outbound_at=now)

    # --- staff

    @rule(who=people, pick=picks)
    def claim(self, who: str, pick: int) -> None:
        if case := self.pick(pick):
            inbox.claim(self.clinic, escalation_id=case.id, actor_id=self.users[who], now=self.tick())

    @rule(who=people, pick=picks)
    def release(self, who: str, pick: int) -> None:
        if case := self.pick(pick):
            inbox.release(
                self.clinic, escalation_id=case.id, actor_id=self.users[who], now=self.tick(), force=who == "sam"
            )

    @rule(who=people, number=phones, take=st.booleans())
    def whole_conversation(self, who: str, number: int, take: bool) -> None:
        talk, actor, now = self.talk(number), self.users[who], self.tick()
        if take:
            inbox.claim_conversation(self.clinic, conversation_id=talk, actor_id=actor, now=now)
        else:
            inbox.release_conversation(self.clinic, conversation_id=talk, actor_id=actor, now=now, force=who == "sam")

    @rule(who=people, number=phones, words=st.sampled_from(["In the garage.", "Does Tuesday at 3 work?"]))
    def reply(self, who: str, number: int, words: str) -> None:
        talk = self.talk(number)
        heard = self.heard(talk)
        outcome = self.say(who, talk, words, seen=heard[-1].id if heard else "")
        assert not isinstance(outcome, Moved)
        if isinstance(outcome, Written):
            self.replies.append((who, outcome.message_id))
            for line in heard:
                line.seen_to.add(outcome.message_id)

    @rule(who=people, number=phones)
    def reply_from_an_old_page(self, who: str, number: int) -> None:
        heard = self.heard(self.talk(number))
        if heard:
            seen = heard[-2].id if len(heard) > 1 else ""
            assert not isinstance(self.say(who, self.talk(number), "In the garage.", seen=seen), Written)

    def say(self, who: str, talk: str, words: str, *, seen: str) -> inbox_reply.Outcome:
        return inbox_reply.reply(
            self.clinic, conversation_id=talk, actor_id=self.users[who], body=words, now=self.tick(), seen=seen
        )

    @rule(who=people)
    def undo(self, who: str) -> None:
        mine = [message_id for author, message_id in self.replies if author == who]
        if mine and inbox_reply.undo(self.clinic, message_id=mine[-1], actor_id=self.users[who], now=self.tick()):
            for line in self.lines.values():
                line.seen_to.discard(mine[-1])

    @rule(who=people, pick=picks, hours=st.sampled_from([0, 3, 72, 30 * 24]))
    def snooze(self, who: str, pick: int, hours: int) -> None:
        if case := self.pick(pick):
            actor, now = self.users[who], self.tick()
            until = now + timedelta(hours=hours)
            if hours:
                inbox_snooze.snooze(self.clinic, escalation_id=case.id, until=until, actor_id=actor, now=now)
            else:
                inbox_snooze.wake(self.clinic, escalation_id=case.id, actor_id=actor, now=now)

    @rule(who=people, pick=picks)
    def resolve(self, who: str, pick: int) -> None:
        """In the console, with everything on the page."""
        if case := self.pick(pick):
            self.resolve_case(who, case)

    @rule(who=people, pick=picks)
    def resolve_from_an_old_page(self, who: str, pick: int) -> None:
        case = self.pick(pick)
        heard = self.heard(case.conversation_id) if case else []
        if case and heard:
            outcome = self.close(who, case, seen=heard[-2].id if len(heard) > 1 else "")
            assert not isinstance(outcome, Done)
            assert case.id in {row.id for row in self.unresolved()}

    @rule(who=people, to=people, pick=picks, again=st.booleans())
    def reopen_or_hand_on(self, who: str, to: str, pick: int, again: bool) -> None:
        actor, force, now = self.users[who], who == "sam", self.tick()
        rows = self.resolved() if again else self.unresolved()
        if rows and again:
            case_id = rows[pick % len(rows)].id
            inbox_undo.reopen(self.clinic, escalation_id=case_id, actor_id=actor, now=now, force=force)
        elif rows:
            case_id = rows[pick % len(rows)].id
            inbox_undo.assign(
                self.clinic, escalation_id=case_id, to=self.users[to], actor_id=actor, now=now, force=force
            )

    @rule(pick=picks)
    def resolve_by_a_program(self, pick: int) -> None:
        if case := self.pick(pick):
            outcome = inbox.resolve(self.clinic, escalation_id=case.id, actor_id=PROGRAM, now=self.tick(), force=True)
            assert isinstance(outcome, Done)
            # What came while somebody held the conversation was raised as this: it closes what it was raised for.
            unanswered = case.reason is Reason.UNANSWERED
            for line in self.heard(case.conversation_id) if unanswered else ():
                if line.at <= case.created_at:
                    line.seen_to.add(case.id)

    def resolve_case(self, who: str, case: AnyRow) -> None:
        heard = self.heard(case.conversation_id)
        outcome = self.close(who, case, seen=heard[-1].id if heard else "")
        assert not isinstance(outcome, Unseen)
        if isinstance(outcome, Done):
            for line in heard:
                line.seen_to.add(case.id)

    def close(self, who: str, case: AnyRow, *, seen: str) -> inbox.Change | Unseen:
        return inbox.resolve(
            self.clinic, escalation_id=case.id, actor_id=self.users[who], now=self.tick(), seen=seen, force=who == "sam"
        )

    # --- what happens all day long, and in single steps would seldom come together

    @rule(who=people, number=phones)
    def clear(self, who: str, number: int) -> None:
        """Everything in a conversation is seen to."""
        talk = self.talk(number)
        for case in self.unresolved():
            if case.conversation_id == talk:
                self.resolve_case(who, case)

    @rule(who=people, number=phones, words=st.sampled_from(WORDS))
    def take_and_go_home(self, who: str, number: int, words: str) -> None:
        self.whole_conversation(who, number, take=True)
        self.writes(number, words)
        self.nothing_is_lost()
        self.pass_time(31)

    @rule(who=people, number=phones, words=st.sampled_from(WORDS), regret=st.booleans())
    def answer_and_let_go(self, who: str, number: int, words: str, regret: bool) -> None:
        self.whole_conversation(who, number, take=True)
        self.writes(number, words)
        self.reply(who, number, "In the garage.")
        self.whole_conversation(who, number, take=False)
        if regret:
            self.undo(who)

    @rule(visit=st.sampled_from(["V-1", "V-2", "V-3"]), response=st.sampled_from(Participation))
    def answer_visit(self, visit: str, response: Participation) -> None:
        actor, now = self.users["ana"], self.tick()
        inbox_visits.answer_visit(self.clinic, appointment_id=visit, response=response, actor_id=actor, now=now)
        inbox_reply.add_note(
            self.clinic, conversation_id=self.talk(ALONE), actor_id=actor, body="Called the patient.", now=now
        )

    # --- time

    @rule(minutes=st.sampled_from([1, 11, 31, 31, 25 * 60]))
    def pass_time(self, minutes: int) -> None:
        self.desk.wait(minutes=minutes)
        silence.wake(self.clinic, self.desk.now)
        give_back_idle(self.clinic, self.desk.now)
        climb(self.clinic, self.desk.now)

    # --- what must hold

    @invariant()
    def nothing_is_lost(self) -> None:
        unresolved = self.unresolved()
        soon = self.desk.now + inbox_snooze.LONGEST
        watched = {row.conversation_id for row in unresolved if (row.snoozed_until or self.desk.now) <= soon}
        standing = {row.id for row in unresolved}
        held = self.held()
        for line in self.lines.values():
            in_front = line.conversation_id in watched | held
            closed = bool(line.raised) and not line.raised & standing  # Whoever closed all of that closed this.
            assert line.acted or line.seen_to or closed or in_front, line


def live(scene: Scene, *, examples: int, steps: int, derandomize: bool = True) -> None:
    profile = settings(
        max_examples=examples, stateful_step_count=steps, deadline=None, database=None, derandomize=derandomize,
        suppress_health_check=list(HealthCheck), print_blob=False,
        # Cutting a failure short takes minutes; its steps are printed all the same.
        phases=[Phase.generate],
    )  # fmt: skip
    run_state_machine_as_test(lambda: Clinic(scene), settings=profile)  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nothing_is_lost(scene: Scene) -> None:
    live(scene, examples=25, steps=25)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_nothing_is_lost_on_postgresql(scene: Scene) -> None:
    live(scene, examples=3, steps=15)


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nothing_is_lost_in_many_lives(scene: Scene) -> None:
    live(scene, examples=100, steps=40, derandomize=False)
