"""What supervisors set up: locations, the on-call ladder, service levels, resources. Each change is audited."""

from __future__ import annotations

from bot.services.setting.checks import Fault, Faults

__all__ = ["Fault", "Faults"]
