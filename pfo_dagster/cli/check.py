"""`pfo check`: everything that is wrong with some specs, at once."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from pfo_dagster.cli.console import CALLED_WRONGLY, DONE, FAILED, err, out, stop
from pfo_dagster.config import load_settings
from pfo_dagster.definitions import APP_FILE
from pfo_dagster.operations.banking import open_banking_operations
from pfo_dagster.spec import check, load_workflows, read_app, render

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pfo_dagster.spec import Diagnostic


def check_specs(paths: Sequence[Path], *, as_json: bool) -> int:
    """Check the specs at `paths`, or of the specs folder; the exit status.

    Slots, capabilities and operations are checked against the project's own.
    """
    settings = load_settings()
    for path in paths:
        if not path.exists():
            raise stop(f"{path} does not exist.", CALLED_WRONGLY)
    app_file = settings.specs_dir / APP_FILE
    app = read_app(app_file) if app_file.exists() else None
    operations = open_banking_operations().refs()
    diagnostics: list[Diagnostic] = []
    checked = 0
    for path in paths or [settings.specs_dir]:
        loaded = load_workflows(path)
        checked += len(loaded.specs)
        diagnostics += loaded.diagnostics
        for spec in loaded.specs:
            diagnostics += check(spec, operations=operations, app=app)
    _print(diagnostics, as_json=as_json)
    errors = sum(diagnostic.level == "error" for diagnostic in diagnostics)
    if not as_json:
        warnings = len(diagnostics) - errors
        out.print(f"{checked} workflows checked: {errors} errors, {warnings} warnings.")
    return FAILED if errors else DONE


def _print(diagnostics: Sequence[Diagnostic], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps([_as_json(one) for one in diagnostics], indent=2) + "\n")
    elif diagnostics:
        err.print(render(diagnostics), markup=False, soft_wrap=True)


def _as_json(diagnostic: Diagnostic) -> dict[str, object]:
    position = diagnostic.position
    return {
        "code": diagnostic.code,
        "level": diagnostic.level,
        "message": diagnostic.message,
        "file": str(diagnostic.path) if diagnostic.path else None,
        "line": position.line if position else None,
        "column": position.column if position else None,
        "expected": diagnostic.expected,
        "hint": diagnostic.hint,
    }
