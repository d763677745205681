"""Signing in and out: password, second factor, and the way back to where one was."""

from __future__ import annotations

import io

import segno
from flask import Blueprint, Response, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from bot.services import accounts, second_factor, sessions
from bot.services.accounts import Limited, SignedIn
from bot.web.console import words
from bot.web.console.guard import (
    COOKIE,
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
from bot.web.current import clinic


def install(blueprint: Blueprint) -> None:
    """Add the routes."""
    blueprint.add_url_rule("/sign-in", view_func=sign_in, methods=["GET", "POST"])
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
            # A token that somebody has planted before sign-in is worth nothing after it.
            session.clear()
            secret = sessions.begin(ours, user_id=user_id, now=now, agent=request.user_agent.string)
            return set_cookie(_redirect(link(target)), secret)
        case Limited():
            return _sign_in_page(target, email, limited_words(outcome)), 429
        case _:
            return _sign_in_page(target, email, "E-mail or password is wrong."), 401


def limited_words(limit: Limited) -> str:
    """When one may try again."""
    ours = clinic()
    at = words.clock(limit.until, ours.settings.clinic_timezone)
    minutes = max(1, -int((moment() - limit.until).total_seconds() // 60))
    return f"Too many failed tries. This account may try again at {at}, in {minutes} min."


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
        return redirect(link(target), 303)
    error = limited_words(passed) if isinstance(passed, Limited) else "This code is wrong, or was used already."
    return render_template("console/code.html", target=target, error=error), 401


def set_up(target: str, action: str) -> ResponseReturnValue:
    """Show a new secret, and bind it once a code has come back."""
    ours, error, offered = clinic(), "", None
    if request.method == "POST":
        offered = second_factor.reopen(ours, person(), request.form.get("offer", ""))
        code = request.form.get("code", "")
        if offered and second_factor.enroll(ours, person(), secret=offered, code=code, now=moment()):
            return redirect(link(target), 303)
        error = "This code does not fit. Type the one that the app shows now."
        error = error if offered else "This page was too old. Scan the new picture and try again."
    secret, uri, offer = second_factor.offer(ours, person(), offered)
    shown = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    said = {"target": target, "action": action, "secret": shown, "offer": offer, "error": error}
    page = render_template("console/enroll.html", picture=_picture(uri), **said)
    return (page, 401) if error else page


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
