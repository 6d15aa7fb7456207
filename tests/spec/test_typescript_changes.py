"""Statements that change what a workflow is read from are refused, since nothing is run."""

from __future__ import annotations

from pathlib import Path

import pytest

from pfo_dagster.spec.readers.typescript import read_typescript
from pfo_dagster.spec.source import SourceFile

FILE = """\
import {{ defineWorkflow }} from '@contractspec/lib.contracts-spec';
const RETRY = {{ maxAttempts: 1 }};
const STEPS = [{{ id: 'a', retry: RETRY }}];
const other = {{ n: 1 }};
export const flow = defineWorkflow({{ meta: {{ key: 't.x' }}, definition: {{ steps: STEPS }} }});
const alias = flow.definition;
{statement}
"""


def refused(statement: str) -> list[tuple[str, int]]:
    """What is said of the changes in a statement, and on which line."""
    reading = read_typescript(
        SourceFile(Path("x.ts"), FILE.format(statement=statement)), defines={}
    )
    return [(one.message, one.position.line if one.position else 0) for one in reading.diagnostics]


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("RETRY.maxAttempts = 7;", "RETRY"),
        ("RETRY['maxAttempts'] += 1;", "RETRY"),
        ("RETRY.maxAttempts++;", "RETRY"),
        ("delete RETRY.maxAttempts;", "RETRY"),
        ("STEPS.push({ id: 'b' });", "STEPS"),
        ("STEPS[0].retry.maxAttempts = 2;", "STEPS"),
        ("Object.assign(RETRY, { maxAttempts: 9 });", "RETRY"),
        ("Object.defineProperty(flow.meta, 'key', { value: 1 });", "flow"),
        ("flow.meta.key = 'changed';", "flow"),
        ("(flow as any).meta!.key = 'changed';", "flow"),
        ("alias.steps.pop();", "alias"),
        ("[STEPS[0], RETRY.x] = [1, 2];", "STEPS"),
        ("for (const one of [1]) { STEPS.push({ id: 'b' }); }", "STEPS"),
        ("function more() { STEPS.push({ id: 'b' }); }\nmore();", "STEPS"),
        ("if (1) RETRY.maxAttempts = 3;", "RETRY"),
        ("[1].forEach(() => STEPS.reverse());", "STEPS"),
    ],
)
def test_a_change_is_refused_where_it_stands(statement: str, name: str) -> None:
    (message, line), *_ = refused(statement)
    assert f"`{name}`, which a workflow is read from, is changed here" in message
    assert line == 7


@pytest.mark.parametrize(
    "statement",
    [
        "other.n = 2;",
        "registry.register(flow);",
        "Object.freeze(STEPS);",
        "STEPS.map((one) => one.id).push('x');",
        "const copy = { ...RETRY, maxAttempts: 2 };",
        "function f(STEPS: string[]) { STEPS.push('b'); }",
        "const g = (RETRY) => { RETRY.x = 1; };",
        "function h() { const RETRY = { x: 1 }; RETRY.x = 2; }",
        "export const n = STEPS.length;",
        "console.log(flow.meta.key === 'x');",
    ],
)
def test_what_changes_nothing_of_a_workflow_is_passed_over(statement: str) -> None:
    assert refused(statement) == []
