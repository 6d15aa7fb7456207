"""The page of all settings, `docs/settings.md`, from the code that reads them.

`python -m pfo_dagster.settings_page > docs/settings.md` writes it; a test compares them.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr

from pfo_dagster.config import PROJECT_ROOT, Settings

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

_TOP = """<!-- Generated from pfo_dagster/config.py by python -m pfo_dagster.settings_page: do not edit. -->
# Settings

Everything that can be set from outside, as environment variables or in a file `.env` in the project's root, which the
environment wins over. Nothing has to be set: without a bank's access, the built-in sandbox is used.

| variable | default | what it is |
|---|---|---|
"""  # noqa: E501 - the page's lines


def settings_page() -> str:
    """The page as Markdown."""
    return _TOP + "".join(_row(field) for field in Settings.model_fields.values())


def _row(field: FieldInfo) -> str:
    text = " ".join((field.description or "").split()).replace("|", "\\|")
    secret = " Secret." if "SecretStr" in str(field.annotation) else ""
    return f"| `{field.alias}` | {_default(field.default)} | {text}{secret} |\n"


def _default(value: object) -> str:
    if value is None or isinstance(value, SecretStr):
        return ""
    if isinstance(value, Path):
        return f"`{value.relative_to(PROJECT_ROOT)}/` in the project's root"
    if isinstance(value, bool):
        return "`true`" if value else "`false`"
    return f"`{value}`"


if __name__ == "__main__":
    sys.stdout.write(settings_page())
