"""A file of environment variables that holds secrets: ours alone, and never half written."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path


def store(path: Path, variables: Mapping[str, str], *, unset: Collection[str] = ()) -> None:
    """Set variables in the file and take others out; its other lines stay. It gets mode 0600."""
    kept = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    names = "|".join(map(re.escape, [*variables, *unset]))
    mine = re.compile(rf"\s*(export\s+)?({names})\s*=")
    lines = [line for line in kept if not mine.match(line)]
    lines += [f"{name}='{_quoted(value)}'" for name, value in variables.items()]
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "\\'")
