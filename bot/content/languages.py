"""The languages there are, one folder each, and which of them serves a BCP 47 tag."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

from bot.content.carriers import Carriers, carriers
from bot.content.dates import Dates, words
from bot.content.discretion import Discretion, Unsafe, unsafe

SOURCE = "en"
"""The language that templates are written in, and the fallback for all others."""
DESCRIPTION = "language.toml"

# Other names of the same language: ISO 639-2 and 639-3 codes, and the tags that EHRs and Twilio's lookups use.
ALIASES: Mapping[str, str] = {
    "ara": "ar", "arb": "ar", "chi": "zh", "zho": "zh", "cmn": "zh", "yue": "zh-hant", "eng": "en",
    "fas": "fa", "per": "fa", "pes": "fa", "prs": "fa", "fil": "tl", "tgl": "tl", "fra": "fr", "fre": "fr",
    "hat": "ht", "hin": "hi", "kor": "ko", "pol": "pl", "por": "pt", "rus": "ru", "spa": "es", "vie": "vi",
}  # fmt: skip

# Chinese is two written languages; without a script the region tells which (RFC 5646 asks for the script).
CHINESE_BY_REGION: Mapping[str, str] = {"tw": "hant", "hk": "hant", "mo": "hant"}


class Review(StrEnum):
    """How far a language's wording may be trusted (45 CFR 92.201(c)(3): a qualified human reviews translations)."""

    SOURCE = "source"
    REVIEWED = "reviewed"
    DRAFT = "draft"


@dataclass(frozen=True, slots=True)
class Formal:
    """How the language speaks to a patient whom it does not know."""

    how: str = ""
    """For translators: "usted, never tú"."""
    never: tuple[str, ...] = ()
    """Words of the familiar form, which no text may have."""


@dataclass(frozen=True, slots=True, eq=False)
class Language:
    """One language: its names, its direction, its dates, and who has reviewed its wording."""

    tag: str
    name: str
    english_name: str
    rtl: bool
    address: str
    """How a sentence calls the reader by name: "{name}, "."""
    comma: str
    """What stands between the items of a list."""
    tight: bool
    """No space between sentences, as in Chinese."""
    sample_name: str
    """A long first name such as readers of this language have; the lint measures with it."""
    dates: Dates
    formal: Formal
    unsafe: Unsafe
    carriers: Carriers
    plurals: str
    """The CLDR locale by whose rules it counts; empty for those that CLDR has wrong."""
    plurals_why: str
    """Why it does not count by CLDR."""
    reviewed: bool | None
    """None: the file does not say."""
    folder: Path

    @property
    def catalogue(self) -> Path:
        """The gettext catalogue."""
        return self.folder / "LC_MESSAGES" / "messages.po"

    @property
    def review(self) -> Review:
        """Whether a qualified person stands behind the wording."""
        if self.tag == SOURCE:
            return Review.SOURCE
        return Review.REVIEWED if self.reviewed else Review.DRAFT


class Languages:
    """All language folders under `locales/`."""

    def __init__(self, found: Mapping[str, Language]) -> None:
        self.by_tag = dict(found)
        self._canonical = {tag.lower(): tag for tag in found}
        # A place keeps its name in every language, so the words of all count for it.
        self.discretion = Discretion(language.unsafe for language in found.values())
        self.supports = lru_cache(maxsize=4096)(self._supports)

    @classmethod
    def load(cls, folder: Path) -> Languages:
        """Every folder that holds a `language.toml`."""
        files = sorted(folder.glob(f"*/{DESCRIPTION}"))
        return cls({file.parent.name: read(file) for file in files})

    def _supports(self, tag: str) -> str | None:
        parts = canonical(tag)
        # RFC 4647 lookup: the most specific tag first, then ever shorter ones.
        while parts:
            found = self._canonical.get("-".join(parts))
            if found:
                return found
            parts = parts[:-1]
        return None


def canonical(tag: str) -> list[str]:
    """The tag's subtags in lower case under their usual names: fil is tl, zh-TW is zh-hant-tw."""
    parts = tag.strip().replace("_", "-").lower().split("-")
    parts = [*ALIASES.get(parts[0], parts[0]).split("-"), *parts[1:]]
    if parts[0] == "zh" and (len(parts) == 1 or parts[1] not in ("hans", "hant")):
        scripts = [CHINESE_BY_REGION[part] for part in parts[1:] if part in CHINESE_BY_REGION]
        parts = ["zh", scripts[0] if scripts else "hant" if "yue" in parts else "hans", *parts[1:]]
    return parts


def read(file: Path) -> Language:
    """One `language.toml`. Raises ValueError that names the file."""
    try:
        return _language(file, tomllib.loads(file.read_text(encoding="utf-8")))
    except (KeyError, ValueError) as fault:
        raise ValueError(f"{file}: {fault}") from fault


def _language(file: Path, data: Mapping[str, Any]) -> Language:
    tag, formal, plurals = file.parent.name, data.get("formal", {}), data.get("plurals", {})
    reviewed = data.get("review", {}).get("reviewed")
    return Language(
        tag=tag,
        name=str(data["name"]),
        english_name=str(data["english_name"]),
        rtl=data.get("direction", "ltr") == "rtl",
        address=str(data.get("address", "{name}, ")),
        comma=str(data.get("comma", ", ")),
        tight=bool(data.get("tight", False)),
        sample_name=str(data["sample_name"]),
        dates=Dates(words(data["dates"])),
        formal=Formal(str(formal.get("how", "")), tuple(map(str, formal.get("never", ())))),
        unsafe=unsafe(data.get("unsafe", {})),
        carriers=carriers(data.get("carriers", {})),
        plurals=str(plurals.get("like", "" if "own" in plurals else tag)),
        plurals_why=str(plurals.get("own", "")),
        reviewed=None if reviewed is None else bool(reviewed),
        folder=file.parent,
    )
