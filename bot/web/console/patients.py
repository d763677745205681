"""The patient's page: who they are, what they agreed to, what they were sent and why; and finding them."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bot.services import audit, patient_page
from bot.services.inbox import Gone
from bot.web.console.guard import person
from bot.web.current import clinic


def install(blueprint: Blueprint) -> None:
    """Add the routes."""
    blueprint.add_url_rule("/patients/<path:patient_id>", view_func=patient)
    blueprint.add_url_rule("/patients/<path:patient_id>/consent", view_func=change_consent, methods=["POST"])


def patient(patient_id: str) -> ResponseReturnValue:
    """One patient."""
    return _page(patient_id)


def _page(patient_id: str, error: str = "") -> str:
    ours = clinic()
    with ours.database.read() as connection:
        view = patient_page.read_patient(ours, connection, patient_id, user_id=person().user_id)
    if view is None:
        abort(404)
    with ours.database.begin() as connection:
        audit.record(
            connection, at=ours.clock(), actor=person().user_id, action="patient.view", object_type="patient",
            object_id=patient_id,
        )  # fmt: skip
    return render_template("console/patient.html", view=view, error=error)


def change_consent(patient_id: str) -> ResponseReturnValue:
    """Stop the patient's texts as told to staff, or restart them by a signed form."""
    ours, change = clinic(), request.form.get("change")
    if change not in ("stop", "restart"):
        abort(400)
    act = patient_page.stop_texts if change == "stop" else patient_page.restart_texts
    done = act(
        ours,
        patient_id=patient_id,
        evidence=request.form.get("evidence", ""),
        actor_id=person().user_id,
        now=ours.clock(),
    )
    if isinstance(done, Gone):
        abort(404)
    if not done:
        return _page(patient_id, "Say how you know: who told whom, when, or which form was signed."), 422
    flash("Texts are stopped." if change == "stop" else "The signed form is on record.")
    return redirect(url_for("console.patient", patient_id=patient_id), 303)
