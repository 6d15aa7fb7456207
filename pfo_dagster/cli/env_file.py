"""A file of environment variables that holds secrets: ours alone, and never half written."""

from __future__ import annotations

import errno
import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path


def store(path: Path, variables: Mapping[str, str], *, unset: Collection[str] = ()) -> None:
    """Set variables in the file and take others out; its other lines stay. It gets mode 0600.

    A link stays one: the file that it leads to is written.
    """
    path = path.resolve()
    kept = _lines(path)
    names = "|".join(map(re.escape, [*variables, *unset]))
    mine = re.compile(rf"\s*(export\s+)?({names})\s*=")
    lines = [line for line in kept if not mine.match(line)]
    lines += [f"{name}='{_quoted(value)}'" for name, value in variables.items()]
    beside, descriptor = _beside(path)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def require_storable(path: Path) -> None:
    """Raise the `OSError` that `store` would: before there is a secret that would be lost."""
    path = path.resolve()
    _lines(path)
    beside, descriptor = _beside(path)
    os.close(descriptor)
    beside.unlink()


def _lines(path: Path) -> list[str]:
    """The file's lines, whatever bytes they hold; none where there is no file yet."""
    if not path.exists():
        return []
    return path.read_text(encoding="utf-8", errors="surrogateescape").splitlines()


def _beside(path: Path) -> tuple[Path, int]:
    """A new file in the same folder, open for writing, which can take the place of `path`."""
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    return beside, os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "\\'")
