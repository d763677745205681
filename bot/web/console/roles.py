"""The roles in words, and what each may do."""

from __future__ import annotations

from typing import Final

from bot.store.tables import Role
from bot.web.console.language import Said

ROLES: Final = Said({
    Role.COORDINATOR: "Coordinator",
    Role.SUPERVISOR: "Supervisor",
    Role.ADMIN: "Administrator",
    Role.READ_ONLY: "Read-only",
})
MAY: Final = Said({
    Role.COORDINATOR: "answers patients and works the inbox",
    Role.SUPERVISOR: "also imports, settings, the audit trail, and other people’s sessions",
    Role.ADMIN: "also invites people and changes what they may do",
    Role.READ_ONLY: "looks, and changes nothing",
})
