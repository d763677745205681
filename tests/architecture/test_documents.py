"""The documents are complete: every setting, every command and every route stands in them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
import pytest

from bot.cli import COMMANDS, main
from bot.config import Settings, load
from bot.services.importing.kinds import CSV_KINDS, LOADERS
from tests.architecture.source import ROOT, files

NAMES = {name.upper() for name in Settings.model_fields}
DOCS = (
    "architecture", "console", "decisions", "imports", "journeys", "messages", "operations", "performance", "security",
    "understanding",
)  # fmt: skip


@pytest.mark.parametrize("document", ["docs/operations.md", ".env.example"])
def test_every_setting_is_told_of(document: str) -> None:
    text = (ROOT / document).read_text()
    assert not {name for name in NAMES if not re.search(rf"\b{name}\b", text)}


def test_example_holds_no_other_settings() -> None:
    assert set(_example()) == NAMES


def test_example_shows_the_defaults(settings_env: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    example = _example()
    shown = {name: value for name, (optional, value) in example.items() if optional and value}
    del shown["TWILIO_PHONE_NUMBER"]  # one of two senders; it has no default
    required = {name for name, field in Settings.model_fields.items() if field.is_required()}
    for name, value in settings_env.items():
        if name.lower() in required or name == "TWILIO_PHONE_NUMBER":
            monkeypatch.setenv(name, value)
    by_default = load()
    for name, value in shown.items():
        monkeypatch.setenv(name, value)
    assert load() == by_default
    assert not {name for name in required if example[name.upper()][0]}, "a required setting is not commented out"


def test_every_command_is_told_of() -> None:
    text = "\n".join((ROOT / name).read_text() for name in files("README.md", "docs") if name.endswith(".md"))
    assert not [path for path, _ in _commands() if f"bot {path}" not in text]


def test_every_column_is_told_of() -> None:
    text = (ROOT / "docs/imports.md").read_text()
    for kind in CSV_KINDS:
        (told,) = re.findall(rf"^\| {kind} \| (.+) \|$", text, re.MULTILINE)
        names = [name.strip() for name in told.split(",")]
        assert tuple(name.strip("*") for name in names) == LOADERS[kind].columns
        assert {name.strip("*") for name in names if name.startswith("**")} == set(LOADERS[kind].required)


def test_every_command_and_option_helps() -> None:
    mute = [path for path, command in _commands() if not command.get_short_help_str()]
    for path, command in _commands():
        options = [option for option in command.params if isinstance(option, click.Option)]
        mute += [f"{path} --{option.name}" for option in options if not option.help]
    assert not mute


@pytest.mark.parametrize("topic", DOCS)
def test_documents_are_there_and_linked(topic: str) -> None:
    assert (ROOT / "docs" / f"{topic}.md").is_file()
    assert f"docs/{topic}.md" in (ROOT / "README.md").read_text()


def test_links_lead_somewhere() -> None:
    dead = [
        f"{name}: {target}"
        for name in files()
        if name.endswith(".md")
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", (ROOT / name).read_text())
        if "://" not in target and not target.startswith("mailto:")
        if not ((ROOT / name).parent / target).exists()
    ]
    assert not dead


def test_named_files_are_there() -> None:
    path = re.compile(r"`((?:bot|tests|docs|benchmarks)/[\w./-]+)`")
    documents = [name for name in files("README.md", "CONTRIBUTING.md", "docs") if name.endswith(".md")]
    named = {(name, hit) for name in documents for hit in path.findall((ROOT / name).read_text())}
    assert not sorted((name, hit) for name, hit in named if not (ROOT / hit).exists())


def _example() -> dict[str, tuple[bool, str]]:
    lines = re.findall(r"^(#?)([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.M)
    return {name: (mark == "#", value) for mark, name, value in lines}


def _commands() -> Iterator[tuple[str, click.Command]]:
    context = click.Context(main)
    for name in COMMANDS:
        command = main.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            inner = {sub: command.get_command(context, sub) for sub in command.list_commands(context)}
            yield from ((f"{name} {sub}", found) for sub, found in inner.items() if found)
        else:
            yield name, command
