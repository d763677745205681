"""What lies at the top of the tree, and what must stand nowhere in it."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.source import ROOT, files, texts

TOP = {
    ".ci", ".editorconfig", ".env.example", ".gitignore", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile",
    "Procfile", "README.md", "benchmarks", "bot", "docs", "locales", "pyproject.toml", "requirements-dev.lock",
    "requirements.lock", "templates", "tests", "worker.py",
}  # fmt: skip

# In pieces, so that this file passes its own check.
NOT_OURS = {
    "a path of some machine": re.compile("(?<![a-z0-9.])/" + r"(?:work|root|home/\w+)/"),
    "a package registry's host": re.compile(
        "files.python" + "hosted|py" + r"pi\.org|registry\.npm" + r"js|deb\.deb" + r"ian\.org|proxy\.gol" + "ang"
    ),
    "a download address": re.compile(r"https?://[^\s\"')]+\." + r"(?:whl|tgz|deb|tar\.gz)\b"),
    "a steering folder": re.compile(r"\.\./" + "shared|\\." + "library/"),
}

PHONE = re.compile(r"(?<![\w.])\+1[ .-]?\(?([2-9]\d\d)\)?[ .-]?(\d{3})[ .-]?(\d{4})(?!\d)")
# What Twilio itself has published for tests.
TEST_NUMBERS = re.compile(r"\+1500555(?:000\d|0010)")


def test_top_level_is_what_the_readme_tells_of() -> None:
    assert {name.split("/")[0] for name in files()} == TOP


@pytest.mark.parametrize("what", NOT_OURS)
def test_holds_nothing_of_the_place_it_was_written_in(what: str) -> None:
    found = [f"{name}: {hit.group()}" for name, text in texts() if (hit := NOT_OURS[what].search(text))]
    assert not found, f"{what} stands in the tree"


def test_every_phone_number_is_fiction() -> None:
    real = [
        f"{name}: {hit.group()}"
        for name, text in texts()
        for hit in PHONE.finditer(text)
        if not TEST_NUMBERS.fullmatch(hit.group()) and not (hit[2] == "555" and hit[3].startswith("01"))
    ]
    assert not real, "555-0100 to 555-0199 belong to nobody"


LOCKS = {"requirements.lock": ["demo"], "requirements-dev.lock": ["demo", "dev"]}


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_file_holds_what_the_project_asks_for(lock: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["build"]]
    wanted += [line for extra in LOCKS[lock] for line in project["project"]["optional-dependencies"][extra]]
    text = (ROOT / lock).read_text()
    locked = {canonicalize_name(name): version for name, version in re.findall(r"^([\w.-]+)==([^ ;\\]+)", text, re.M)}
    requirements = [item for item in map(Requirement, wanted) if item.name != "bot"]
    found = [(item, locked.get(canonicalize_name(item.name), "0")) for item in requirements]
    stale = [str(item) for item, version in found if not item.specifier.contains(version)]
    assert not stale, "run `make lock`"
    entries = re.split(r"^(?=[\w.-]+==)", text, flags=re.M)[1:]
    assert all("--hash=sha256:" in entry for entry in entries)
