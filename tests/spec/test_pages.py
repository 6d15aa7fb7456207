"""ContractSpec's generated pages: one workflow as YAML, TypeScript and two kinds of page."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from pfo_dagster.spec import load_workflows, read_workflows

SEEDS = Path(__file__).parent / "seeds"
SPECS = Path(__file__).resolve().parents[2] / "specs"
CAPABILITY = {"key": "openbanking.balances.read", "version": "1.0.0"}
DEFINES = {"BALANCE_CAPABILITY": CAPABILITY}
PAGES = ["generated-page.md", "documentation-page.txt"]


def test_the_same_workflow_is_equal_however_it_was_written() -> None:
    (yaml,) = read_workflows(SPECS / "refresh-openbanking-balances.yaml")
    (typescript,) = read_workflows(SEEDS / "refresh-openbanking-balances.ts")
    pages = [read_workflows(SEEDS / page, defines=DEFINES) for page in PAGES]
    assert pages == [[yaml], [yaml]]
    assert typescript == yaml


@pytest.mark.parametrize("page", PAGES)
def test_a_constant_that_a_page_lacks_is_named_at_its_place(page: str) -> None:
    (found,) = load_workflows(SEEDS / page).diagnostics
    assert (found.code, found.hint) == (
        "PFO017",
        "supply it with --define BALANCE_CAPABILITY=JSON or under `defines` in app.yaml",
    )
    assert found.position
    line = (SEEDS / page).read_text(encoding="utf-8").splitlines()[found.position.line - 1]
    assert line[found.position.column - 1 :].startswith("BALANCE_CAPABILITY],")


@pytest.mark.parametrize("page", PAGES)
def test_values_of_a_page_stand_where_they_stand_on_the_page(page: str) -> None:
    (spec,) = read_workflows(SEEDS / page, defines=DEFINES)
    assert spec.source
    lines = (SEEDS / page).read_text(encoding="utf-8").splitlines()
    position = spec.source.locate(("definition", "steps", 1, "retry", "delayMs"))
    assert lines[position.line - 1][position.column - 1 :] == "750,"


def test_formats_that_say_the_same_twice_in_a_folder_are_refused(tmp_path: Path) -> None:
    for name in ("refresh-openbanking-balances.ts", "generated-page.md"):
        (tmp_path / name).write_bytes((SEEDS / name).read_bytes())
    (found,) = load_workflows(tmp_path, defines=DEFINES).diagnostics
    assert found.code == "PFO008"
    assert found.path == tmp_path / "refresh-openbanking-balances.ts"
    assert str(tmp_path / "generated-page.md") in (found.hint or "")


DEFINITION = "export const {name} = defineWorkflow({{ meta: {{ key: '{name}' }}, \
definition: {{ steps: [], transitions: [] }} }});"


@pytest.mark.parametrize(
    ("page", "keys"),
    [
        ("````ts\n{a}\n/*\n```\n*/ {b}\n````\n{c}", ["a", "b"]),
        ("# A\n\n~~~~ TypeScript title=x\n{a}\n~~~~\n\ntext\n\n  ```\n  {b}\n  ```\n", ["a", "b"]),
        ("```yaml\n{a}\n```\n```ts\n{b}\n```\n", ["b"]),
        ("```ts\n{a}", ["a"]),
        ("```ts\nimport x from 'y\n```\n```ts\n{a}\n```\n", ["a"]),
        ("Type: (workflow\n\n\t{a}\n\nNext (page.\n{b}\n", ["a", "b"]),
        ("Use defineWorkflow({{ }}) to `define` a workflow.\n\n{a}\nIt's done.", ["a"]),
    ],
)
def test_code_is_found_among_the_text(tmp_path: Path, page: str, keys: list[str]) -> None:
    code = {name: DEFINITION.format(name=name) for name in "abc"}
    path = tmp_path / "page.md"
    path.write_text(page.format(**code))
    assert [spec.meta.key for spec in read_workflows(path)] == keys


def test_brackets_in_texts_and_comments_do_not_end_a_definition(tmp_path: Path) -> None:
    path = tmp_path / "page.txt"
    path.write_text(
        "Source\n\n  export const a = defineWorkflow({ // }) it's\n"
        '    meta: { key: \'a)}\', title: "\\")}", description: `)}` }, /* }) */\n'
        "    definition: { steps: [], transitions: [] },\n  });\n\nThe end :-)\n"
    )
    (spec,) = read_workflows(path)
    assert (spec.meta.key, spec.meta.title) == ("a)}", '")}')


@pytest.mark.parametrize("opening", ["/* ", "'\\'", "/["])
def test_a_page_that_leaves_everything_open_takes_time_in_proportion(
    tmp_path: Path, opening: str
) -> None:
    page = tmp_path / "page.txt"
    page.write_text("const a = defineWorkflow({\n" + opening * 30_000)
    started = time.process_time()
    assert [one.code for one in load_workflows(page).diagnostics] == ["PFO002"]
    assert time.process_time() - started < 5
