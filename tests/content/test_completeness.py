"""`bot languages`: one folder makes a language, and what it lacks is said by name."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli.languages import languages
from bot.content.completeness import NEEDED, completeness
from bot.content.messages import Messages
from tests.content.small import copy_language, copy_messages

# Esperanto, as far as it goes: nobody ships it, so everything about it is in the one folder.
DESCRIPTION = """
name = "Esperanto"
english_name = "Esperanto"
sample_name = "Aleksandro"

[dates]
weekdays = ["lun", "mar", "mer", "jau", "ven", "sab", "dim"]
months = ["jan", "feb", "mar", "apr", "maj", "jun", "jul", "aug", "sep", "okt", "nov", "dec"]
day = "{weekday} {date} {month}"
time = "{hour}:{minute} {period}"
clock = "je {time}"
when = "{day} {clock}"
opening = "{weekday} {clock}"

[formal]
how = "vi, for everybody"

[unsafe]
roots = ["kancer"]

[carriers]
tell = ["respondu"]

[review]
reviewed = false
"""
REPLIES = """
[meta]
language = "eo"
reviewed = false

[phrase]
"langname.eo" = "esperanto|esperante"
""" + "\n".join(f'"{group}" = "{group.replace(".", "").replace("-", "").replace("_", "")}vorto"' for group in NEEDED)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    copy_messages(tmp_path)
    # Without English replies, whose compilation takes long: what is said of Esperanto is all that is looked at.
    copy_language(tmp_path, "en", replies=False)
    folder = tmp_path / "locales/eo"
    shutil.copytree(tmp_path / "locales/en/LC_MESSAGES", folder / "LC_MESSAGES")
    (folder / "language.toml").write_text(DESCRIPTION, encoding="utf-8")
    (folder / "replies.toml").write_text(REPLIES, encoding="utf-8")
    catalogue = folder / "LC_MESSAGES/messages.po"
    words = catalogue.read_text(encoding="utf-8")
    words = words.replace("Language: en", "Language: eo").replace('msgstr "You are welcome."', 'msgstr "Ne dankinde."')
    catalogue.write_text(words, encoding="utf-8")
    return tmp_path


def missing(root: Path, tag: str = "eo") -> tuple[str, ...]:
    return next(one for one in completeness(root) if one.tag == tag).missing


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_one_folder_is_a_language(root: Path) -> None:
    assert missing(root) == ()
    messages = Messages.load(root)
    assert messages.languages() == ("en", "eo")
    assert messages.render("general/thanks", language="eo-001", values={"clinic": "Main"}).text == "Ne dankinde. Main"


def test_our_own_languages_lack_nothing() -> None:
    found = CliRunner().invoke(languages, ["check"])
    assert (found.exit_code, found.stderr) == (0, "")
    assert len(found.stdout.splitlines()) == 15


DESCRIBED = "locales/eo/language.toml"
CATALOGUE = "locales/eo/LC_MESSAGES/messages.po"
LEXICON = "locales/eo/replies.toml"


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        (CATALOGUE, 'msgstr "Ne dankinde."', 'msgstr ""', "1 of "),
        (CATALOGUE, "nplurals=2; plural=(n != 1)", "nplurals=2; plural=(n > 1)", "Plural-Forms: does not tell apart"),
        (CATALOGUE, "nplurals=2; plural=(n != 1)", "nplurals=1; plural=0", "more translations than"),
        (DESCRIBED, '"lun", "mar"', '"mar", "mar"', "[dates] weekdays: two are the same"),
        (DESCRIBED, '"lun", ', "", "weekdays needs 7 words, found 6"),
        (DESCRIBED, "[formal]", "[other]", "[formal] how"),
        (DESCRIBED, 'roots = ["kancer"]', "", "[unsafe]"),
        (DESCRIBED, "[carriers]", "[carrier]", "[carriers] tell"),
        (DESCRIBED, "reviewed = false", "", "[review] reviewed"),
        (DESCRIBED, "[review]", '[plurals]\nlike = "tlh"\n[review]', "CLDR does not know tlh"),
        (LEXICON, '"yes" =', '"yea" =', "replies.toml: yes"),
        (LEXICON, "esperanto|esperante", "volapuko", '"Esperanto" asks for no texts in it'),
        (LEXICON, "[phrase]", "[phrase", "replies.toml: "),
    ],
)
def test_what_is_missing_is_named(root: Path, file: str, old: str, new: str, told: str) -> None:
    edit(root / file, old, new)
    found = CliRunner().invoke(languages, ["check", "--root", str(root)])
    assert found.exit_code == 1
    assert told in found.stderr


def test_a_catalogue_without_a_description(root: Path) -> None:
    (root / DESCRIBED).unlink()
    assert missing(root) == ("no language.toml",)


@pytest.mark.parametrize(("file", "told"), [(CATALOGUE, "LC_MESSAGES/messages.po"), (LEXICON, "replies.toml")])
def test_a_file_that_is_not_there(root: Path, file: str, told: str) -> None:
    (root / file).unlink()
    assert told in missing(root)


def test_a_language_that_counts_in_its_own_way_says_why(root: Path) -> None:
    edit(root / DESCRIBED, "[review]", '[plurals]\nown = "One form for all."\n[review]')
    edit(root / CATALOGUE, "plural=(n != 1)", "plural=(n > 1)")
    assert missing(root) == ()


def test_the_list_names_them_all() -> None:
    found = CliRunner().invoke(languages, ["list"])
    assert found.exit_code == 0
    assert "ht       ltr  draft     Haitian Creole / Kreyòl ayisyen" in found.stdout.splitlines()
    assert len(found.stdout.splitlines()) == 15
