"""The wheel: `pip install .` carries all that a clinic needs, and it works in any folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, files

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's wheel, built by what the lock file has brought."""
    target = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-index", "--no-deps"]
    subprocess.run([*pip, "--no-build-isolation", "--wheel-dir", target, ROOT], check=True)
    (built,) = target.glob("bot-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder to import from that holds the wheel and nothing of the checkout."""
    target = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    return target


def test_carries_everything(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        carried = set(archive.namelist())
    wanted = set(files("bot")) | {f"bot/_data/{name}" for name in files("templates", "locales")}
    assert not wanted - carried
    assert not [name for name in carried if name.startswith(("tests/", "benchmarks/", "docs/"))]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_migrates_and_understands_in_any_folder(
    installed: Path, settings_env: dict[str, str], tmp_path: Path
) -> None:
    settings_env["DATABASE_URL"] = f"sqlite:///{tmp_path / 'new.db'}"
    environment = {**os.environ, **settings_env, "PYTHONPATH": str(installed)}

    def bot(*command: str, text: str = "") -> str:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "bot", *command],
            cwd=tmp_path, env=environment, input=text, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    where = [sys.executable, "-P", "-c", "import bot; print(bot.__file__)"]
    home = subprocess.run(where, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout
    assert home.startswith(str(installed))
    bot("db", "upgrade")
    line = json.dumps({"id": "1", "text": "sí, ahí estaré", "context": "appointment_reminder"})
    assert json.loads(bot("understand", text=line + "\n"))["intent"] == "confirm"
