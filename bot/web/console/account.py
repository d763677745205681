"""One's own account: password, second factor, other sessions, and the sign that somebody is still there."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bot.services import accounts, recovery_codes, second_factor, sessions
from bot.services.accounts import AccountError, Limited, SignedIn
from bot.web.console import browsers, signing
from bot.web.console.guard import moment, own, person
from bot.web.console.language import LANGUAGES, say, say_count, tongue_of_browser
from bot.web.current import clinic


def install(blueprint: Blueprint) -> None:
    """Add the routes."""
    blueprint.add_url_rule("/account", view_func=account)
    blueprint.add_url_rule("/account/password", view_func=change_password, methods=["POST"])
    blueprint.add_url_rule("/account/second-factor", view_func=add_factor, methods=["GET", "POST"])
    blueprint.add_url_rule("/account/second-factor/off", view_func=remove_factor, methods=["POST"])
    blueprint.add_url_rule("/account/codes", view_func=new_codes, methods=["POST"])
    blueprint.add_url_rule("/account/language", view_func=change_language, methods=["POST"])
    blueprint.add_url_rule("/account/sessions/end", view_func=end_others, methods=["POST"])
    blueprint.add_url_rule("/account/session/end", view_func=end_session, methods=["POST"])
    blueprint.add_url_rule("/active", view_func=active, methods=["POST"])


def account() -> ResponseReturnValue:
    """The page of one's own account."""
    return _page()


@own
def change_password() -> ResponseReturnValue:
    """A new password; every other session ends with the old one."""
    ours = clinic()
    old, new = request.form.get("old", ""), request.form.get("new", "")
    try:
        outcome = accounts.change_password(ours, user_id=person().user_id, old=old, new=new, now=moment())
    except AccountError as error:
        return _page(signing.fault_words(error)), 422
    if isinstance(outcome, SignedIn):
        sessions.end_others(ours, person(), now=moment())
        return _done(say("Your password is changed, and all other sessions are signed out."))
    if isinstance(outcome, Limited):
        return _page(signing.limited_words(outcome)), 401
    return _page(say("Not changed: the old one is wrong.")), 401


@own
def add_factor() -> ResponseReturnValue:
    """Set the second factor up of one's own accord."""
    if person().has_totp:
        return redirect(url_for("console.account"), 303)
    return signing.set_up("/console/account", url_for("console.add_factor"))


@own
def remove_factor() -> ResponseReturnValue:
    """Do without it, where the clinic allows that; elsewhere, set another one up at once."""
    ours = clinic()
    removed = second_factor.remove(ours, person(), code=request.form.get("code", ""), now=moment())
    if removed is not True:
        return _page(_code_words(removed)), 401
    if person().totp_required:
        return redirect(url_for("console.second_factor", next="/console/account"), 303)
    return _done(say("Your account works without a second factor now."))


@own
def new_codes() -> ResponseReturnValue:
    """Ten new recovery codes, for a code."""
    codes = second_factor.new_codes(clinic(), person(), code=request.form.get("code", ""), now=moment())
    if isinstance(codes, tuple):
        return signing.show_codes(codes, "/console/account")
    return _page(_code_words(codes)), 401


def _code_words(refused: bool | Limited) -> str:
    return signing.limited_words(refused) if isinstance(refused, Limited) else say("Not changed: the code is wrong.")


@own
def change_language() -> ResponseReturnValue:
    """The language of the console's own words, for this person."""
    chosen = request.form.get("language", "")
    accounts.change_language(
        clinic(), user_id=person().user_id, language=chosen if chosen in LANGUAGES else None, now=moment()
    )
    g.tongue = chosen if chosen in LANGUAGES else tongue_of_browser()
    return _done(say("This is the console’s language now."))


@own
def end_others() -> ResponseReturnValue:
    """Sign out everywhere else."""
    ended = sessions.end_others(clinic(), person(), now=moment())
    return _done(say_count("%(num)s other session signed out.", "%(num)s other sessions signed out.", ended))


@own
def end_session() -> ResponseReturnValue:
    """Sign out one other browser."""
    someone = person()
    ended = sessions.end_of(
        clinic(), user_id=someone.user_id, session_id=request.form.get("session", ""), actor_id=someone.user_id,
        now=moment(),
    )  # fmt: skip
    return _done(say("That session is signed out.") if ended else say("That session had ended already."))


@own
def active() -> ResponseReturnValue:
    """Somebody is typing or has asked to stay: the guard has written that down already."""
    return "", 204


def _page(error: str = "") -> str:
    ours, someone = clinic(), person()
    with ours.database.read() as connection:
        seats = sessions.seats(connection, someone.user_id, now=moment())
        left = recovery_codes.left(connection, someone.user_id)
    return render_template(
        "console/account.html", error=error, seats=seats, codes_left=left, browser=browsers.words,
        all_codes=recovery_codes.HOW_MANY,
    )  # fmt: skip


def _done(words: str) -> ResponseReturnValue:
    flash(words)
    return redirect(url_for("console.account"), 303)
