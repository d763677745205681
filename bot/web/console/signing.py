"""Signing in and out: invitation, password, second factor, and the way back to where one was."""

from __future__ import annotations

import io
from typing import Final

import segno
from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from bot.services import accounts, invitations, recovery_codes, second_factor, sessions
from bot.services.accounts import AccountError, Fault, Limited, SignedIn
from bot.services.recovery_codes import Codes
from bot.web.console import words
from bot.web.console.guard import (
    COOKIE,
    HOME,
    cookie_path,
    half_way,
    known,
    link,
    moment,
    person,
    public,
    safe_next,
    set_cookie,
)
from bot.web.console.language import Said, say, say_count
from bot.web.current import clinic

FAULTS: Final = Said({
    Fault.NO_ADDRESS: "That is no e-mail address.",
    Fault.TAKEN: "There is an account with this address already.",
    Fault.TOO_SHORT: "A password has %(shortest)s characters or more.",
    Fault.TOO_LONG: "A password has at most %(longest)s characters.",
    Fault.GUESSABLE: "A password is neither the address nor a sign or two repeated.",
})
"""Why an account cannot be made or changed like that."""


def install(blueprint: Blueprint) -> None:
    """Add the routes."""
    blueprint.add_url_rule("/sign-in", view_func=sign_in, methods=["GET", "POST"])
    blueprint.add_url_rule("/sign-in/invited/<secret>", view_func=invited, methods=["GET", "POST"])
    blueprint.add_url_rule("/sign-out", view_func=sign_out, methods=["POST"])
    blueprint.add_url_rule("/second-factor", "second_factor", view_func=factor, methods=["GET", "POST"])


@public
def sign_in() -> ResponseReturnValue:
    """The first page: e-mail and password."""
    target = safe_next(request.values.get("next"))
    if request.method != "POST":
        return redirect(link(target), 303) if known() else _sign_in_page(target)
    ours, email = clinic(), request.form.get("email", "")
    now = moment()
    outcome = accounts.sign_in(ours, email=email, password=request.form.get("password", ""), now=now)
    match outcome:
        case SignedIn(user_id):
            return _let_in(user_id, target)
        case Limited():
            return _sign_in_page(target, email, limited_words(outcome)), 429
        case _:
            return _sign_in_page(target, email, say("E-mail or password is wrong.")), 401


def _let_in(user_id: str, target: str) -> Response:
    # A token that somebody has planted before sign-in is worth nothing after it.
    session.clear()
    secret = sessions.begin(clinic(), user_id=user_id, now=moment(), agent=request.user_agent.string)
    return set_cookie(_redirect(link(target)), secret)


@public
def invited(secret: str) -> ResponseReturnValue:
    """The page of somebody who was invited: their name and a password, and they are in."""
    ours, error = clinic(), ""
    with ours.database.read() as connection:
        invitation = invitations.find(connection, secret, moment())
    name = request.form.get("name", "").strip()
    if invitation is not None and request.method == "POST":
        try:
            user_id = invitations.accept(
                ours, secret=secret, name=name, password=request.form.get("password", ""), now=moment()
            )
        except AccountError as refused:
            error = fault_words(refused)
        else:
            if user_id is not None:
                return _let_in(user_id, HOME)
            invitation = None
    page = render_template("console/invited.html", invitation=invitation, secret=secret, name=name, error=error)
    return page, (401 if invitation is None else 422 if error else 200)


def fault_words(error: AccountError) -> str:
    """Why it cannot be like that."""
    return FAULTS[error.fault] % {"shortest": accounts.SHORTEST, "longest": accounts.LONGEST}


def limited_words(limit: Limited) -> str:
    """When one may try again."""
    ours = clinic()
    at = words.clock(limit.until, ours.settings.clinic_timezone)
    minutes = max(1, -int((moment() - limit.until).total_seconds() // 60))
    return say(
        "Too many failed tries. This account may try again at %(at)s, in %(minutes)s min.", at=at, minutes=minutes
    )


@half_way
def sign_out() -> ResponseReturnValue:
    """End the session."""
    ours = clinic()
    sessions.end(ours, person(), now=moment())
    session.clear()
    response = _redirect(url_for("console.sign_in"))
    response.delete_cookie(COOKIE, path=cookie_path())
    # What this browser still keeps of the pages goes too.
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


@half_way
def factor() -> ResponseReturnValue:
    """The second factor: set it up, where it is due and there is none yet, or give a code."""
    target = safe_next(request.values.get("next"))
    if not person().owes_second_factor:
        return redirect(link(target), 303)
    if person().has_totp:
        return _ask_for_code(target)
    return set_up(target, url_for("console.second_factor"))


def _ask_for_code(target: str) -> ResponseReturnValue:
    if request.method != "POST":
        return render_template("console/code.html", target=target)
    ours = clinic()
    passed = second_factor.verify(ours, person(), code=request.form.get("code", ""), now=moment())
    if passed is True:
        _tell_how_many_are_left()
        return redirect(link(target), 303)
    error = limited_words(passed) if isinstance(passed, Limited) else say("This code is wrong, or was used already.")
    return render_template("console/code.html", target=target, error=error), 401


def _tell_how_many_are_left() -> None:
    if request.form.get("code", "").replace(" ", "").isdigit():
        return  # It was the app's.
    with clinic().database.read() as connection:
        left = recovery_codes.left(connection, person().user_id)
    flash(
        say_count(
            "That recovery code is used up; %(num)s is left.", "That recovery code is used up; %(num)s are left.", left
        )
    )


def set_up(target: str, action: str) -> ResponseReturnValue:
    """Show a new secret, and bind it once a code has come back."""
    ours, error, offered = clinic(), "", None
    if request.method == "POST":
        offered = second_factor.reopen(ours, person(), request.form.get("offer", ""))
        code = request.form.get("code", "")
        codes = offered and second_factor.enroll(ours, person(), secret=offered, code=code, now=moment())
        if codes:
            return show_codes(codes, target)
        error = say("This code does not fit. Type the one that the app shows now.")
        error = error if offered else say("This page was too old. Scan the new picture and try again.")
    secret, uri, offer = second_factor.offer(ours, person(), offered)
    shown = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    said = {"target": target, "action": action, "secret": shown, "offer": offer, "error": error}
    page = render_template("console/enroll.html", picture=_picture(uri), **said)
    return (page, 401) if error else page


def show_codes(codes: Codes, target: str) -> ResponseReturnValue:
    """The recovery codes, this once."""
    return render_template("console/codes.html", codes=codes, target=link(target))


def _picture(uri: str) -> Markup:
    drawn = io.BytesIO()
    segno.make(uri, error="m").save(
        drawn, kind="svg", border=3, xmldecl=False, svgns=False, svgclass="qr", omitsize=True
    )
    return Markup(drawn.getvalue().decode())  # noqa: S704  drawn here, from what we made ourselves


def _sign_in_page(target: str, email: str = "", error: str = "") -> str:
    return render_template("console/sign_in.html", target=target, email=email, error=error)


def _redirect(target: str) -> Response:
    return make_response(redirect(target, 303))
