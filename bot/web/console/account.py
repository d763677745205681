"""One's own account: password, second factor, other sessions, and the sign that somebody is still there."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bot.services import accounts, second_factor, sessions
from bot.services.accounts import AccountError, Limited, SignedIn
from bot.web.console import signing
from bot.web.console.guard import moment, own, person
from bot.web.current import clinic


def install(blueprint: Blueprint) -> None:
    """Add the routes."""
    blueprint.add_url_rule("/account", view_func=account)
    blueprint.add_url_rule("/account/password", view_func=change_password, methods=["POST"])
    blueprint.add_url_rule("/account/second-factor", view_func=add_factor, methods=["GET", "POST"])
    blueprint.add_url_rule("/account/second-factor/off", view_func=remove_factor, methods=["POST"])
    blueprint.add_url_rule("/account/sessions/end", view_func=end_others, methods=["POST"])
    blueprint.add_url_rule("/active", view_func=active, methods=["POST"])


def account() -> ResponseReturnValue:
    """The page of one's own account."""
    return render_template("console/account.html")


@own
def change_password() -> ResponseReturnValue:
    """A new password; every other session ends with the old one."""
    ours = clinic()
    old, new = request.form.get("old", ""), request.form.get("new", "")
    try:
        outcome = accounts.change_password(ours, user_id=person().user_id, old=old, new=new, now=moment())
    except AccountError as error:
        return _page(f"Not changed: {error}."), 422
    if isinstance(outcome, SignedIn):
        sessions.end_others(ours, person(), now=moment())
        return _done("Your password is changed, and all other sessions are signed out.")
    words = signing.limited_words(outcome) if isinstance(outcome, Limited) else "Not changed: the old one is wrong."
    return _page(words), 401


@own
def add_factor() -> ResponseReturnValue:
    """Set the second factor up of one's own accord."""
    if person().has_totp:
        return redirect(url_for("console.account"), 303)
    return signing.set_up("/console/account", url_for("console.add_factor"))


@own
def remove_factor() -> ResponseReturnValue:
    """Do without it, where the clinic allows that."""
    ours = clinic()
    if person().totp_required:
        return _page("The clinic asks everybody for a second factor."), 422
    removed = second_factor.remove(ours, person(), code=request.form.get("code", ""), now=moment())
    if removed is True:
        return _done("Your account works without a second factor now.")
    words = signing.limited_words(removed) if isinstance(removed, Limited) else "Not changed: the code is wrong."
    return _page(words), 401


@own
def end_others() -> ResponseReturnValue:
    """Sign out everywhere else."""
    ours = clinic()
    ended = sessions.end_others(ours, person(), now=moment())
    return _done(f"{ended} other session{'s' if ended != 1 else ''} signed out.")


@own
def active() -> ResponseReturnValue:
    """Somebody is typing or has asked to stay: the guard has written that down already."""
    return "", 204


def _page(error: str) -> str:
    return render_template("console/account.html", error=error)


def _done(words: str) -> ResponseReturnValue:
    flash(words)
    return redirect(url_for("console.account"), 303)
