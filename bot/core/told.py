"""What patients tell in their own words beside yes and no, as the languages say it; drafts, as the lexicons are."""

from __future__ import annotations

import re
from typing import Final

DONE: Final = re.compile(
    r"\balready (had|did|got|done|been)\b|\b(had|did) (it|that|one|mine) (already|done|last|in)\b|\b(it"
    r"|that)'?s (already )?done\b"
    r"|\bya (me )?(l[oa]|la) (hice|hicieron|tuve)|\bya (fui|hice|est[aá] hech[oa]|tuve)\b|\bd[eé]j[aà] (fait|eu"
    r"|pass[eé])"
    r"|已经(做|看|去)过|已經(做|看|去)過|做过了|做過了|đã (làm|khám|có) rồi|làm rồi|tapos na"
    r"|nagawa ko na|이미 (했|받|다녀)"
    r"|уже (сделал|прош[её]л|прошла|был|была|делал)|تم ذلك|فعلت(ه|ها)? (من قبل|بالفعل)|سبق (أن|وأن)"
    r"|m(wen)? (te )?f[eè] l deja|f[eè]t deja"
    r"|\bj[aá] (fiz|fui|fizeram|tive)\b|हो (चुका|गया)|करवा (लिया|चुक)|انجام (دادم|شده)|\bju[zż] (by[lł]|mia[lł]"
    r"|zrobi)",
    re.IGNORECASE,
)
"""It has been done, here or elsewhere."""
WENT: Final = re.compile(
    r"\b(i|we|she|he) (already )?(went|saw (them|him|her|the))\b|\bbeen there\b|\bwent (already"
    r"|yesterday|last)\b"
    r"|\bya (fui|fuimos|fue|me vieron)\b"
    r"|\bj'?y suis all[eé]e?|\bd[eé]j[aà] all[eé]|去过了|去過了|已经去|已經去|đã (đi|đến|khám)"
    r"|nakapunta na|다녀왔|уже (был|была"
    r"|ходил|сходил)"
    r"|ذهبت|m(wen)? (te )?ale deja|\bj[aá] fui\b|गय[ाी] था|जा चुक|رفتم|رفته‌?ام|\b(by[lł][ea]m"
    r"|ju[zż] po wizycie)",
    re.IGNORECASE,
)
"""The patient went to the visit there."""
NOT_CALLED: Final = re.compile(
    r"\b(never|not|haven'?t|hasn'?t|didn'?t|nobody|no one|no-one)\b[^.?!]{0,24}\b(call(ed)?|phon(e|ed)"
    r"|contact(ed)?|heard)\b|\bno call\b"
    r"|\b(nadie|nunca|no)\b[^.?!]{0,16}\b(llam\w+|contact\w+)|\b(personne|jamais|pas)\b[^.?!]{0,16}\bappel"
    r"|没(有)?(人)?(打|接到|联系)|沒(有)?(人)?(打|接到|聯繫)"
    r"|chưa (ai )?gọi|hindi (pa )?(sila )?tumawag|walang tumawag|전화(가|를)? (안|없|못)|не (звонил"
    r"|позвонил|перезвонил)"
    r"|никто не (зв|поз)"
    r"|لم (يتصل|يتصلوا)|pa (janm )?(te )?rele|ningu[eé]m (me )?ligou|n[aã]o ligaram|फ़?ोन नहीं|تماس نگرفت"
    r"|nikt nie (za)?dzwoni|nie (za)?dzwonili",
    re.IGNORECASE,
)
"""The other office has not called."""
REFUSED: Final = re.compile(
    r"\b(insurance|medicaid|medicare|plan)\b[^.?!]{0,40}\b(no|not|den(y|ied)|won'?t|refus\w+|reject\w+"
    r"|declin\w+"
    r"|isn'?t|doesn'?t)\b"
    r"|\b(denied|rejected|refused) (by )?(my |the )?(insurance|plan)|\b(seguro|aseguranza)\b[^.?!]{0,30}\b(no"
    r"|neg[oó]|rechaz\w+)\b"
    r"|\bassurance\b[^.?!]{0,30}\b(non|refus\w+|pas)\b|保险.{0,8}(不|拒|没)|保險.{0,8}(不|拒|沒)"
    r"|bảo hiểm.{0,16}(không"
    r"|từ chối)|insurance.{0,16}(ayaw|hindi)|\b(ayaw|tumanggi|tinanggihan)\b.{0,16}insurance"
    r"|보험.{0,10}(안|거절|거부)|страхов\w+.{0,20}(отказ|не )|التأمين.{0,16}(رفض|لا)|رفض.{0,10}التأمين"
    r"|asirans.{0,16}(pa"
    r"|non|refize)"
    r"|(plano|seguro|conv[eê]nio).{0,24}(n[aã]o|negou|recus)|बीमा.{0,16}(नहीं|मना)|بیمه.{0,16}(نه|رد|قبول نکرد)"
    r"|ubezpieczen\w*.{0,20}(nie|odm)",
    re.IGNORECASE,
)
"""The insurance has said no."""
PHARMACY: Final = re.compile(
    r"\b(pharmacy|drug ?store|walgreens|cvs|out of stock|back ?order\w*|farmacia|apothicaire|pharmacie|famasi"
    r"|farm[aá]cia|botika|aptek\w*)\b"
    r"|药房|药店|藥房|藥局|nhà thuốc|약국|аптек|الصيدلية|صيدلية|दवा की दुकान|داروخانه|फ़ार्मेसी",
    re.IGNORECASE,
)
"""Something about the pharmacy."""
PICKED_UP: Final = re.compile(
    r"\b(picked (it|them|mine)? ?up|got (it|them|my (meds|medicine|refill|pills))|have (it|them))\b"
    r"|\bya l[oa]s? (tengo|recog[ií])|拿到了|已取|lấy rồi|nakuha na|받았"
    r"|уже (получил|забрал|взял)|استلمت|أخذته|m(wen)? pran l|\bj[aá] peguei|ले ली|मिल गई|گرفتم"
    r"|odebra[lł]|je l'ai",
    re.IGNORECASE,
)
"""The patient has the medicine."""

