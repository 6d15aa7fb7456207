"""`pfo check`: everything that is wrong with some specs, at once."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from pfo_dagster.cli.console import err, out, stop
from pfo_dagster.cli.exit_codes import CALLED_WRONGLY, DONE, FAILED
from pfo_dagster.cli.specs import defined, say_unused
from pfo_dagster.cli.spending import is_own, overspending_by
from pfo_dagster.config import load_settings
from pfo_dagster.definitions import APP_FILE
from pfo_dagster.operations.banking import open_banking_operations
from pfo_dagster.spec import (
    Position,
    SpecError,
    check,
    check_jobs_only,
    load_workflows,
    read_app,
    render,
    to_json,
    to_sarif,
)
from pfo_dagster.translate.planning.judging import judge, judge_together

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pfo_dagster.spec import AppConfig, Diagnostic
    from pfo_dagster.translate.planning.judging import Judgement


Format: TypeAlias = Literal["text", "json", "sarif"]


def check_specs(
    paths: Sequence[Path], output: Format, defines: Mapping[str, Any], *, strict: bool = False
) -> int:
    """Check the specs at `paths`, or of the specs folder; the exit status.

    What has an error cannot be loaded. Operations, slots and capabilities that this project lacks
    are warnings: the workflow loads, and pre-flight refuses its runs. `strict` fails for warnings
    too. `defines` gives values to names that specs use and do not define, before the app config's.
    The project's own folder is held to the budget of forced syncs too, as it is when it is loaded.
    """
    settings = load_settings()
    for path in paths:
        if not path.exists():
            raise stop(f"{path} does not exist.", CALLED_WRONGLY)
    app, diagnostics = _app(settings.specs_dir / APP_FILE, required=not paths)
    operations = open_banking_operations()
    known = defined(app, defines)
    judged: list[Judgement] = []
    damaged = 0
    supplied: set[str] = set()
    unread = False
    for path in paths or [settings.specs_dir]:
        loaded = load_workflows(path, defines=known)
        diagnostics += loaded.diagnostics
        unread = unread or bool(loaded.diagnostics)
        judged += [judge(spec, operations, app) for spec in loaded.specs]
        for one in loaded.damaged:
            diagnostics += one.sure(check(one.spec, operations=operations.refs(), app=app))
        damaged += len(loaded.damaged)
        supplied |= loaded.supplied
    for one in judged:
        diagnostics += one.diagnostics
    diagnostics += judge_together(judged)
    if any(is_own(path, settings) for path in paths or [settings.specs_dir]):
        diagnostics += overspending_by(judged, settings)
        if app is not None and not unread:
            diagnostics += check_jobs_only(app, {one.spec.meta.key for one in judged})
    diagnostics.sort(key=_place)
    _print(diagnostics, output)
    say_unused(defines, supplied)
    errors = sum(diagnostic.level == "error" for diagnostic in diagnostics)
    if output == "text":
        warnings = len(diagnostics) - errors
        out.print(
            f"{len(judged) + damaged} workflows checked: {errors} errors, {warnings} warnings."
        )
    return FAILED if errors or (strict and diagnostics) else DONE


def _app(path: Path, *, required: bool) -> tuple[AppConfig | None, list[Diagnostic]]:
    """The app config; a broken or missing one does not keep the specs from being checked."""
    try:
        return (read_app(path) if required or path.exists() else None), []
    except SpecError as error:
        return None, list(error.diagnostics)


def _place(one: Diagnostic) -> tuple[str, Position]:
    """Where people look for it: what is said by several judges of one file stands together."""
    return str(one.path or ""), one.position or Position(1, 1)


def _print(diagnostics: Sequence[Diagnostic], output: Format) -> None:
    if output == "text":
        if diagnostics:
            err.print(render(diagnostics), markup=False, soft_wrap=True)
    else:
        content = to_sarif(diagnostics) if output == "sarif" else to_json(diagnostics)
        sys.stdout.write(json.dumps(content, indent=2) + "\n")
