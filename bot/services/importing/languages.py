"""Languages as clinics write them (tags, ISO 639 codes, names) to BCP 47 tags."""

from __future__ import annotations

import re
from functools import lru_cache

LONGEST_TAG = 16
_TAG = re.compile(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{4}))?(?:[-_]([A-Za-z]{2}|\d{3}))?")

# ISO 639-1, and the longer codes of languages without one that US clinics meet.
_ONE_CODE_EACH = """
aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en
eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja
jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb
nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq
sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu fil hmn
mww hmv chk pon kos ksw kar eky rhg prs pes haw sgn ase chr nah mix quc mam kek cmn yue nan ckb kmr
"""
_CODES = frozenset(_ONE_CODE_EACH.split())
_SAME = {"cmn": "zh", "pes": "fa", "iw": "he", "in": "id", "tl": "fil", "mo": "ro", "sh": "sr", "chi": "zh"}
# ISO 639-2 (both kinds), as HL7 version 2 and FHIR exports carry it.
_LONG_AND_SHORT = """
eng:en spa:es ara:ar zho:zh chi:zh vie:vi hat:ht tgl:fil kor:ko rus:ru ukr:uk por:pt fra:fr fre:fr khm:km lao:lo
mya:my bur:my nep:ne hin:hi guj:gu pan:pa ben:bn fas:fa per:fa pus:ps urd:ur som:so amh:am tir:ti swa:sw kin:rw
deu:de ger:de ita:it jpn:ja pol:pl tur:tr ell:el gre:el heb:he tha:th tam:ta tel:te mar:mr mal:ml ron:ro rum:ro
hye:hy arm:hy sqi:sq alb:sq bos:bs hrv:hr srp:sr hun:hu ces:cs cze:cs nld:nl dut:nl kur:ku mah:mh yid:yi smo:sm
ton:to hau:ha ibo:ig yor:yo orm:om lin:ln fil:fil nav:nv
"""
_THREE_LETTERS = dict(pair.split(":") for pair in _LONG_AND_SHORT.split())
_NAMES = {
    "english": "en", "spanish": "es", "español": "es", "espanol": "es", "castellano": "es", "arabic": "ar",
    "العربية": "ar", "chinese": "zh", "mandarin": "zh", "cantonese": "yue", "simplified chinese": "zh-Hans",
    "chinese simplified": "zh-Hans", "traditional chinese": "zh-Hant", "chinese traditional": "zh-Hant", "中文": "zh",
    "vietnamese": "vi", "tiếng việt": "vi", "haitian creole": "ht", "haitian": "ht", "creole": "ht", "kreyol": "ht",
    "kreyòl": "ht", "tagalog": "fil", "filipino": "fil", "korean": "ko", "한국어": "ko", "russian": "ru",
    "русский": "ru", "ukrainian": "uk", "українська": "uk", "portuguese": "pt", "português": "pt", "french": "fr",
    "français": "fr", "francais": "fr", "hmong": "hmn", "khmer": "km", "cambodian": "km", "lao": "lo", "laotian": "lo",
    "burmese": "my", "karen": "ksw", "nepali": "ne", "hindi": "hi", "gujarati": "gu", "punjabi": "pa", "bengali": "bn",
    "farsi": "fa", "persian": "fa", "dari": "prs", "pashto": "ps", "urdu": "ur", "somali": "so", "amharic": "am",
    "tigrinya": "ti", "swahili": "sw", "kinyarwanda": "rw", "marshallese": "mh", "chuukese": "chk", "rohingya": "rhg",
    "german": "de", "deutsch": "de", "italian": "it", "japanese": "ja", "polish": "pl", "turkish": "tr", "greek": "el",
    "hebrew": "he", "thai": "th", "armenian": "hy", "albanian": "sq", "bosnian": "bs", "romanian": "ro",
    "kurdish": "ku", "american sign language": "ase", "asl": "ase", "brazilian portuguese": "pt-BR",
    "kreyòl ayisyen": "ht", "kreyol ayisyen": "ht", "french creole": "ht", "hmong daw": "mww",
}  # fmt: skip
_WORDS = re.compile(r"[^\W\d_]+")
# "Chinese (Traditional)", "Chinese, Simplified", "Chinese - Cantonese": which one stands anywhere beside it.
_KINDS_OF_CHINESE = {"traditional": "zh-Hant", "simplified": "zh-Hans", "cantonese": "yue"}


_BEFORE_MORE = re.compile(r"[(;,]| - ")


@lru_cache(maxsize=1000)
def language_tag(text: str) -> str | None:
    """The BCP 47 tag of a language as written in a file, or None where it is none that we know."""
    folded = " ".join(text.casefold().replace("_", "-").split())
    if name := _NAMES.get(folded) or _kind_of_chinese(folded) or _NAMES.get(_BEFORE_MORE.split(folded)[0].strip()):
        return name
    match = _TAG.fullmatch(text.strip())
    if match is None:
        return None
    language = match[1].lower()
    language = _THREE_LETTERS.get(language, language)
    language = _SAME.get(language, language)
    if language not in _CODES:
        return None
    parts = (language, match[2] and match[2].title(), match[3] and match[3].upper())
    return "-".join(part for part in parts if part)


def _kind_of_chinese(folded: str) -> str | None:
    words = _WORDS.findall(folded)
    if "chinese" not in words:
        return None
    return next((_KINDS_OF_CHINESE[word] for word in words if word in _KINDS_OF_CHINESE), None)
