"""The measures that ship are whole, and the lint finds what is wrong with others."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bot.content.measures import load_measures, measure_findings

TODAY = date(2026, 11, 23)


def test_those_that_ship_have_no_fault() -> None:
    assert measure_findings() == []
    assert load_measures().key_of("BCS-E") == "mammogram"
    assert load_measures().key_of("something of a payer's") == "something of a payer's"


def test_who_is_asked() -> None:
    measure = load_measures().by_id["mammogram"]
    assert measure.why_not(born=date(1976, 1, 1), today=TODAY) is None
    assert measure.why_not(born=None, today=TODAY) is None, "what is not on file leaves nobody out"
    assert measure.why_not(born=date(1986, 11, 24), today=TODAY) == "other-age", "forty tomorrow"
    assert measure.why_not(born=None, today=TODAY, sex="male") == "other-sex"
    assert measure.why_not(born=None, today=TODAY, excluded=["mastectomy"]) == "excluded"


def test_faults_are_found(tmp_path: Path) -> None:
    texts = tmp_path / "templates/messages/recall"
    texts.mkdir(parents=True)
    (texts / "invite.txt").write_text("Time for your mammogram.")
    (tmp_path / "locales").mkdir()
    file = tmp_path / "locales/measures.toml"
    file.write_text(
        '[mammogram]\ntitle = "M"\nages = [74, 40]\nsensitive = true\n[other]\ntitle = "O"\nalso = ["Mammogram"]\n'
    )
    found = "\n".join(finding.message for finding in measure_findings(tmp_path))
    assert "ages run from 74 to 40" in found
    assert "'mammogram' is mammogram's as well" in found
    assert "names mammogram, which no text may" in found
    file.write_text("[broken]\nages = [1]\ntitle = 'B'\n")
    with pytest.raises(ValueError, match=r"measures\.toml"):
        load_measures(file)
