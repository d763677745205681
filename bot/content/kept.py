"""What has been compiled once is kept beside its sources, as Python keeps its own, and made anew when these change.

The file is plain data without code. Where it cannot be written, everything works, only slower to start.
"""

from __future__ import annotations

import hashlib
import importlib.util
import marshal
import os
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO, Final

_SIZE: Final = 32
_PIECE: Final = 1 << 18


def stamp_of(sources: Iterable[bytes]) -> bytes:
    """What tells one state of the sources, and of the Python that reads them, from any other."""
    digest = hashlib.blake2b(sys.version.encode(), digest_size=_SIZE)
    for source in sources:
        digest.update(hashlib.blake2b(source).digest())
    return digest.digest()


def path_of(folder: Path, name: str) -> Path | None:
    """Where it is kept; None where Python keeps nothing."""
    try:
        return Path(importlib.util.cache_from_source(str(folder / f"{name}.py"))).with_suffix(".kept")
    except NotImplementedError:
        return None


def load(path: Path, stamp: bytes) -> Any | None:
    """What was kept under that stamp; None where there is nothing, something older, or a damaged file."""
    try:
        with path.open("rb") as file:
            if file.read(_SIZE) != stamp or file.read(_SIZE) != _sum(file):
                return None
            file.seek(2 * _SIZE)
            data = file.read()
    except OSError:
        return None
    return marshal.loads(data)  # noqa: S302 - our own file, whole as the sum says, and no code in it


def save(path: Path, stamp: bytes, data: Any) -> None:
    """Keep it, whole or not at all; silently not where nothing may be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=path.parent, prefix=path.name)
        try:
            with os.fdopen(handle, "w+b") as file:
                file.write(stamp + bytes(_SIZE))
                marshal.dump(data, file)
                file.seek(2 * _SIZE)
                total = _sum(file)
                file.seek(_SIZE)
                file.write(total)
            os.chmod(draft, 0o644)
            os.replace(draft, path)
        except BaseException:
            os.unlink(draft)
            raise
    except OSError:
        return


def _sum(file: BinaryIO) -> bytes:
    """The check sum of the rest of a file."""
    digest = hashlib.blake2b(digest_size=_SIZE)
    while piece := file.read(_PIECE):
        digest.update(piece)
    return digest.digest()
