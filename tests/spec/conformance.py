"""Where the recorded cases of the reference engine are, for the tests that replay them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(
    os.environ.get("PFO_CONFORMANCE_DIR")
    or Path(__file__).resolve().parents[3] / "shared" / "conformance"
)


def recorded(name: str) -> list[dict[str, Any]]:
    """The cases of one file; none where the folder is absent."""
    path = FOLDER / name
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []


needs_recordings = pytest.mark.skipif(
    not FOLDER.is_dir(),
    reason=f"the recorded cases are not at {FOLDER} (set PFO_CONFORMANCE_DIR)",
)
