"""Reading files: positions, and everything that is wrong, at once and with its place."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfo_dagster.spec import (
    Position,
    SpecError,
    check,
    load_workflows,
    read_app,
    read_workflows,
)
from pfo_dagster.spec.readers import READERS
from pfo_dagster.spec.readers.yaml_reader import plain_scalar
from pfo_dagster.spec.source import SourceFile
from tests.spec.workflows import workflow

if TYPE_CHECKING:
    from pathlib import Path

    from pfo_dagster.spec import Diagnostic

YAML = """\
meta: {key: t.one, version: "1.0.0", description: d, owners: [o], stability: beta}
definition:
  steps:
    - id: a
      type: automation
      label: A
      retry: {maxAttempts: 3, backoff: linear, delayMs: 750}
    - id: b
      type: decision
      label: B
  transitions:
    - from: a
      to: b
      condition: 'output.n = 1'
    - {from: a, to: b}
"""


def write(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def problems(path: Path) -> list[Diagnostic]:
    with pytest.raises(SpecError) as caught:
        read_workflows(path)
    return list(caught.value.diagnostics)


def test_every_value_knows_its_line_and_column(tmp_path: Path) -> None:
    path = write(tmp_path, "one.yaml", YAML)
    source = read_workflows(path)[0].source
    assert source
    assert source.path == path
    delay = ("definition", "steps", 0, "retry", "delayMs")
    line = YAML.splitlines()[6]
    assert source.locate(delay) == Position(7, line.index("750") + 1)
    assert source.locate_key(delay) == Position(7, line.index("delayMs") + 1)
    assert source.locate(("definition", "steps", 1)) == Position(8, 7)


def test_what_is_not_there_is_located_in_what_would_enclose_it(tmp_path: Path) -> None:
    source = read_workflows(write(tmp_path, "one.yaml", YAML))[0].source
    assert source
    assert source.locate(("definition", "steps", 1, "retry", "delayMs")) == Position(8, 7)
    assert source.locate(("no", "such")) == Position(1, 1)


def test_positions_in_json_are_those_of_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, "one.json", json.dumps(workflow(), indent="\t").replace("\n", "\r\n"))
    source = read_workflows(path)[0].source
    assert source
    position = source.locate(("definition", "steps", 1, "id"))
    line = path.read_text(encoding="utf-8").splitlines()[position.line - 1]
    assert line[position.column - 1 :][: position.length] == '"b"'


def test_a_fault_within_an_expression_is_located_within_its_text(tmp_path: Path) -> None:
    spec = read_workflows(write(tmp_path, "one.yaml", YAML))[0]
    (fault,) = [one for one in check(spec) if one.code == "PFO090"]
    line = YAML.splitlines()[13]
    assert fault.position
    assert (fault.position.line, line[fault.position.column - 1]) == (14, "=")


@pytest.mark.parametrize("written", ['"output.n \\x3d 1"', ">-\n        output.n\n        = 1"])
def test_a_fault_in_an_escaped_or_folded_text_is_located_at_the_text(
    tmp_path: Path, written: str
) -> None:
    text = YAML.replace("'output.n = 1'", written)
    spec = read_workflows(write(tmp_path, "one.yaml", text))[0]
    (fault,) = [one for one in check(spec) if one.code == "PFO090"]
    assert fault.position == Position(14, 18)


def test_several_workflows_of_a_file_are_read_in_order(tmp_path: Path) -> None:
    second = YAML.replace("t.one", "t.two")
    write(tmp_path, "documents.yaml", f"---\n{YAML}---\n{second}---\n")
    items = [workflow(meta={"key": "t.three"}), workflow(meta={"key": "t.four"})]
    write(tmp_path, "list.json", json.dumps(items))
    specs = read_workflows(tmp_path)
    assert [spec.meta.key for spec in specs] == ["t.one", "t.two", "t.three", "t.four"]
    assert specs[1].source
    assert specs[1].source.locate(("meta", "key")).line == 18
    assert specs[3].source
    position = specs[3].source.locate(("meta", "key"))
    assert json.dumps(items)[position.column - 1 :].startswith('"t.four"')


def test_a_folder_is_read_to_the_bottom_without_what_is_no_workflow(tmp_path: Path) -> None:
    write(tmp_path, "sub/deep/one.yml", YAML)
    for other in ("app.yaml", "schema/workflow.schema.json", ".hidden/x.yaml", "README.md"):
        write(tmp_path, other, "not a workflow")
    assert [spec.meta.key for spec in read_workflows(tmp_path)] == ["t.one"]


def test_all_problems_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", "meta: {key: [}\n")
    write(tmp_path, "b.yaml", YAML.replace("retry:", "rety:").replace("key: t.one, ", ""))
    write(tmp_path, "c.json", '{"meta": {}, "meta": {}}')
    write(tmp_path, "d.yaml", YAML)
    found = [(one.path and one.path.name, one.code) for one in problems(tmp_path)]
    assert found == [
        ("a.yaml", "PFO002"),
        ("b.yaml", "PFO005"),
        ("c.json", "PFO003"),
        ("c.json", "PFO006"),
    ]
    result = load_workflows(tmp_path)
    assert [spec.meta.key for spec in result.specs] == ["t.one"]
    assert len(result.diagnostics) == len(found)


@pytest.mark.parametrize(
    ("name", "text", "code", "position", "message"),
    [
        ("x.yaml", "a: b: c\n", "PFO002", (1, 5), "mapping values are not allowed"),
        ("x.yaml", "a:\n\tb: 1\n", "PFO002", (2, 1), "a tab stands"),
        ("x.yaml", 'a: "\x07"\n', "PFO002", (1, 1), "not a text that YAML allows"),
        ("x.yaml", 'a: 1\nb: "\\UFFFFFFFF"\n', "PFO002", (2, 1), "names no character"),
        ("x.yaml", "? {a: 1}\n: b\n", "PFO004", (1, 3), "a key must be a text"),
        ("x.yaml", "[" * 60, "PFO002", (1, 51), "more than 50"),
        ("x.yaml", "hello\n", "PFO007", (1, 1), "is the text 'hello'"),
        ("x.yaml", "", "PFO009", None, "nothing in this file"),
        ("x.yaml", "# only a comment\n", "PFO009", None, "nothing in this file"),
        ("x.yaml", b"meta:\n  key: caf\xe9\n", "PFO001", (2, 11), "not in UTF-8"),
        ("x.yaml", b"#" * (512 * 1024 + 1), "PFO001", None, "at most"),
        ("x.json", '{"a": [1,]}', "PFO002", (1, 10), "expecting value"),
        ("x.json", '{"a": "b\n"}', "PFO002", (1, 9), "nvalid control character"),
        ("x.json", '{"a" 1}', "PFO002", (1, 6), "a colon"),
        ("x.json", "{a: 1}", "PFO002", (1, 2), "double quotes"),
        ("x.json", "[1] 2", "PFO002", (1, 5), "nothing may follow"),
        ("x.json", '{"a": NaN}', "PFO002", (1, 7), "not a JSON number"),
        ("x.json", "[" + "9" * 5000 + "]", "PFO002", (1, 2), "not a JSON number"),
        ("x.json", "[" * 60, "PFO002", (1, 52), "more than 50"),
        ("x.json", "[1", "PFO002", (1, 3), "a closing bracket"),
        ("x.toml", "meta: {}", "PFO001", None, "cannot be read"),
        ("x.ts", "export const n = 1;", "PFO009", None, "nothing in this file"),
        ("x.md", "# No workflow", "PFO009", None, "nothing in this file"),
    ],
)
def test_a_broken_file_gives_one_clear_message(
    tmp_path: Path,
    name: str,
    text: str | bytes,
    code: str,
    position: tuple[int, int] | None,
    message: str,
) -> None:
    (found,) = problems(write(tmp_path, name, text))
    assert (found.code, found.level) == (code, "error")
    assert message in found.message
    assert found.position == (Position(*position) if position else None)


@pytest.mark.parametrize(
    ("written", "code", "message", "hint"),
    [
        ("retry: &r {maxAttempts: 1}", "PFO004", "anchor `&r`", "write the value out"),
        ("retry: *r", "PFO004", "alias `*r`", "write the value out"),
        ("retry: !!python/object:os.system x", "PFO004", "python/object:os.system", "remove it"),
        ("label: x", "PFO003", "`label` is written twice", "line 6"),
        ("lable: x", "PFO005", "unknown field `lable`", "did you mean `label`?"),
        ("retry: {delay: 5}", "PFO005", "`definition.steps[0].retry`", "did you mean `delayMs`?"),
        ("retry: {delayMs: 1_000}", "PFO007", "the text '1_000'", "has no `_` in numbers: 1000"),
        ("retry: {delayMs: '5'}", "PFO007", "the text '5'", "no quotes: 5"),
        ("description: 1.10", "PFO007", "the number 1.1", "quotes"),
        ("description: yes", "", "", ""),
        ("description: true", "PFO007", "the truth value true", '"true"'),
        ("guard: {type: policy}", "PFO006", "`value` is missing", ""),
        ("requiredIntegrations: slot", "PFO007", "the text 'slot'", ""),
        ("action: [x]", "PFO007", "a list", ""),
    ],
)
def test_a_slip_of_the_pen_is_named_and_mended(
    tmp_path: Path, written: str, code: str, message: str, hint: str
) -> None:
    text = YAML.replace("      label: A\n", f"      label: A\n      {written}\n").replace(
        "      retry: {maxAttempts: 3, backoff: linear, delayMs: 750}\n", ""
    )
    result = load_workflows(write(tmp_path, "x.yaml", text))
    found = [(one.code, one.position and one.position.line) for one in result.diagnostics]
    if not code:
        assert (found, result.specs[0].step("a").description) == ([], "yes")
        return
    assert found[0] == (code, 7)
    assert message in result.diagnostics[0].message
    assert hint in (result.diagnostics[0].hint or "")
    assert result.specs == ()


def test_what_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    assert [one.code for one in problems(tmp_path / "none")] == ["PFO001"]
    assert [one.code for one in problems(tmp_path)] == ["PFO009"]
    (tmp_path / "gone.yaml").symlink_to(tmp_path / "nowhere")
    assert [one.code for one in problems(tmp_path)] == ["PFO001"]


@pytest.mark.parametrize(
    ("text", "opened"),
    [
        ("a: 1\nb: [ {id: a }\nc: 1\n", "`[` is opened on line 2, column 4; close it"),
        ("a: 1\nb: {c: 1\n", "`{` is opened on line 2, column 4; close it"),
        ('a: "b\nc: 1\n', '`"` is opened on line 1, column 4; close it'),
    ],
)
def test_what_yaml_leaves_open_is_named_where_it_was_opened(
    tmp_path: Path, text: str, opened: str
) -> None:
    (found,) = problems(write(tmp_path, "x.yaml", text))
    assert (found.code, found.hint) == ("PFO002", opened)


@pytest.mark.parametrize("name", ["twice.yaml", "twice.json"])
def test_what_is_within_the_second_of_two_is_not_written_twice(tmp_path: Path, name: str) -> None:
    text = '{"guard": {"type": "policy"},\n "guard": {"type": "policy", "type": "x"}}'
    told = [
        (one.message, one.hint)
        for one in load_workflows(write(tmp_path, name, text)).diagnostics
        if one.code == "PFO003"
    ]
    kind = "mapping" if name.endswith("yaml") else "object"
    assert told == [
        (
            f"`guard` is written twice in the same {kind}",
            "the first one is on line 1; remove one of them",
        ),
        (
            f"`type` is written twice in the same {kind}",
            "the first one is on line 2; remove one of them",
        ),
    ]


def test_the_same_workflow_twice_names_both_places(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", YAML)
    write(tmp_path, "b.yaml", YAML)
    (found,) = problems(tmp_path)
    assert found.code == "PFO008"
    assert found.path == tmp_path / "b.yaml"
    assert f"{tmp_path / 'a.yaml'}:1" in (found.hint or "")


def test_aliases_cannot_multiply(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    path = write(tmp_path, "bomb.yaml", "\n".join(lines))
    started = time.process_time()
    assert {one.code for one in problems(path)} >= {"PFO004"}
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1_000", "1_000"),
        ("0o17", 15),
        ("0x1F", 31),
        ("012", 12),
        ("yes", "yes"),
        ("Null", None),
        ("TRUE", True),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("1.", 1.0),
        (".inf", ".inf"),
        ("12:30", "12:30"),
        ("2026-01-01", "2026-01-01"),
    ],
)
def test_unquoted_values_are_those_of_yaml_1_2(text: str, value: object) -> None:
    assert plain_scalar(text) == value
    assert type(plain_scalar(text)) is type(value)


def test_a_problem_in_a_list_of_workflows_is_in_its_item(tmp_path: Path) -> None:
    items = [workflow(), workflow(meta={"key": "t.two", "titel": "x"})]
    (found,) = problems(write(tmp_path, "x.json", json.dumps(items, indent=1)))
    assert found.hint == "did you mean `title`?"
    assert found.excerpt
    assert '"titel"' in found.excerpt


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=12,
)


def value_of(suffix: str, text: str, path: Path) -> Any:
    reading = READERS[suffix](SourceFile(path, text), defines={})
    assert reading.diagnostics == ()
    (document,) = reading.documents
    return document


@given(value=JSON, indent=st.sampled_from([None, 0, 2, "\t"]), ascii_only=st.booleans())
def test_json_is_read_as_python_reads_it(
    tmp_path_factory: pytest.TempPathFactory, value: Any, indent: Any, ascii_only: bool
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    document = value_of(".json", text, tmp_path_factory.getbasetemp())
    assert document.value == value
    for place, position in document.values.items():
        found = value
        for key in place:
            found = found[key]
        line = text.split("\n")[position.line - 1]
        opening = {list: "[", dict: "{", str: '"'}.get(type(found)) or json.dumps(found)
        assert line.startswith(opening, position.column - 1)


YAML_PIECES = st.sampled_from(
    [*"a[]{},|>'\"#\t\n", "b: ", "- ", "\n  ", ": ", "? ", "*x", "&x ", "!!str ", "<<: "]
) | st.sampled_from(["\\UFFFFFFFF", "%YAML 1.2\n", "---\n"])


@given(
    st.text(max_size=80) | st.binary(max_size=80) | st.lists(YAML_PIECES, max_size=12).map("".join)
)
def test_no_bytes_make_the_readers_raise(
    tmp_path_factory: pytest.TempPathFactory, content: str | bytes
) -> None:
    folder = tmp_path_factory.getbasetemp()
    raw = content.encode("utf-8", "replace") if isinstance(content, str) else content
    for suffix in READERS:
        result = load_workflows(write(folder, f"garbage{suffix}", raw))
        assert result.diagnostics
        assert result.specs == ()


APP = """\
tenant: {id: t, name: T}
integrations:
  - {slotId: bank, provider: powens, status: error}
  - {slotId: bank, provider: powens, status: connected}
