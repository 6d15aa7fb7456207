"""ContractSpec's TypeScript: what is read, where it stands, and what is refused by name."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from pfo_dagster.spec import Diagnostic, Position, check, load_workflows, read_workflows
from pfo_dagster.spec.readers.typescript import read_typescript
from pfo_dagster.spec.source import SourceFile

HEAD = """\
import { OwnersEnum as O, StabilityEnum } from '@contractspec/lib.contracts-spec';
import { defineWorkflow } from '@contractspec/lib.contracts-spec/workflow/spec';
import { RETRY } from './defaults';
import * as everything from './everything';
"""


def read_value(expression: str, *, before: str = "", **defines: Any) -> Any:
    """What an expression is read as, within a workflow's metadata."""
    text = f"{HEAD}{before}\nexport default defineWorkflow({{ metadata: {{ x: {expression} }} }});"
    reading = read_typescript(SourceFile(Path("x.ts"), text), defines=defines)
    assert reading.diagnostics == ()
    (document,) = reading.documents
    value: Any = document.value
    return value["metadata"].get("x", "absent")


def refusal(text: str, **defines: Any) -> Diagnostic:
    """The one thing that is wrong with a file."""
    (found,) = read_typescript(SourceFile(Path("x.ts"), text), defines=defines).diagnostics
    return found


def refusal_of(expression: str, *, before: str = "", **defines: Any) -> Diagnostic:
    return refusal(
        f"{HEAD}{before}\nexport default defineWorkflow({{ x: {expression} }});", **defines
    )


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1_000", 1000),
        ("0xFF", 255),
        ("0b1_01", 5),
        ("0o17", 15),
        ("1e3", 1000),
        ("1.50", 1.5),
        (".5", 0.5),
        ("-1.5e-3", -0.0015),
        ("+7", 7),
        ("9007199254740993", 9007199254740992),
        (r"'it\'s \x41\u0042\u{43}\n'", "it's ABC\n"),
        (r'"\ud83d\ude00\0\\u0041"', "\U0001f600\0\\u0041"),
        (
            r"'a\zb\
c'",
            "azbc",
        ),
        ("`two\nlines`", "two\nlines"),
        ("true", True),
        ("null", None),
        ("undefined", "absent"),
        ("({ a: [1, [2,],], }) as const", {"a": [1, [2]]}),
        ("<const>['a'] satisfies string[]", ["a"]),
        ("{ 'a-b': 1, 2: 3, /* c */ d: 4, // e\n }", {"a-b": 1, "2": 3, "d": 4}),
        ("{ a: undefined, b: null! }", {"b": None}),
        ("O.PlatformFinance", "platform.finance"),
        ("StabilityEnum['InCreation']", "in_creation"),
        ("TagsEnum.I18n", "i18n"),
    ],
)
def test_literals_are_what_javascript_makes_of_them(expression: str, value: object) -> None:
    found = read_value(expression)
    assert (found, type(found)) == (value, type(value))


CONSTANTS = """
const ALL = { bank: BANK, list: [BANK, 'b'], nested: { retry } } as const;
const retry = { maxAttempts: 2 };
const BANK = 'bank' as string, OTHER = ALL.list;
enum Slot { Mail = 'mail', 'S-M-S' = 'sms' }
"""


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("ALL", {"bank": "bank", "list": ["bank", "b"], "nested": {"retry": {"maxAttempts": 2}}}),
        ("{ retry }", {"retry": {"maxAttempts": 2}}),
        ("ALL.nested.retry.maxAttempts", 2),
        ("(ALL as any).nested['retry']!.maxAttempts", 2),
        ("OTHER[1]", "b"),
        ("[Slot.Mail, Slot['S-M-S']]", ["mail", "sms"]),
        ("CAP", {"key": "c"}),
        ("CAP.key", "c"),
        ("LIST[1].a", 7),
        ("RETRY", 5),
        ("everything", "supplied"),
    ],
)
def test_names_stand_for_constants_in_any_order_and_for_what_is_supplied(
    expression: str, value: object
) -> None:
    supplied = {"CAP": {"key": "c"}, "LIST": [1, {"a": 7}], "RETRY": 5, "everything": "supplied"}
    assert read_value(expression, before=CONSTANTS, **supplied, BANK="not this one") == value


def test_a_constant_that_is_left_open_is_told_where_it_is_used_or_not_at_all() -> None:
    before = "const OPEN = { key: 'a' as const;\n"
    found = refusal(f"{before}export const a = defineWorkflow({{ a: OPEN, b: [OPEN] }});")
    assert found.position
    assert (found.code, found.position.line, found.position.column) == ("PFO002", 1, 14)
    assert "`{` is opened here and never closed" in found.message
    unused = f"{before}export const a = defineWorkflow({{ a: 1 }});"
    assert read_typescript(SourceFile(Path("x.ts"), unused), defines={}).diagnostics == ()


