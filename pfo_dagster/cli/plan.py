"""`pfo plan`: what each spec becomes in Dagster, and what it changes of another version."""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pfo_dagster.automation.schedules import HOUSEHOLD_TIME_ZONE, TIMETABLE
from pfo_dagster.cli.against import earlier_specs
from pfo_dagster.cli.console import err, out
from pfo_dagster.cli.exit_codes import DONE, FAILED
from pfo_dagster.cli.specs import defined, load_app, load_specs, say_unused
from pfo_dagster.cli.spending import is_own, overspending_by, spending_of
from pfo_dagster.config import load_settings
from pfo_dagster.operations.banking import open_banking_operations
from pfo_dagster.spec import render, to_json
from pfo_dagster.translate import Treatment, compare_workflows, plan_workflow
from pfo_dagster.translate.planning.judging import judge, judge_together

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pfo_dagster.operations import OperationRegistry
    from pfo_dagster.operations.banking.budget import WorstCase
    from pfo_dagster.spec import WorkflowSpec
    from pfo_dagster.translate import Change, Plan

_NEW = "a new workflow: the other version does not have it"
_STYLES = {Treatment.EXACT: "green", Treatment.EMULATED: "yellow", Treatment.REFUSED: "bold red"}


def plan_specs(
    key: str | None,
    against: str | None,
    defines: Mapping[str, Any],
    *,
    as_json: bool,
    strict: bool = False,
) -> int:
    """Print the plan of one workflow or of all; the exit status.

    `key` may also be the path of a file or folder that is not among the project's specs. `against`
    is a path or a git revision. `defines` is as for `check_specs`. `strict` fails for warnings and
    for what pre-flight refuses, too.
    Raises `SpecError` for an earlier version that cannot be read.
    """
    settings = load_settings()
    is_path = key is not None and Path(key).exists()
    folder = Path(key) if key is not None and is_path else settings.specs_dir
    app, operations = load_app(settings.specs_dir), open_banking_operations()
    known = defined(app, defines)
    loaded = load_specs(folder, known)
    supplied = loaded.supplied
    specs = list(loaded.specs) if key is None or is_path else [loaded.with_key(key)]
    plans = [
        plan_workflow(spec, operations, app, schedule=_schedule(spec.meta.key)) for spec in specs
    ]
    comparisons: Sequence[Comparison | None] = [None for _ in plans]
    gone: Sequence[str] = ()
    if against is not None:
        with earlier_specs(against, folder, known) as earlier:
            # A file beside one workflow is its other version, also under another key.
            whole = not Path(against).is_file()
            supplied |= earlier.loaded.supplied
            earlier_of = earlier.versions_of(loaded.specs if whole else specs, folder)
            gone = earlier_of.gone if whole and len(specs) == len(loaded.specs) else ()
            comparisons = [
                _compare(one.spec, earlier_of.by_key[one.spec.meta.key], operations)
                for one in plans
            ]
    say_unused(defines, supplied)
    wrong = [*loaded.diagnostics, *judge_together([one.judgement for one in plans])]
    spending = None
    if is_own(folder, settings):
        judged = [one.judgement for one in plans]
        judged += [
            judge(spec, operations, app)
            for spec in loaded.specs
            if spec.meta.key in TIMETABLE and spec not in specs
        ]
        spending = spending_of(judged, settings)
        wrong += overspending_by(judged, settings)
    ok = all(one.warning_free if strict else one.ok for one in plans) and not wrong
    if as_json:
        content = {
            "ok": ok,
            "workflows": [
                one.as_json() | ({} if compared is None else {"changes": _as_json(compared)})
                for one, compared in zip(plans, comparisons, strict=True)
            ],
            "removed": list(gone),
            "forcedSyncs": spending and _spending_as_json(spending),
            "unread": to_json(wrong),
        }
        sys.stdout.write(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
        return DONE if ok else FAILED
    for one, compared in zip(plans, comparisons, strict=True):
        _print_plan(one, spending)
        if compared is not None:
            _print_comparison(str(against), compared)
    if spending and spending.demands and len(plans) > 1:
        _line(f"{spending.text}\n{spending.outcome}\n")
    for key_gone in gone:
        _line(f"{key_gone} is gone: its job and assets leave Dagster.")
    if wrong:
        err.print(render(wrong), markup=False, soft_wrap=True)
    return DONE if ok else FAILED


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a workflow changes of its earlier version, if it had one."""

    is_new: bool
    changes: Sequence[Change] = ()


def _compare(
    spec: WorkflowSpec, before: WorkflowSpec | None, operations: OperationRegistry
) -> Comparison:
    if before is None:
        return Comparison(is_new=True)
    return Comparison(is_new=False, changes=compare_workflows(before, spec, operations))


def _schedule(key: str) -> str | None:
    return f"{TIMETABLE[key]} ({HOUSEHOLD_TIME_ZONE})" if key in TIMETABLE else None


def _as_json(compared: Comparison) -> list[dict[str, str]]:
    if compared.is_new:
        return [{"kind": "workflow added", "subject": "", "text": _NEW}]
    return [change.as_json() for change in compared.changes]


def _spending_as_json(spending: WorstCase) -> dict[str, object]:
    """Of each connection in any 24 hours."""
    return {
        "asked": spending.asked,
        "most": spending.most,
        "budget": spending.policy.forced_syncs_per_day,
        "schedules": [
            {"key": one.workflow, "runs": one.runs, "executions": one.executions}
            for one in spending.demands
        ],
    }


def _print_plan(one: Plan, spending: WorstCase | None) -> None:
    meta, cost = one.spec.meta, one.worst_case
    out.print(f"[bold]{meta.key}[/] {meta.version}  {meta.title or ''}", soft_wrap=True)
    counts = Counter(field.treatment for field in one.fields)
    waits = ", ".join(one.waits_for_people)
    for name, text in (
        ("job", one.job),
        ("ops", ", ".join(one.ops) + ("" if one.ok else " (if it could be translated)")),
        ("assets", ", ".join(one.assets) or "none"),
        ("reports", ", ".join(one.reports)),
        ("schedule", one.schedule or "none"),
        ("costs", cost.text if cost else "no bound: the steps form a cycle, or lead nowhere"),
        ("asks banks", _asked(meta.key, spending) if spending else ""),
        ("waits for", f"a person, at {waits}" if waits else ""),
        ("fields", ", ".join(f"{counts[treatment]} {treatment}" for treatment in Treatment)),
    ):
        if text:
            _line(f"  {name:<11}{text}")
    places = [f"{_short(field.file)}:{field.line}" for field in one.fields if field.file]
    width = max((len(place) for place in places), default=0)
    for field in one.fields:
        style = _STYLES[field.treatment]
        value = json.dumps(field.value, ensure_ascii=False)
        place = f"{_short(field.file)}:{field.line}" if field.file else ""
        _line(f"  {place:<{width}}  ", end="")
        out.print(f"[{style}]{field.treatment:<8}[/]  ", end="", soft_wrap=True)
        becomes = f"{field.becomes}: {field.reason}" if field.becomes else field.reason
        _line(f"{field.path} = {value}  →  {becomes}")
    for issue in one.pre_flight:
        _line(f"  before it can run: {issue.reason} ({issue.step_id})")
    if one.diagnostics:
        err.print(render(one.diagnostics), markup=False, soft_wrap=True)
    out.print()


def _asked(key: str, spending: WorstCase) -> str:
    """What the schedule of one workflow may spend, and what it shares a budget with."""
    own = [demand for demand in spending.demands if demand.workflow == key]
    if not own:
        return ""
    limit = spending.policy.forced_syncs_per_day
    return (
        f"{own[0].product} forced syncs of each connection in 24 h; the budget of each is {limit}."
        f" {spending.outcome}"
    )


def _print_comparison(against: str, compared: Comparison) -> None:
    _line(f"  Against {against}:")
    for change in compared.changes:
        _line(f"    {change.kind:<13} {change.subject}: {change.text}")
    if not compared.changes:
        _line(f"    {_NEW if compared.is_new else 'it means the same'}")
    out.print()


def _line(text: str, end: str = "\n") -> None:
    out.print(text, markup=False, soft_wrap=True, end=end)


def _short(path: str) -> str:
    """A path from where the reader is, if it is below."""
    return (
        str(Path(path).relative_to(Path.cwd())) if Path(path).is_relative_to(Path.cwd()) else path
    )
