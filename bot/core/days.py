"""The days of the week, today and tomorrow in patients' words, as the languages say them; drafts, as the lexicons are.

The short English forms that are other words too ("sat", "sun", "mon") are left out.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

_WEEK: Final = (
    r"mondays?|lunes|segunda[- ]?feira|na segunda|lundi|lendi|thứ hai|thu hai|星期一|[周週]一|[礼禮]拜一|월요일"
    r"|ال[اإ]ثنين|دوشنبه|सोमवार|somvar|понедельник\w*|poniedzia[lł]\w*",
    r"tues?|tuesdays?|martes|ter[cç]a([- ]?feira)?|mardi|madi|thứ ba|thu ba|星期二|[周週]二|[礼禮]拜二|화요일"
    r"|الثلاثاء|سه[ \u200c]?شنبه|मंगलवार|mangalvar|вторник\w*|wtor(ek|ku|kiem)",
    r"weds|wednesdays?|mi[eé]rcoles|miyerkules|quarta[- ]?feira|na quarta|mercredi|m[eè]kredi|thứ tư|thu tu|星期三"
    r"|[周週]三|[礼禮]拜三|수요일|ال[أا]ربعاء|چهارشنبه|बुधवार|budhvar|сред[ауы]|[sś]rod[aęey]",
    r"thurs?|thursdays?|jueves|huwebes|quinta[- ]?feira|na quinta|jeudi|jedi|thứ năm|thu nam|星期四|[周週]四"
    r"|[礼禮]拜四|목요일|الخميس|پنج[ \u200c]?شنبه|गुरुवार|guruvar|четверг\w*|czwart(ek|ku|kiem)",
    r"fri|fridays?|viernes|biyernes|sexta[- ]?feira|na sexta|vendredi|vandredi|thứ sáu|thu sau|星期五|[周週]五"
    r"|[礼禮]拜五|금요일|الجمعة|جمعه|शुक्रवार|shukravar|пятниц[ауы]|pi[aą]t(ek|ku|kiem)",
    r"saturdays?|s[aá]bado|samedi|samdi|thứ bảy|thu bay|星期六|[周週]六|[礼禮]拜六|토요일|السبت"
    r"|(?<![\w\u200c])شنبه|शनिवार|shanivar|суббот[ауы]|sobot[aęyi]",
    r"sundays?|domingo|linggo|dimanche|dimanch|chủ nhật|chu nhat|星期[日天]|[周週][日天]|[礼禮]拜[日天]|일요일"
    r"|ال[أا]حد|یکشنبه|रविवार|ravivar|itvar|воскресень[ея]|niedziel[aęi]",
)
_NEAR: Final = {
    "today": r"today|tonight|hoy|hoje|aujourd'?hui|jodi a|hôm nay|今天|今日|오늘|اليوم|امروز|आज|aaj|сегодня|dzisiaj"
    r"|dzi[sś]|ngayon",
    "tomorrow": r"tomorrow|tomorow|tommorow|tommorrow|tmrw|tmr|tmrrw|2morrow|2moro|(?<!la )(?<!esta )ma[nñ]ana"
    r"|amanh[aã]|demain|demen|ngày mai|ngay mai|明天|明日|내일|غدا|بكرا|بكرة|فردا|कल|завтра|jutro|bukas",
}
# Of scripts that write words together, or join "the" and "on" to them, no boundary is asked for.
_ANY: Final = re.compile(
    "|".join(
        rf"(?P<{name}>(?<![a-zà-ỹа-я])(?:{words})(?![a-zà-ỹа-я]))"
        for name, words in (*((f"d{number}", words) for number, words in enumerate(_WEEK)), *_NEAR.items())
    ),
    re.IGNORECASE,
)


def days_named(text: str) -> frozenset[str]:
    """Which days the words name: `d0` for Monday to `d6`, `today`, `tomorrow`."""
    return frozenset(str(found.lastgroup) for found in _ANY.finditer(text) if found.lastgroup)


def without_days(text: str) -> str:
    """The text with the names of days taken out."""
    return " ".join(_ANY.sub(" ", text).split())


def falls_on(starts_at: datetime, timezone: str, named: frozenset[str], now: datetime) -> bool:
    """Whether the time is on a day that was named, on the clock of the place."""
    zone = ZoneInfo(timezone)
    day, today = starts_at.astimezone(zone).date(), now.astimezone(zone).date()
    ahead = {0: "today", 1: "tomorrow"}.get((day - today).days)
    return f"d{day.weekday()}" in named or ahead in named