capabilities: {enabled: [{key: c, version: "1.0.0"}]}
"""


def test_the_app_config_is_read_with_its_places(tmp_path: Path) -> None:
    app = read_app(write(tmp_path, "app.yaml", APP))
    binding = app.binding("bank")
    assert binding
    assert binding.status == "connected"
    assert app.binding("mail") is None
    assert app.enables("c", "1.0.0")
    assert not app.enables("c", "2.0.0")
    assert app.source
    assert app.source.locate(("capabilities", "enabled", 0, "key")) == Position(5, 32)


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        (APP.replace("slotId: bank", "slot: bank", 1), "PFO006", "`slotId` is missing"),
        (APP.replace("tenant:", "tenent:"), "PFO005", "unknown field `tenent`"),
        ("tenant: [\n", "PFO002", "not valid YAML"),
        (f"{APP}---\n{APP}", "PFO007", "several app configs"),
        ("", "PFO009", "nothing in this file"),
    ],
)
def test_a_broken_app_config_is_explained(
    tmp_path: Path, text: str, code: str, message: str
) -> None:
    with pytest.raises(SpecError) as caught:
        read_app(write(tmp_path, "app.yaml", text))
    assert caught.value.diagnostics[0].code == code
    assert message in caught.value.diagnostics[0].message


def test_a_missing_app_config_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="no such file"):
        read_app(tmp_path / "app.yaml")
