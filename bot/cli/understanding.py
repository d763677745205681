"""`bot understand` and `bot evaluate`: what texts mean, and how often that is right."""

from __future__ import annotations

import codecs
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, NoReturn

import click

from bot.cli.scoring import Scores, check_labels, score, table
from bot.content.replies import load_understander
from bot.core.intents import Context
from bot.core.understanding import Asked, Understander


@click.command()
def understand() -> None:
    """Read JSON lines on stdin, write what each text means as JSON lines on stdout."""
    understander = load_understander()
    failed = False
    for raw in sys.stdin.buffer:
        if not raw.strip():
            continue
        answer = _answer(raw, understander)
        failed = failed or "error" in answer
        _write(sys.stdout.buffer, answer)
    sys.exit(1 if failed else 0)


def _write(stdout: IO[bytes], answer: Mapping[str, object]) -> None:
    """One line, at once: whoever pipes a text in waits for its answer."""
    line = json.dumps(answer, ensure_ascii=False)
    stdout.write(line.encode("utf-8", "backslashreplace") + b"\n")
    stdout.flush()


def _answer(raw: bytes, understander: Understander) -> dict[str, object]:
    """The understanding of one line, or its error."""
    line: object = None
    try:
        line = _parsed(raw)
        if not isinstance(line, dict) or not isinstance(line.get("text"), str):
            raise ValueError("a line is an object with a string `text`")
        asked = asked_of(line)
    except (ValueError, TypeError, RecursionError) as error:
        known = line.get("id") if isinstance(line, dict) else None
        return {"id": known, "error": f"{type(error).__name__}: {error}"[:200]}
    return {"id": line.get("id"), **understander(line["text"], asked).as_json()}


def _parsed(raw: bytes) -> object:
    """The value of one line of JSON, with or without a byte order mark. Raises ValueError, RecursionError."""
    # surrogatepass: a lone half of an emoji is what a phone may have sent. NaN could not be written back as JSON.
    return json.loads(raw.removeprefix(codecs.BOM_UTF8).decode("utf-8", "surrogatepass"), parse_constant=_no_number)


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")


def asked_of(line: Mapping[str, object]) -> Asked:
    """The question that a line says was open."""
    options = line.get("options") or ()
    if not isinstance(options, list | tuple):
        raise TypeError("`options` is a list of words")
    prompt, language = line.get("prompt"), line.get("lang")
    return Asked(
        context=Context(str(line.get("context") or Context.NONE)),
        options=tuple(str(option) for option in options),
        prompt=prompt if isinstance(prompt, str) else None,
        language=language if isinstance(language, str) else None,
    )


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.option("--misses", is_flag=True, help="List every line that was not understood as labelled.")
def evaluate(file: Path, *, as_json: bool, misses: bool) -> None:
    """Score understanding on labelled JSON lines: a table by language and intent."""
    scores = evaluated(load_understander(), file)
    if as_json:
        click.echo(json.dumps(scores.as_json(), ensure_ascii=False, indent=2))
        return
    click.echo(table(scores))
    if misses:
        for miss in scores.misses:
            click.echo(json.dumps(miss, ensure_ascii=False))


def evaluated(understander: Understander, file: Path) -> Scores:
    """The scores of one file; a malformed line ends the command with one line that names it."""
    return score((line, understander(str(line["text"]), asked)) for line, asked in _labelled(file))


def _labelled(file: Path) -> Iterator[tuple[Mapping[str, object], Asked]]:
    with file.open("rb") as lines:
        for number, raw in enumerate(lines, start=1):
            if not raw.strip():
                continue
            try:
                line = _parsed(raw)
                if not isinstance(line, dict) or not isinstance(line.get("text"), str):
                    raise ValueError("not a labelled reply (text, expect)")
                check_labels(line)
                asked = asked_of(line)
            except (ValueError, TypeError, RecursionError) as error:
                raise click.ClickException(f"line {number}: {error}") from None
            yield line, asked