_NEEDS: Final = {
    "food": re.compile(
        # Not "no food since midnight", which tells of a test.
        r"\b(have|has|got|there'?s|there is) (got )?no (food|groceries)\b"
        r"(?! (or|and|since|for|after|before|today|yet|allerg\w+|restriction\w*|poison\w*))"
        r"|\b(out of|short on|short of) (food|groceries)\b|\bcan'?t (afford|buy|pay for) (any )?(food|groceries)\b"
        r"|\b(need|help with|help getting) (some )?(food|groceries)\b"
        r"|\bfood (bank|pantry|stamps|help)\b|\bgoing hungry\b"
        r"|\b(no (tengo|tenemos|hay)|sin) (comida|qu[eé] comer)\b(?! (desde|hasta|por|en \d|en las?))"
        r"|\bse (me|nos) acab[oó] la comida\b"
        r"|\bbanco de (comida|alimentos)\b"
        r"|没(有)?(东西|饭)吃|家里没(有)?(吃的|食物)|食物银行|沒(有)?(東西|飯)吃|家裡沒(有)?(吃的|食物)|食物銀行"
        r"|(hết|không có|không còn) (đồ ăn|thức ăn|thực phẩm)|wala(ng)? (na )?(kaming |akong )?(pagkain|makain)"
        r"|먹을 (것|게|음식)(이|도)? 없|음식이 (없|떨어)|(нечего есть|нет еды|кончилась еда|закончилась еда)"
        r"|(لا يوجد|ليس (لدي|عندي|لدينا|عندنا)|ما (عندي|عندنا)) (طعام|أكل)|نفد الطعام"
        r"|pa gen (manje|anyen pou (m |nou )?manje)"
        r"|(plus|pas|rien) (de nourriture|[aà] manger)(?! (depuis|avant|jusqu))|banque alimentaire|aide alimentaire"
        r"|sem comida(?! (desde|at[eé]|por))|n[aã]o (tenho|temos) (comida|o que comer)|banco de alimentos"
        r"|खाना नहीं है|राशन (नहीं|खत्म|ख़त्म)|खाने को कुछ नहीं|(غذا|خوراکی) (نداریم|ندارم|تمام شده)|چیزی برای خوردن ند"
        r"|nie ma(m|my) (co je[sś][cć]|jedzenia)|bank [zż]ywno[sś]ci",
        re.IGNORECASE,
    ),
    "housing": re.compile(
        r"\b(evict(ed|ion)|homeless|lost (my|our) (home|house|apartment)|nowhere to (live|sleep|stay)"
        r"|no place to (live|sleep|stay)|can'?t pay (my |the |our )?rent"
        r"|living in (my|our|a) (car|van)|behind on (the )?rent)\b"
        r"|\b(desaloj\w+|sin (hogar|techo|casa)|no (tengo|tenemos) d[oó]nde (vivir|dormir)|no puedo pagar (la|el)"
        r" (renta|alquiler))\b"
        r"|无家可归|没(有)?地方住|付不起房租|被赶出|無家可歸|沒(有)?地方住|付不起房租|被趕出"
        r"|(không có|không còn) (chỗ|nhà) (ở|ngủ)|vô gia cư|bị đuổi (khỏi )?nhà"
        r"|wala(ng)? (kaming |akong )?(tirahan|matirhan|matuluyan)"
        r"|(살|지낼|잘) 곳이 없|노숙|쫓겨났|негде жить|выселя|бездомн"
        r"|(لا يوجد|ليس (لدي|عندي|لدينا)) (مكان|سكن|مأوى)|بلا مأوى|طرد(وني|ونا)? من (البيت|المنزل|السكن)"
        r"|pa gen kote (pou (m |nou )?)?(rete|d[oò]mi)|yo mete (m|nou) deyò"
        r"|sans abri|sans domicile|expuls[eé]e?s?\b|nulle part o[uù] (dormir|vivre)|payer (le|mon) loyer"
        r"|despej\w+|sem teto|n[aã]o (tenho|temos) onde (morar|dormir)|pagar o aluguel"
        r"|बेघर|रहने की जगह नहीं|घर से निकाल|بی‌?خانمان|جای(ی)? برای (زندگی|خواب) ند|از خانه بیرون"
        r"|bezdomn\w+|eksmi\w+|nie ma(m|my) gdzie (mieszka[cć]|spa[cć])|na czynsz",
        re.IGNORECASE,
    ),
}
"""The patient goes without something that the understanding has no word of its own for."""


