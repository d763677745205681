"""The clinic's people: invited once, changed by admins, sent away with all they held, and never the last admin."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.services import accounts, inbox, invitations, sessions, staff
from bot.services.accounts import AccountError, Fault, Limited
from bot.services.staff import Refusal
from bot.store.queries import staff as queries
from bot.store.tables import AuditEntry, Conversation, Escalation, Invitation, Role, Session, User
from tests.services.sending import Scene
from tests.web.console.desk import PASSWORD, Desk


@pytest.fixture
def desk(scene: Scene) -> Desk:
    return Desk(scene.clinic)


@pytest.fixture
def admin(desk: Desk) -> str:
    return desk.user("Mo Khan", Role.ADMIN)


def audited(desk: Desk) -> list[str]:
    with desk.clinic.database.read() as connection:
        return list(connection.execute(select(AuditEntry.action).order_by(AuditEntry.seq)).scalars())


def invite(desk: Desk, admin: str, email: str = "Eve@Clinic.test") -> str:
    made = invitations.invite(
        desk.clinic, email=email, role=Role.SUPERVISOR, locations=["Main St"], actor_id=admin, now=desk.now
    )
    return made.secret


def accept(desk: Desk, secret: str, password: str = PASSWORD) -> str | None:
    return invitations.accept(desk.clinic, secret=secret, name="Eve Stone", password=password, now=desk.now)


def test_a_link_makes_one_account_with_what_was_given(desk: Desk, admin: str) -> None:
    secret = invite(desk, admin)
    assert secret not in str(desk.row(Invitation))
    with pytest.raises(AccountError) as refused:
        accept(desk, secret, "short")
    assert refused.value.fault is Fault.TOO_SHORT
    user_id = accept(desk, secret)
    row = desk.row(User, User.id == user_id)
    assert (row.email, row.name, row.role, row.locations) == (
        "eve@clinic.test", "Eve Stone", Role.SUPERVISOR, ["Main St"],
    )  # fmt: skip
    assert accept(desk, secret) is None
    assert audited(desk) == ["user.invite", "user.create"]
    with pytest.raises(AccountError) as refused:
        invite(desk, admin)
    assert refused.value.fault is Fault.TAKEN


def test_a_link_ends_after_three_days_by_another_and_by_withdrawal(desk: Desk, admin: str) -> None:
    first, second = invite(desk, admin), invite(desk, admin)
    assert accept(desk, first) is None
    with desk.clinic.database.read() as connection:
        [waiting] = invitations.pending(connection, desk.now)
    assert invitations.withdraw(desk.clinic, invitation_id=waiting.id, actor_id=admin, now=desk.now)
    assert not invitations.withdraw(desk.clinic, invitation_id=waiting.id, actor_id=admin, now=desk.now)
    assert accept(desk, second) is None
    third = invite(desk, admin)
    desk.wait(hours=72)
    assert accept(desk, third) is None
    with desk.clinic.database.read() as connection:
        assert not invitations.pending(connection, desk.now)


def test_of_two_browsers_with_one_link_one_gets_in(desk: Desk, admin: str) -> None:
    secret = invite(desk, admin)
    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(lambda _: accept(desk, secret), range(2)))
    assert sorted(user_id is None for user_id in made) == [False, True]


def test_who_leaves_holds_nothing_any_more(desk: Desk, admin: str) -> None:
    ben = desk.user("Ben Cole")
    desk.visit(1, desk.patient(10, "Rosa", "Delgado"), days=3)
    talk = desk.text(10, "where do I park?")
    inbox.claim_conversation(desk.clinic, conversation_id=talk, actor_id=ben, now=desk.now)
    secret = sessions.begin(desk.clinic, user_id=ben, now=desk.now)
    refusal = staff.deactivate(desk.clinic, user_id=ben, actor_id=admin, now=desk.now, inbox_now=desk.now)
    assert refusal is None
    assert sessions.find(desk.clinic, secret, now=desk.now, active=True) is None
    assert desk.row(Conversation).held_by is None
    assert (desk.row(Escalation).status, desk.row(Escalation).claimed_by) == ("open", None)
    wrong = accounts.sign_in(desk.clinic, email="ben@clinic.test", password=PASSWORD, now=desk.now)
    assert isinstance(wrong, accounts.WrongPassword)
    assert staff.activate(desk.clinic, user_id=ben, actor_id=admin, now=desk.now) is None
    again = accounts.sign_in(desk.clinic, email="ben@clinic.test", password=PASSWORD, now=desk.now)
    assert isinstance(again, accounts.SignedIn)


def test_the_last_admin_stays(desk: Desk, admin: str) -> None:
    def away(user_id: str, actor_id: str) -> Refusal | None:
        return staff.deactivate(desk.clinic, user_id=user_id, actor_id=actor_id, now=desk.now, inbox_now=desk.now)

    def demote(user_id: str, actor_id: str) -> Refusal | None:
        return staff.change_place(
            desk.clinic, user_id=user_id, role=Role.COORDINATOR, locations=[], actor_id=actor_id, now=desk.now
        )

    assert away(admin, "cli") is Refusal.LAST_ADMIN
    assert demote(admin, "cli") is Refusal.LAST_ADMIN
    other = desk.user("Ana Ruiz", Role.ADMIN)
    assert away(admin, admin) is Refusal.ONESELF
    # Each the other, at once: one of them is left.
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(lambda pair: demote(*pair), [(admin, other), (other, admin)]))
    assert sorted(outcome is None for outcome in outcomes) == [False, True]
    assert away("nobody", admin) is Refusal.GONE


def test_a_changed_place_counts_at_once_and_is_on_record(desk: Desk, admin: str) -> None:
    ben = desk.user("Ben Cole")
    secret = sessions.begin(desk.clinic, user_id=ben, now=desk.now)
    for _ in range(2):  # the same again changes nothing
        assert not staff.change_place(
            desk.clinic, user_id=ben, role=Role.READ_ONLY, locations=["Elm St"], actor_id=admin, now=desk.now
        )
    person = sessions.find(desk.clinic, secret, now=desk.now, active=True)
    assert person is not None
    assert (person.role, person.locations) == (Role.READ_ONLY, ("Elm St",))
    assert audited(desk).count("user.change") == 1


def test_a_lock_out_is_seen_and_lifted(desk: Desk, admin: str) -> None:
    ben = desk.user("Ben Cole")
    for _ in range(accounts.TRIES):
        accounts.reserve_try(desk.clinic, "ben@clinic.test", desk.now)
    desk.wait(minutes=5)
    with desk.clinic.database.read() as connection:
        shown, _after = staff.listed(connection, active=True, after=None, now=desk.now)
    locked = {one.name: one.locked_until for one in shown}
    assert locked == {"Mo Khan": None, "Ben Cole": desk.now + timedelta(minutes=10)}
    assert isinstance(accounts.reserve_try(desk.clinic, "ben@clinic.test", desk.now), Limited)
    assert staff.unlock(desk.clinic, user_id=ben, actor_id=admin, now=desk.now) is None
    assert not isinstance(accounts.reserve_try(desk.clinic, "ben@clinic.test", desk.now), Limited)
    assert audited(desk)[-1] == "sign-in.unlock"


def test_the_list_is_read_page_by_page(desk: Desk, admin: str) -> None:
    for name in ("Ana Ruiz", "Ben Cole", "Cleo Hart"):
        desk.user(name)
    with desk.clinic.database.read() as connection:
        first = queries.page(connection, active=True, after=None, limit=2)
        second = queries.page(connection, active=True, after=first[1].id, limit=2)
    assert [row.name for row in first] == ["Ana Ruiz", "Ben Cole", "Cleo Hart"]
    assert [row.name for row in second] == ["Cleo Hart", "Mo Khan"]


def test_old_sessions_are_forgotten(desk: Desk, admin: str) -> None:
    sessions.begin(desk.clinic, user_id=admin, now=desk.now)
    desk.wait(days=91)
    sessions.begin(desk.clinic, user_id=admin, now=desk.now)
    assert desk.row(Session).created_at == desk.now