def test_enums_are_found_through_the_whole_module() -> None:
    before = "import * as CS from '@contractspec/lib.contracts-spec';"
    assert read_value("CS.OwnersEnum.PlatformCore", before=before) == "platform.core"
    found = refusal(
        f"{before} export const a = defineWorkflow({{ a: CS.OwnerEnum.PlatformCore }});"
    )
    assert (found.code, found.hint) == ("PFO017", "did you mean `OwnersEnum`?")


@pytest.mark.parametrize(
    ("expression", "code", "message", "hint"),
    [
        ("{ ...RETRY, a: 1 }", "PFO016", "a spread is no literal: `...RETRY`", "what is spread"),
        ("[...RETRY]", "PFO016", "a spread", "what is spread"),
        ("make(1)", "PFO016", "a call of `make` is no literal: `make(1)`", "what it returns"),
        ("() => 1", "PFO016", "a function", "name an operation"),
        ("RETRY ? 1 : 2", "PFO016", "a conditional", "the case that is meant"),
        ("`a ${RETRY}`", "PFO016", "a template with a substitution", "write the text out"),
        ("'a' + 'b'", "PFO016", "an operator", "write out the result"),
        ("!true", "PFO016", "an operator", "write out the result"),
        ("{ ['a']: 1 }", "PFO016", "a computed key cannot be read: `['a']`", "the key itself"),
        ("{ get a() { return 1 } }", "PFO016", "a getter", ""),
        ("{ a() { return 1 } }", "PFO016", "a method", ""),
        ("{ __proto__: {} }", "PFO016", "this key cannot be read", ""),
        ("new Date()", "PFO016", "a new object", "write out its fields"),
        ("/a/", "PFO016", "a regular expression", "as a text"),
        ("[1, , 2]", "PFO016", "nothing before this comma", ""),
        ("{ a: 1, , b: 2 }", "PFO016", "nothing before this comma", ""),
        ("[undefined]", "PFO016", "cannot hold `undefined`", ""),
        ("10n", "PFO016", "JSON has no such number: `10n`", ""),
        ("017", "PFO016", "JSON has no such number: `017`", ""),
        ("1e999", "PFO016", "JSON has no such number", ""),
        ("NaN", "PFO016", "`NaN` is not a number that JSON has", ""),
        (r"'\ud800'", "PFO002", "names no character", ""),
        ("changing", "PFO016", "declared with `let`", "make it a `const`"),
        ("run", "PFO016", "declared with `function`", "write the value here"),
        ("CAP", "PFO017", "`CAP` has no value in this file", "--define CAP=JSON"),
        ("KNWON", "PFO017", "`KNWON` has no value", "did you mean `KNOWN`?"),
        ("RETRY", "PFO017", "`RETRY` is imported from './defaults'", "--define RETRY=JSON"),
        ("everything.x", "PFO017", "imported from './everything'", "`defines` in app.yaml"),
        ("O.PlatformFinanze", "PFO017", "has no member `PlatformFinanze`", "`PlatformFinance`?"),
        ("KNOWN.b", "PFO017", "`KNOWN` has no member `b`", ""),
        ("KNOWN.a.length", "PFO016", "no members that can be read", ""),
        ("SPREAD.a", "PFO016", "cannot be looked into: `...KNOWN`", ""),
        ("LOOP", "PFO018", "the constant `LOOP` refers to itself", ""),
        ("LOOP.a", "PFO018", "the constant `LOOP` refers to itself", ""),
        ("BROKEN", "PFO002", "`b: 2` cannot stand here", ""),
        ("LIST[2]", "PFO017", "`LIST` has no member `2`", ""),
        ("MIXED[1]", "PFO017", "`MIXED` has no member `1`", ""),
        ("0x1" + "0" * 400, "PFO016", "JSON has no such number: `0x1", ""),
        ("{ a: 1, a: 2 }", "PFO003", "`a` is written twice", "line 15"),
    ],
)
def test_what_is_no_literal_is_refused_by_name(
    expression: str, code: str, message: str, hint: str
) -> None:
    before = """
let changing = 1;
function run() { return 1 }
const KNOWN = { a: 'a' };
const SPREAD = { ...KNOWN, a: 1 };
const LOOP = { a: POOL }, POOL = [LOOP];
const BROKEN = { a: 1 b: 2 };
const LIST = ['a', 'b'];
const MIXED = [...LIST, 'c'];
"""
    found = refusal_of(expression, before=before)
    assert (found.code, found.level) == (code, "error")
    assert message in found.message
    assert hint in (found.hint or "")