def need_in(words: str) -> str | None:
    """The kind of help that the words themselves tell a need of; None where they do not."""
    return next((kind for kind, told in _NEEDS.items() if told.search(words)), None)

_SMALL: Final = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "six": 6, "couple": 2, "few": 3, "next": 1,
    "un": 1, "una": 1, "uno": 1, "dos": 2, "tres": 3, "cuatro": 4, "seis": 6, "deux": 2, "trois": 3, "um": 1, "uma": 1,
    "dois": 2, "duas": 2,
    "一": 1, "两": 2, "兩": 2, "三": 3, "下": 1, "한": 1,
    "두": 2, "세": 3, "yon": 1, "de": 2, "twa": 3, "isang": 1, "dalawang": 2,
    "một": 1, "hai": 2, "ba": 3, "две": 2, "три": 3, "एक": 1,
    "दो": 2, "तीन": 3, "یک": 1, "دو": 2, "سه": 3, "dwa": 2, "trzy": 3,
}  # fmt: skip
_UNITS: Final = (
    (1, r"days?|d[ií]as?|jours?|dias?|天|日|ngày|araw|일|дн\w+|день|أيام|يوم|jou|दिन|روز|dni|dzień"),
    (
        7,
        r"weeks?|semanas?|semaines?|个?星期|個?星期|周|週|tuần|linggo|주|недел\w+|أسابيع|أسبوع|semèn"
        r"|हफ़्?त\w+|هفته"
        r"|tydzie[nń]|tygodni\w*",
    ),
    (
        30,
        r"months?|mes(es)?|mois|m[eê]s|个?月|個?月|tháng|buwan|달|개월|месяц\w*|أشهر|شهر|mwa|महीन\w+|ماه"
        r"|miesi[aą]c\w*",
    ),
)  # fmt: skip
_NUMBER: Final = r"(\d{1,3}|" + "|".join(sorted(map(re.escape, _SMALL), key=len, reverse=True)) + r")?"
_WHEN: Final = tuple(
    # Where words stand apart from each other, the number or the unit begins one.
    (days, re.compile(rf"(?<![a-z]){_NUMBER} ?(?:of |de )?(?:{units})(?!\d)", re.IGNORECASE))
    for days, units in _UNITS
)
SOONEST, LATEST = 3, 365


def later_days(words: str) -> int | None:
    """In how many days the patient wants to be asked again, where the words say so: "in two weeks" is 14."""
    for days, pattern in _WHEN:
        found = pattern.search(words)
        if found is not None:
            number = found[1]
            count = 1 if number is None else int(number) if number.isdecimal() else _SMALL.get(number.casefold(), 1)
            return min(max(days * count, SOONEST), LATEST)
    return None


_WORD: Final = re.compile(r"[\u4e00-\u9fff]|[^\W\u4e00-\u9fff]+")
"""A Chinese character counts for one."""
_PLACE_TOO: Final = 5
"""Words beside "already had it": so many and a time among them leave room for a place."""


def tells_where_and_when(words: str) -> bool:
    """Whether "it has been done" comes with a time and more: "already had it last month at CVS"."""
    if not any(unit.search(words) for _, unit in _WHEN):
        return False
    return len(_WORD.findall(DONE.sub(" ", words))) >= _PLACE_TOO
