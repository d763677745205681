"""Words that a lock screen must not show: they tell what the care is for (specialties, conditions, tests, drugs)."""

from __future__ import annotations

import re
from functools import lru_cache


def _list(text: str) -> list[str]:
    return text.split()


# Beginnings of words. Greek and Latin roots read alike in English, Spanish, French, Portuguese and Creole.
STEMS = _list(
    """
    oncolog cancer chemo quimio radiolog radiot cardiolog cardiac cardíac dermatolog endocrin gastroent neurolog
    nephrolog nefrolog urolog ginecolog gynec obstet prenatal postpartum matern fertil psych psiq psicol psicó
    therapist addict adicc rehab methadone metadona suboxone detox hepatit transplant trasplant dialy dialis
    diálisis diabet asthma hyperten hiperten pregnan embaraz abort depress depresi mammogra mamogra colonosc
    endosc biops ultraso ecograf bloodwork laborator vaccin vacun injection inyecc insulin metform warfarin
    opioid antibiot lisinopril atorvastatin surgery surgical cirug hospic
    онколог кардиолог психиатр диабет беремен прививк вакцин инсулин хирург
    سرطان أورام كيماوي قلبية سكري نفسية إيدز فحص تحاليل لقاح أنسولين جراحة تنظير أشعة
    دیابت روانپزشک باردار آزمایش واکسن انسولین شیمی
    कैंसर हृदय मधुमेह मनोचिकित्स गर्भ एचआईवी जांच टीका इंसुलिन सर्जरी
    """
)
WHOLE_WORDS = _list(
    """
    lab labs scan scans shot shots test tests sti stis std stds pap mri hiv aids sida vih icu a1c blood sangre x-ray
    рак вич анализы
    """
)
# Written without spaces, or with the words apart.
ANYWHERE = [
    *_list("癌 肿瘤 腫瘤 化疗 化療 心脏 心臟 精神科 糖尿病 怀孕 懷孕 艾滋 愛滋 化验 化驗 疫苗 胰岛素 胰島素 手术 手術"),
    *_list("암센터 항암 심장 정신과 당뇨 임신 에이즈 백신 인슐린 수술 검사"),
    *("ung thư", "tim mạch", "tiểu đường", "tâm thần", "mang thai", "xét nghiệm", "tiêm chủng", "phẫu thuật"),
]


def _pattern() -> re.Pattern[str]:
    stems, whole, anywhere = ("|".join(map(re.escape, words)) for words in (STEMS, WHOLE_WORDS, ANYWHERE))
    # Arabic joins its article to the word.
    return re.compile(rf"\b(?:ال)?(?:{stems})\w*|\b(?:{whole})\b|{anywhere}", re.IGNORECASE)


_TELLING = _pattern()


def telling_words(text: str) -> tuple[str, ...]:
    """The words in a text that say what the care is for."""
    return tuple(match.group() for match in _TELLING.finditer(text))


@lru_cache(maxsize=1024)
def discreet(place: str) -> str:
    """A place's name, or nothing when the name itself tells what the care is for ("Riverside Oncology")."""
    return "" if telling_words(place) else place
