"""The coordinators' web console: its pages, its words, and the guard in front of them."""

from __future__ import annotations

from flask import Blueprint

from bot.runtime import templates_root
from bot.web.console import account as account_pages
from bot.web.console import actions as action_routes
from bot.web.console import audit as audit_pages
from bot.web.console import break_glass as break_glass_pages
from bot.web.console import bulk as bulk_routes
from bot.web.console import campaign as campaign_pages
from bot.web.console import campaign_draft as campaign_draft_pages
from bot.web.console import campaigns as campaigns_pages
from bot.web.console import canned as canned_pages
from bot.web.console import corrections as correction_routes
from bot.web.console import drawing, enrolling, fuses, guard, language, patient_changes, setting_rules, signing
from bot.web.console import imports as import_pages
from bot.web.console import inbox as inbox_pages
from bot.web.console import loops as loop_pages
from bot.web.console import patients as patient_pages
from bot.web.console import people as people_pages
from bot.web.console import reports as report_pages
from bot.web.console import search as search_pages
from bot.web.console import segments as segment_pages
from bot.web.console import settings as setting_pages
from bot.web.console import talking as talking_routes
from bot.web.console import templates as template_pages
from bot.web.console import today as today_page
from bot.web.console import views as view_routes

blueprint = Blueprint("console", __name__, url_prefix="/console", template_folder=str(templates_root()))
guard.install(blueprint)
drawing.install(blueprint)
PARTS = (
    signing,
    account_pages,
    today_page,
    inbox_pages,
    action_routes,
    bulk_routes,
    view_routes,
    correction_routes,
    patient_pages,
    patient_changes,
    enrolling,
    search_pages,
    people_pages,
    break_glass_pages,
    audit_pages,
    import_pages,
    setting_pages,
    setting_rules,
    canned_pages,
    talking_routes,
    template_pages,
    loop_pages,
    segment_pages,
    report_pages,
    campaigns_pages,
    campaign_draft_pages,
    campaign_pages,
    fuses,
)
for part in PARTS:
    part.install(blueprint)

refused = guard.refused

__all__ = ["blueprint", "language", "refused"]
