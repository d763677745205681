"""Who may see what: session first, then role, then the form's token, and only then any object is looked up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, TypeVar, cast
from urllib.parse import quote, urlsplit

from flask import Blueprint, Response, abort, current_app, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from bot import clock
from bot.services import break_glass, sessions
from bot.services.sessions import Person
from bot.store.queries import scope
from bot.store.tables import Role
from bot.web.console.language import Said
from bot.web.current import clinic

COOKIE: Final = "tendril_session"
HOME: Final = "/console/"
SUPERVISORS: Final = (Role.SUPERVISOR, Role.ADMIN)

SCOPED: Final = {
    "appointment_id": scope.may_see_appointment,
    "contact_point_id": scope.may_see_number,
    "conversation_id": scope.may_see_conversation,
    "escalation_id": scope.may_see_escalation,
    "loop_id": scope.may_see_loop,
    "message_id": scope.may_see_message,
    "note_id": scope.may_see_note,
    "patient_id": scope.may_see_patient,
}
"""By the name of a parameter, of the route's or of a form: whether somebody of some locations may see what it names."""

ALSO: Final = {"c": "conversation_id", "conversation": "conversation_id"}
"""Other names that such parameters have."""

PLACES: Final = {
    "conversation_id": "console.conversation",
    "escalation_id": "console.escalation",
    "patient_id": "console.patient",
}
"""The page on which something is looked at, by the parameter that names it."""

View = TypeVar("View", bound=Callable[..., Any])


def public(view: View) -> View:
    """Serve this view to anybody."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


def timer(view: View) -> View:
    """This view is asked for by a timer: it does not keep an idle person signed in."""
    view.is_timer = True  # type: ignore[attr-defined]
    return view


def half_way(view: View) -> View:
    """Serve this view to those who still owe the second factor, too."""
    view.is_half_way = True  # type: ignore[attr-defined]
    return view


def own(view: View) -> View:
    """This view changes nothing but one's own account: those who may only look may use it, too."""
    view.is_own = True  # type: ignore[attr-defined]
    return view


def only(*roles: Role) -> Callable[[View], View]:
    """Serve this view to these roles only."""

    def mark(view: View) -> View:
        view.roles = roles  # type: ignore[attr-defined]
        return view

    return mark


def install(blueprint: Blueprint) -> None:
    """Put the guard in front of every route of the console."""
    blueprint.before_request(_check)
    blueprint.before_request(_without_nul)
    blueprint.register_error_handler(CSRFError, _no_token)
    for code in (400, 403, 404, 405, 409, 413):
        blueprint.register_error_handler(code, refused)


def person() -> Person:
    """Who is signed in, in a view that only they reach."""
    return cast(Person, g.person)


def moment() -> datetime:
    """The time for whatever ends a session or lets somebody in: the demo's fast clock signs nobody out."""
    return clock.on_the_wall(clinic().clock())


def known() -> Person | None:
    """Who is signed in, if anybody; looked up once for each request."""
    if "person" not in g:
        secret = request.cookies.get(COOKIE)
        ours = clinic()
        active = not getattr(_view(), "is_timer", False)
        g.person = sessions.find(ours, secret, now=moment(), active=active) if secret else None
    return cast("Person | None", g.person)


def is_live() -> bool:
    """Whether htmx asks for a piece of a page."""
    return request.headers.get("HX-Request") == "true"


def set_cookie(response: Response, secret: str) -> Response:
    """Give the browser its session. It lasts until the browser closes; the server ends it earlier."""
    secure = clinic().settings.public_url.startswith("https://")
    response.set_cookie(COOKIE, secret, httponly=True, samesite="Lax", secure=secure, path=cookie_path())
    return response


def cookie_path() -> str:
    """Where the browser shows its session: the console, and nowhere else."""
    return f"{request.script_root}/console"


def link(target: str) -> str:
    """A path of ours as the browser asks for it, below the path of PUBLIC_URL."""
    return f"{request.script_root}{target}"


def safe_next(target: str | None) -> str:
    """Where to go after sign-in: a path of the console, never another site."""
    parts = urlsplit(target or "")
    ours = parts.path.startswith(HOME) and not parts.scheme and not parts.netloc
    if not ours or "\\" in (target or "") or parts.path.startswith(("/console/sign-", "/console/second-factor")):
        return HOME
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _check() -> ResponseReturnValue | None:
    view = _view()
    if getattr(view, "is_public", False):
        return None
    someone = known()
    if someone is None:
        return _to("console.sign_in")
    if someone.owes_second_factor and not getattr(view, "is_half_way", False):
        return _to("console.second_factor")
    if someone.role not in getattr(view, "roles", Role):
        abort(403)
    g.out_of_reach = _out_of_reach(someone)
    if g.out_of_reach:
        abort(403)
    if someone.is_read_only and request.method not in ("GET", "HEAD") and not _is_own(view):
        abort(403)
    return None


