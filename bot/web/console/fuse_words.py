"""How fuses are said: what each one guards, why it has blown, and what was counted against which limit."""

from __future__ import annotations

from typing import Final

from bot.core.fuses import Blown, Guards
from bot.store.columns import AnyRow
from bot.web.console.language import Said

GUARDS: Final = Said({
    Guards.PATIENT: "One patient gets nothing that the clinic starts",
    Guards.TEMPLATE: "Texts of one kind do not go out",
    Guards.CAMPAIGN: "The campaign has stopped",
    Guards.CLINIC: "Nothing that the clinic starts goes out",
})  # fmt: skip
WHY: Final = Said({
    Blown.SAME_TEXT: "The same text went to a patient %(counted)s times.",
    Blown.TOO_MANY: "A patient got %(counted)s texts in a day, %(limit)s at most.",
    Blown.OPT_OUTS: "Too many opted out: %(counted)s of 1,000, %(limit)s at most.",
    Blown.REPLIES: "Answers came too fast, as machines write: %(counted)s per cent in an hour, %(limit)s at most.",
    Blown.FILTERED: "Carriers took texts off: %(counted)s per cent, %(limit)s at most.",
    Blown.UNDELIVERED: "Too many texts did not arrive: %(counted)s per cent, %(limit)s at most.",
    Blown.VANISHED: "An import called off too many visits: %(counted)s per cent, %(limit)s at most.",
})  # fmt: skip


def why(fuse: AnyRow) -> str:
    """Why it has blown, with the numbers."""
    return WHY[fuse.why] % {"counted": f"{fuse.counted:.3g}", "limit": f"{fuse.limit:.3g}"}
