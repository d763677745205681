"""The clinic's people: who may sign in, in which role and where; supervisors look, admins change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bot.services import invitations, sessions, staff
from bot.services.accounts import AccountError
from bot.services.invitations import Invited
from bot.services.staff import Refusal
from bot.store.queries import inbox as inbox_queries
from bot.store.queries import staff as queries
from bot.store.tables import Role
from bot.web.console import browsers, signing
from bot.web.console.guard import SUPERVISORS, moment, only, person
from bot.web.console.language import Said, say, say_count
from bot.web.console.roles import MAY, ROLES
from bot.web.current import clinic

REFUSALS: Final = Said({
    Refusal.LAST_ADMIN: "Not changed: this is the only administrator. Make somebody else one first.",
    Refusal.ONESELF: "Not changed: ask another administrator to change your own account.",
})


def install(blueprint: Blueprint) -> None:
    """Add the routes."""
    blueprint.add_url_rule("/people", view_func=people)
    blueprint.add_url_rule("/people/invite", view_func=invite, methods=["POST"])
    blueprint.add_url_rule("/people/invite/withdraw", view_func=withdraw, methods=["POST"])
    blueprint.add_url_rule("/people/<user_id>", view_func=somebody)
    blueprint.add_url_rule("/people/<user_id>/place", view_func=change_place, methods=["POST"])
    blueprint.add_url_rule("/people/<user_id>/deactivate", view_func=deactivate, methods=["POST"])
    blueprint.add_url_rule("/people/<user_id>/activate", view_func=activate, methods=["POST"])
    blueprint.add_url_rule("/people/<user_id>/second-factor", view_func=reset_factor, methods=["POST"])
    blueprint.add_url_rule("/people/<user_id>/unlock", view_func=unlock, methods=["POST"])
    blueprint.add_url_rule("/people/<user_id>/sessions/end", view_func=end_sessions_of, methods=["POST"])


@only(*SUPERVISORS)
def people() -> ResponseReturnValue:
    """Everybody who may sign in, or, with `former`, who might."""
    return _list()


@only(Role.ADMIN)
def invite() -> ResponseReturnValue:
    """A link for somebody new. It stands on this page and never again."""
    role, locations = _role(), _places()
    email = request.form.get("email", "")
    try:
        made = invitations.invite(
            clinic(), email=email, role=role, locations=locations, actor_id=person().user_id, now=moment()
        )
    except AccountError as error:
        return _list(error=signing.fault_words(error), email=email), 422
    return _list(made=made)


@only(Role.ADMIN)
def withdraw() -> ResponseReturnValue:
    """The link of an invitation works no more."""
    invitation_id = request.form.get("invitation", "")
    if invitations.withdraw(clinic(), invitation_id=invitation_id, actor_id=person().user_id, now=moment()):
        flash(say("The invitation is withdrawn; its link works no more."))
    else:
        flash(say("That invitation was used or had run out already."))
    return redirect(url_for("console.people"), 303)


@only(*SUPERVISORS)
def somebody(user_id: str) -> ResponseReturnValue:
    """One person's account and sessions."""
    return _one(user_id)


@only(Role.ADMIN)
def change_place(user_id: str) -> ResponseReturnValue:
    """Another role or other locations."""
    said = say("Saved. It counts from their next click.")
    return _act(user_id, staff.change_place, said, role=_role(), locations=_places())


@only(Role.ADMIN)
def deactivate(user_id: str) -> ResponseReturnValue:
    """They may not sign in any more."""
    said = say("They are signed out, may not sign in any more, and what they held is everybody’s again.")
    return _act(user_id, staff.deactivate, said, inbox_now=clinic().clock())


@only(Role.ADMIN)
def activate(user_id: str) -> ResponseReturnValue:
    """They may sign in again."""
    return _act(user_id, staff.activate, say("They may sign in again, with the password they had."))


@only(Role.ADMIN)
def reset_factor(user_id: str) -> ResponseReturnValue:
    """They have lost their phone and their codes."""
    said = say("Their second factor is taken off and they are signed out everywhere. They can set up a new one.")
    return _act(user_id, staff.reset_second_factor, said)


@only(Role.ADMIN)
def unlock(user_id: str) -> ResponseReturnValue:
    """They may try their password again at once."""
    return _act(user_id, staff.unlock, say("They may try to sign in again now."))


@only(*SUPERVISORS)
def end_sessions_of(user_id: str) -> ResponseReturnValue:
    """Sign somebody out: in one browser, or everywhere."""
    ended = sessions.end_of(
        clinic(), user_id=user_id, session_id=request.form.get("session") or None, actor_id=person().user_id,
        now=moment(),
    )  # fmt: skip
    flash(say_count("%(num)s session signed out.", "%(num)s sessions signed out.", ended))
    return redirect(url_for("console.somebody", user_id=user_id), 303)


def _act(user_id: str, act: Callable[..., Refusal | None], said: str, **change: Any) -> ResponseReturnValue:
    refusal = act(clinic(), user_id=user_id, actor_id=person().user_id, now=moment(), **change)
    if refusal is Refusal.GONE:
        abort(404)
    if refusal is not None:
        return _one(user_id, error=REFUSALS[refusal], status=422)
    flash(said)
    return redirect(url_for("console.somebody", user_id=user_id), 303)


def _list(*, made: Invited | None = None, error: str = "", email: str = "") -> str:
    ours, former = clinic(), request.args.get("former") == "1"
    with ours.database.read() as connection:
        shown, after = staff.listed(connection, active=not former, after=request.args.get("after"), now=moment())
        waiting = [] if former else invitations.pending(connection, moment())
        inviters = inbox_queries.names_of(connection, {row.invited_by for row in waiting})
        sites = queries.places(connection, ours.clock())
    address = f"{ours.settings.public_url}/console/sign-in/invited/{made.secret}" if made else ""
    return render_template(
        "console/people.html", shown=shown, after=after, former=former, waiting=waiting, inviters=inviters,
        sites=sites, made=made, address=address, error=error, email=email, roles=ROLES, may=MAY,
        role=Role.COORDINATOR, chosen=(),
    )  # fmt: skip


def _one(user_id: str, *, error: str = "", status: int = 200) -> ResponseReturnValue:
    ours = clinic()
    with ours.database.read() as connection:
        shown = staff.one(connection, user_id, now=moment())
        if shown is None:
            abort(404)
        seats = sessions.seats(connection, user_id, now=moment())
        talks, cases = queries.held(connection, user_id)
        sites = sorted({*queries.places(connection, ours.clock()), *shown.locations})
    page = render_template(
        "console/somebody.html", shown=shown, seats=seats, holds=max(len(talks), len(cases)), sites=sites,
        error=error, roles=ROLES, may=MAY, browser=browsers.words, role=shown.role, chosen=shown.locations,
    )  # fmt: skip
    return page, status


def _role() -> Role:
    try:
        return Role(request.form.get("role", ""))
    except ValueError:
        abort(400)


def _places() -> list[str]:
    """The locations that were ticked; none: the whole clinic."""
    return sorted({name.strip()[:120] for name in request.form.getlist("location") if name.strip()})[: queries.PLACES]