def _out_of_reach(someone: Person) -> tuple[str, str] | None:
    """What the request names that belongs to places where they do not work, by its kind and id."""
    if not someone.locations:
        return None
    given = [*(request.view_args or {}).items(), *request.values.items(multi=True)]
    named = dict.fromkeys((ALSO.get(name, name), value) for name, value in given if value and "\0" not in value)
    asked = [(kind, value) for kind, value in named if kind in SCOPED]
    if not asked:
        return None
    with clinic().database.read() as connection:
        for kind, value in asked:
            opened = {"kind": kind, "object_id": value, "user_id": someone.user_id, "now": moment()}
            if not SCOPED[kind](connection, value, someone.locations) and not break_glass.is_open(connection, **opened):
                return kind, value
    return None


def _is_own(view: Any) -> bool:
    return bool(getattr(view, "is_own", False) or getattr(view, "is_half_way", False))


def _without_nul() -> None:
    # No id, address or text holds one, no browser sends one, and PostgreSQL refuses to look for it.
    if "\0" in request.path:
        abort(404)
    if any("\0" in value for values in (request.args, request.form) for value in values.values()):
        abort(400)


def _view() -> Any:
    return current_app.view_functions.get(request.endpoint or "")


def _to(endpoint: str) -> ResponseReturnValue:
    target = url_for(endpoint) + f"?next={quote(_here(), safe='')}"
    if is_live():
        # A redirect would put the whole sign-in page into a corner of this one.
        response = make_response("", 401)
        response.headers["HX-Redirect"] = target
        return response
    return redirect(target, 303)


def _here() -> str:
    if is_live():
        parts = urlsplit(request.headers.get("HX-Current-URL", ""))
        path = parts.path.removeprefix(request.script_root)
        return safe_next(path + (f"?{parts.query}" if parts.query else ""))
    if request.method in ("GET", "HEAD"):
        return safe_next(request.full_path.rstrip("?"))
    return safe_next(page_behind())


def page_behind() -> str | None:
    """What was posted to cannot be returned to; the page can on which the thing stands, or the form stood."""
    for name, value in (request.view_args or {}).items():
        if name in PLACES:
            return url_for(PLACES[name], **{name: value}).removeprefix(request.script_root)
    adapter = current_app.create_url_adapter(request)
    path = request.path.rpartition("/")[0]
    while adapter is not None and path.count("/") > 1:
        endpoint = adapter.match(path, method="GET")[0] if adapter.test(path, method="GET") else ""
        if endpoint.startswith("console.") and endpoint != "console.elsewhere":
            return path
        path = path.rpartition("/")[0]
    return None


def _no_token(error: CSRFError) -> ResponseReturnValue:
    # The token is checked before the guard runs; who has no session or not the role is to hear that first.
    refusal = _check()
    return refusal if refusal is not None else refused(error)


TITLES: Final = Said({
    400: "This page is too old",
    403: "Not for your role",
    404: "Not here",
    405: "Not like that",
    409: "Not any more",
    413: "Too large",
    500: "Something broke",
    503: "The database does not answer",
})
EXPLAINED: Final = Said({
    400: "Go back, load the page again, and repeat what you did. Nothing has been changed.",
    403: "Your account may not see this page. Ask a supervisor or an administrator.",
    404: "There is nothing at this address, or there is no more.",
    405: "This address does not take what was sent.",
    413: "The file is too large for the console. Use `bot import` for it.",
    500: "It is our fault and has been written down. Nothing is half-done; try again.",
    503: "Nothing is lost or half-done. Try again in a moment.",
})


def refused(error: HTTPException) -> ResponseReturnValue:
    """The page that says what went wrong and how to go on."""
    code = error.code or 400
    if code == 403 and g.get("out_of_reach"):
        return closed(*g.out_of_reach)
    title = TITLES[code if code in TITLES else 400]
    words = EXPLAINED[code] if code in EXPLAINED else error.description if code == 409 else EXPLAINED[400]
    return render_template("console/refused.html", title=title, explained=words or "", person=g.get("person")), code


def closed(kind: str, object_id: str, *, target: str = "", reason: str = "", error: str = "") -> ResponseReturnValue:
    """The page that stands before a patient of elsewhere, and opens to a reason."""
    target = target or (_here() if request.method == "GET" else page_behind()) or HOME
    return render_template(
        "console/elsewhere.html", kind=kind, object_id=object_id, target=target, reason=reason, error=error,
        hours=int(break_glass.LASTS.total_seconds()) // 3600, shortest=break_glass.SHORTEST,
    ), 422 if error else 403  # fmt: skip