def test_all_that_is_refused_is_told_at_once_and_each_name_once() -> None:
    text = "export default defineWorkflow({ a: [f(), CAP, CAP], b: { ...x, c: CAP }, d: -y });"
    reading = read_typescript(SourceFile(Path("x.ts"), text), defines={})
    assert [(one.code, one.excerpt == text) for one in reading.diagnostics] == [
        ("PFO016", True),
        ("PFO017", True),
        ("PFO016", True),
        ("PFO016", True),
    ]
    assert [text[one.position.column - 1 :][:4] for one in reading.diagnostics if one.position] == [
        "f(),",
        "CAP,",
        "...x",
        "-y }",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "export const a = defineWorkflow({ meta });",
        "const a = defineWorkflow<T>({ meta } as const);",
        "export default defineWorkflow({ meta }) satisfies WorkflowSpec;",
        "const a: WorkflowSpec = { meta };",
        "export const a = { meta } satisfies WorkflowSpec;",
        "const base: WorkflowSpec = { meta };\nexport default defineWorkflow(base);",
        "const base = { meta };\nexport const a = defineWorkflow(base);",
        "defineWorkflow({ meta });",
        "export const all = [defineWorkflow({ meta })];",
        "const all: WorkflowSpec[] = [{ meta }];",
        "import { defineWorkflow as d } from '@contractspec/x';\nexport const a = d({ meta });",
        "import * as cs from '@contractspec/x';\nexport const a = cs.defineWorkflow({ meta });",
        "export type * from './newer-than-the-grammar';\nexport default defineWorkflow({ meta });",
    ],
)
def test_a_workflow_is_found_however_it_is_written(text: str) -> None:
    text = f"const meta = {{ key: 'k' }};\n{text}"
    reading = read_typescript(SourceFile(Path("x.ts"), text), defines={})
    assert reading.diagnostics == ()
    assert [document.value for document in reading.documents] == [{"meta": {"key": "k"}}]


@pytest.mark.parametrize(
    "text",
    [
        "const build = () => defineWorkflow({});",
        "function build() { return defineWorkflow({}); }",
        "registry.register(defineWorkflow({}));",
        "export const a = debug ? defineWorkflow({}) : undefined;",
        "if (debug) { defineWorkflow({}); }",
    ],
)
def test_a_workflow_that_is_made_at_run_time_is_refused_not_overlooked(text: str) -> None:
    found = refusal(text)
    assert found.code == "PFO019"
    assert found.position
    assert text[found.position.column - 1 :].startswith("defineWorkflow")


@pytest.mark.parametrize(
    "text",
    [
        "export const a = defineWorkflow({ a: 'b });",
        "const w = 1;\nexport const a = defineWorkflow({ steps: [{ a: 'b }] });\n",
        "export const a = defineWorkflow({ a: { b: 1 });",
        "export const a = defineWorkflow({ a: [1, 2 });",
        "export const a = defineWorkflow({ a: `b });\nconst c = 1;",
        "export const a = defineWorkflow({ a: 1 b: 2 });",
        "export const a: WorkflowSpec = { a: 1 b: 2 };",
    ],
)
def test_broken_typescript_is_said_to_be_broken(text: str) -> None:
    assert refusal(text).code == "PFO002"


OPEN = """\
export const first = defineWorkflow({
  meta: { key: 'é', owners: ['o'] },
  definition: {
    steps: [
      { id: 'a', label: 'A' },
    ],
  },
});
export const second = defineWorkflow({ meta: {} });
"""


@pytest.mark.parametrize(
    ("whole", "cut", "position", "message"),
    [
        ("'A' },", "'A' ,", (5, 7), "`{` is opened here and not closed before the `]` on line 6"),
        ("    ],\n", "", (4, 12), "`[` is opened here and not closed before the `}` on line 6"),
        (
            "['o'] }",
            "['o' }",
            (2, 29),
            "`[` is opened here and not closed before the `}` on line 2",
        ),
        ("'A' }", "'A }", (5, 25), "`'` is opened here and never closed"),
        ("'A' }", "`A }", (5, 25), "``` is opened here and never closed"),
        ("'A' }", "'A' /* }", (5, 29), "`/*` is opened here and never closed"),
        ("},\n});\n", "},\n", (1, 37), "`{` is opened here and never closed"),
        ("meta: {} });", "meta: {} }", (9, 37), "`(` is opened here and never closed"),
    ],
)
def test_what_is_left_open_is_said_where_it_was_opened(
    whole: str, cut: str, position: tuple[int, int], message: str
) -> None:
    found = refusal(OPEN.replace(whole, cut))
    assert found.code == "PFO002"
    assert found.position
    assert ((found.position.line, found.position.column), found.message) == (
        position,
        f"this is not valid TypeScript: {message}",
    )


