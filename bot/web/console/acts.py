"""What people and programs do, in words, as the audit trail names it."""

from __future__ import annotations

from typing import Final

from bot.web.console.language import Said

ACTS: Final = Said({
    "api.read": "Read by a program",
    "appointment.answer": "Noted an answer about a visit",
    "appointment.charted": "Ticked off: in the chart",
    "appointment.uncharted": "Put back: not in the chart",
    "audit.export": "Exported the audit trail",
    "audit.view": "Looked at the audit trail",
    "break-glass": "Opened a patient at another location",
    "consent.change": "Changed consent",
    "contact.add": "Added a phone",
    "contact.change": "Changed whose phone it is",
    "contact.end": "Took a phone off the record",
    "contact.renew": "Put a phone back on the record",
    "conversation.claim": "Claimed a conversation",
    "conversation.release": "Released a conversation",
    "conversation.return": "Idle claim given back",
    "conversation.view": "Looked at a conversation",
    "corrections.export": "Exported corrections",
    "escalation.claim": "Claimed",
    "escalation.climb": "Told the people on call",
    "escalation.release": "Released",
    "escalation.resolve": "Resolved",
    "escalation.snooze": "Snoozed",
    "escalation.wake": "Woke up",
    "import": "Imported a file",
    "message.correct": "Corrected what a text was read as",
    "message.reply": "Sent a reply",
    "message.search": "Searched messages",
    "message.undo": "Took a reply back",
    "note.add": "Added a note",
    "outreach.start": "Started a conversation",
    "patient.search": "Searched patients",
    "number.safe": "Marked a number as safe",
    "number.unsafe": "Marked a number as not safe to text",
    "patient.language": "Changed a patient's language",
    "patient.status": "Changed a patient's status",
    "patient.view": "Looked at a patient",
    "recovery-code.use": "Used a recovery code",
    "session.end": "Ended a session",
    "sign-in": "Signed in",
    "sign-in.failed": "Wrong password",
    "sign-in.unlock": "Lifted a lock-out",
    "sign-out": "Signed out",
    "sign-out.others": "Signed out everywhere else",
    "token.create": "Made an API token",
    "token.revoke": "Revoked an API token",
    "totp.codes": "Made new recovery codes",
    "totp.enroll": "Set up the second factor",
    "totp.pass": "Gave the second factor",
    "totp.remove": "Took off the second factor",
    "totp.reset": "Reset a second factor",
    "user.activate": "Activated an account",
    "user.change": "Changed role or locations",
    "user.create": "New account",
    "user.deactivate": "Deactivated an account",
    "user.invite": "Invited somebody",
    "user.invite.withdraw": "Withdrew an invitation",
    "user.language": "Changed the console’s language",
    "user.password": "Changed the password",
})
"""What has no words yet is shown as it is stored."""

SYSTEM: Final = Said({"cli": "Command line", "timer": "Timer", "import": "Import"})
"""Who acts without an account."""

KINDS: Final = Said({
    "appointment": "the visit",
    "conversation": "the conversation",
    "escalation": "what waited",
    "invitation": "the invitation",
    "message": "the message",
    "token": "the token",
    "user": "the account",
})
"""What is called by its kind, where its id says nothing to anybody."""

DETAILS: Final = Said({
    "action": "what",
    "count": "how many",
    "from": "from",
    "kind": "kind",
    "language": "language",
    "left": "left",
    "locations": "locations",
    "object": "to what",
    "outcome": "outcome",
    "person": "who",
    "role": "role",
    "rows": "rows",
    "sessions": "sessions",
    "to": "to",
    "tries": "tries",
    "until": "until",
})
