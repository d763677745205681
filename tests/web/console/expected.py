"""What every route of the console expects of whoever asks: one line for each, added together with the route."""

from __future__ import annotations

from enum import Enum, auto

from bot.store.tables import Role


class Who(Enum):
    """Whom a route serves. Those who may only look may look wherever coordinators may."""

    ANYBODY = auto()
    """Also who is not signed in."""
    HALF_WAY = auto()
    """Whoever is signed in, the second factor given or not."""
    EVERYBODY = auto()
    """Whoever is signed in; changes nothing but their own account, or nothing."""
    STAFF = auto()
    """Coordinators and above; who may only look sees it and changes nothing."""
    SUPERVISORS = auto()
    ADMINS = auto()


ROLES = {
    Who.ANYBODY: set(Role),
    Who.HALF_WAY: set(Role),
    Who.EVERYBODY: set(Role),
    Who.STAFF: set(Role),
    Who.SUPERVISORS: {Role.SUPERVISOR, Role.ADMIN},
    Who.ADMINS: {Role.ADMIN},
}
"""Who may look; who may only look changes nothing where it says STAFF."""

EXPECTED = {
    "console.account": Who.EVERYBODY,
    "console.activate": Who.ADMINS,
    "console.active": Who.EVERYBODY,
    "console.add_contact": Who.STAFF,
    "console.add_factor": Who.EVERYBODY,
    "console.add_note": Who.STAFF,
    "console.alarm": Who.EVERYBODY,
    "console.answer_visit": Who.STAFF,
    "console.approval": Who.SUPERVISORS,
    "console.audit": Who.SUPERVISORS,
    "console.audit_export": Who.SUPERVISORS,
    "console.break_glass": Who.EVERYBODY,
    "console.begin": Who.EVERYBODY,
    "console.begun": Who.STAFF,
    "console.bulk": Who.STAFF,
    "console.bulk_undo": Who.STAFF,
    "console.campaign": Who.EVERYBODY,
    "console.campaign_again": Who.STAFF,
    "console.campaign_approve": Who.SUPERVISORS,
    "console.campaign_do": Who.SUPERVISORS,
    "console.campaign_edit": Who.STAFF,
    "console.campaign_forecast": Who.STAFF,
    "console.campaign_forecast_making": Who.EVERYBODY,
    "console.campaign_making": Who.EVERYBODY,
    "console.campaign_new": Who.STAFF,
    "console.campaign_patients": Who.SUPERVISORS,
    "console.campaign_progress": Who.EVERYBODY,
    "console.campaign_translation": Who.SUPERVISORS,
    "console.campaign_try": Who.STAFF,
    "console.campaigns": Who.EVERYBODY,
    "console.canned": Who.EVERYBODY,
    "console.canned_new": Who.SUPERVISORS,
    "console.canned_ok": Who.SUPERVISORS,
    "console.canned_reply": Who.EVERYBODY,
    "console.canned_save": Who.SUPERVISORS,
    "console.canned_switch": Who.SUPERVISORS,
    "console.canned_text": Who.SUPERVISORS,
    "console.change_consent": Who.STAFF,
    "console.change_contact": Who.STAFF,
    "console.change_language": Who.EVERYBODY,
    "console.change_password": Who.EVERYBODY,
    "console.change_place": Who.ADMINS,
    "console.charted": Who.STAFF,
    "console.claim": Who.STAFF,
    "console.claim_escalation": Who.STAFF,
    "console.conversation": Who.STAFF,
    "console.count": Who.STAFF,
    "console.deactivate": Who.ADMINS,
    "console.elsewhere": Who.EVERYBODY,
    "console.end_others": Who.EVERYBODY,
    "console.end_session": Who.EVERYBODY,
    "console.end_sessions_of": Who.SUPERVISORS,
    "console.escalation": Who.STAFF,
    "console.find": Who.EVERYBODY,
    "console.fuse_reset": Who.SUPERVISORS,
    "console.imports": Who.SUPERVISORS,
    "console.inbox": Who.STAFF,
    "console.invite": Who.ADMINS,
    "console.invited": Who.ANYBODY,
    "console.link_contact": Who.STAFF,
    "console.lists_reading": Who.EVERYBODY,
    "console.live": Who.STAFF,
    "console.log_call": Who.STAFF,
    "console.mark_number": Who.STAFF,
    "console.loop": Who.EVERYBODY,
    "console.loop_owner": Who.STAFF,
    "console.loop_report": Who.STAFF,
    "console.loops": Who.EVERYBODY,
    "console.meant": Who.STAFF,
    "console.new_codes": Who.EVERYBODY,
    "console.patient": Who.STAFF,
    "console.patient_language": Who.STAFF,
    "console.patient_status": Who.STAFF,
    "console.people": Who.SUPERVISORS,
    "console.release": Who.STAFF,
    "console.release_escalation": Who.STAFF,
    "console.remove_factor": Who.EVERYBODY,
    "console.remove_list": Who.STAFF,
    "console.remove_location": Who.SUPERVISORS,
    "console.remove_rung": Who.SUPERVISORS,
    "console.remove_segment": Who.STAFF,
    "console.remove_view": Who.STAFF,
    "console.reopen": Who.STAFF,
    "console.reply": Who.STAFF,
    "console.report": Who.EVERYBODY,
    "console.report_cases": Who.EVERYBODY,
    "console.report_hold_outs": Who.EVERYBODY,
    "console.reports": Who.EVERYBODY,
    "console.reports_export": Who.EVERYBODY,
    "console.reset_factor": Who.ADMINS,
    "console.resolve": Who.STAFF,
    "console.save_view": Who.STAFF,
    "console.search": Who.EVERYBODY,
    "console.second_factor": Who.HALF_WAY,
    "console.segment": Who.STAFF,
    "console.segment_new": Who.STAFF,
    "console.segments": Who.EVERYBODY,
    "console.send_now": Who.STAFF,
    "console.setting_levels": Who.SUPERVISORS,
    "console.setting_location": Who.SUPERVISORS,
    "console.setting_locations": Who.SUPERVISORS,
    "console.setting_on_call": Who.SUPERVISORS,
    "console.setting_resource": Who.SUPERVISORS,
    "console.setting_resources": Who.SUPERVISORS,
    "console.setting_rung": Who.SUPERVISORS,
    "console.settings": Who.SUPERVISORS,
    "console.sign_in": Who.ANYBODY,
    "console.sign_out": Who.HALF_WAY,
    "console.snooze": Who.STAFF,
    "console.somebody": Who.SUPERVISORS,
    "console.speak": Who.STAFF,
    "console.take_call_back": Who.STAFF,
    "console.template": Who.EVERYBODY,
    "console.templates": Who.EVERYBODY,
    "console.today": Who.STAFF,
    "console.today_live": Who.STAFF,
    "console.typing": Who.STAFF,
    "console.undo": Who.STAFF,
    "console.undo_last": Who.STAFF,
    "console.unlock": Who.ADMINS,
    "console.upload_list": Who.STAFF,
    "console.use_resource": Who.SUPERVISORS,
    "console.visit_answer": Who.STAFF,
    "console.wake": Who.STAFF,
    "console.withdraw": Who.ADMINS,
    "console.wrong_number": Who.STAFF,
}

OF_NO_PLACE = {
    "campaign_id", "cohort_id", "day", "elsewhere", "fuse_id", "key", "language", "list_id", "location_id", "measure",
    "reply_id", "resource_id", "rung_id", "secret", "user_id", "view_id",
}  # fmt: skip
"""Parameters of routes that name nothing of a patient's. Every other one belongs into the guard's SCOPED."""