FILE = """\
// Émile's workflows: "é" is two bytes.
const SLOT = 'bank', WHEN = 'output.n = 1';
const STEP = { id: 'a', type: 'automation', label: 'é', retry: { maxAttemps: 3 } };
export const one = defineWorkflow({ /* é */ meta: { key: 't.one' }, definition: {
\tsteps: [STEP, { id: 'b', type: 'decision', label: "B", requiredIntegrations: [SLOT] }],
\ttransitions: [
\t\t{ from: 'a', to: 'b', condition: `output.n = 1` },
\t\t{ from: 'a', to: 'b', condition: WHEN },
\t],
} });
"""


def at(text: str, part: str, line: int) -> Position:
    return Position(line, text.splitlines()[line - 1].index(part) + 1)


def test_every_problem_is_shown_where_it_stands_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "one.ts"
    path.write_text(FILE, encoding="utf-8")
    (found,) = load_workflows(path).diagnostics
    assert (found.code, found.hint) == ("PFO005", "did you mean `maxAttempts`?")
    assert found.position == at(FILE, "maxAttemps", 3)
    fixed = FILE.replace("maxAttemps", "maxAttempts")
    path.write_text(fixed, encoding="utf-8")
    (spec,) = read_workflows(path)
    assert spec.source
    steps = ("definition", "steps")
    assert spec.source.locate(("meta", "key")) == at(fixed, "'t.one'", 4)
    assert spec.source.locate((*steps, 0)) == at(fixed, "STEP", 5)
    assert spec.source.locate((*steps, 0, "retry", "maxAttempts")) == at(fixed, "3 }", 3)
    assert spec.source.locate((*steps, 1, "requiredIntegrations", 0)) == at(fixed, "SLOT", 5)
    unreadable = [one.position for one in check(spec) if one.code == "PFO090"]
    assert unreadable == [at(fixed, "= 1`", 7), at(fixed, "WHEN", 8)]


def test_a_refused_value_brings_no_further_complaints_with_it(tmp_path: Path) -> None:
    path = tmp_path / "one.ts"
    path.write_text(
        "export default defineWorkflow({ meta: { ...META }, definition: "
        "{ steps: STEPS, transitions: [], slaa: 1 } });"
    )
    assert [one.code for one in load_workflows(path).diagnostics] == ["PFO016", "PFO017", "PFO005"]


def test_constants_cannot_multiply(tmp_path: Path) -> None:
    lines = ["const a0 = [1, 1, 1, 1, 1, 1, 1, 1];"]
    lines += [f"const a{n} = [{', '.join([f'a{n - 1}'] * 8)}];" for n in range(1, 30)]
    path = tmp_path / "bomb.ts"
    path.write_text("\n".join([*lines, "export default defineWorkflow({ metadata: { x: a29 } });"]))
    found = load_workflows(path).diagnostics
    assert any("more than 50000 values" in one.message for one in found)


@pytest.mark.parametrize(
    ("opening", "closing"),
    [("[", "]"), ("(", ")"), ("{a:", "}"), ("-", ""), ("f(", ")"), ("a.", "")],
)
def test_depth_is_bounded(tmp_path: Path, opening: str, closing: str) -> None:
    path = tmp_path / "deep.ts"
    inner = f"{opening * 20_000}a{closing * 20_000}"
    path.write_text(f"export default defineWorkflow({{ x: {inner} }});")
    assert load_workflows(path).diagnostics


def test_a_folder_may_hold_modules_and_pages_beside_its_workflows(tmp_path: Path) -> None:
    (tmp_path / "one.ts").write_text(FILE.replace("maxAttemps", "maxAttempts"), encoding="utf-8")
    (tmp_path / "index.ts").write_text("export * from './one';\nexport type { WorkflowSpec };\n")
    (tmp_path / "README.md").write_text("# Workflows\n\n```ts\nimport './one';\n```\n")
    (tmp_path / "one.test.ts").write_text("test(() => defineWorkflow({}));")
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "x.ts").write_text(FILE, encoding="utf-8")
    assert [spec.meta.key for spec in read_workflows(tmp_path)] == ["t.one"]
    for other in ("index.ts", "README.md"):
        (found,) = load_workflows(tmp_path / other).diagnostics
        assert found.code == "PFO009"


@pytest.mark.parametrize(
    "text",
    [
        f"export default defineWorkflow({{ a: [{'1,' * 60_000}] }});",
        "const C = [" + "1," * 20_000 + "];\n" + "defineWorkflow({ x: C });\n" * 500,
        "export const w = defineWorkflow({ meta: { key: 'k' }, y: 1 });\n" * 2_000,
    ],
    ids=["long line", "constants again and again", "many workflows"],
)
def test_large_files_take_time_in_proportion(tmp_path: Path, text: str) -> None:
    path = tmp_path / "large.ts"
    path.write_text(text)
    started = time.process_time()
    assert load_workflows(path).diagnostics
    assert time.process_time() - started < 10
