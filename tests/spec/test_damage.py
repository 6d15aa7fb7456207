"""A value of the wrong kind hides nothing that is wrong elsewhere, and adds nothing to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pfo_dagster.spec import check, load_workflows, read_app, read_workflows
from pfo_dagster.spec.damage import repaired
from pfo_dagster.spec.source import Document, SourceFile, SourceMap

SPECS = Path(__file__).parents[2] / "specs"
APP = read_app(SPECS / "app.yaml")
SOUND = read_workflows(SPECS)

FILE = """\
meta: {key: t.f, version: "1", title: t, description: d, owners: [o], tags: [], stability: beta}
definition:
  entryStepId: p
  steps:
    - {id: p, type: automation, label: 7, retry: {maxAttempts: x, delayMs: 1, backoff: linear},
       action: {operation: {key: op.a, version: "1.0.0"}}, timeoutMs: -4}
    - {id: q, type: decision, label: Q, tiemoutMs: 3}
  transitions:
    - {from: p, to: zz}
    - {from: p, to: q, condition: "output.a = 3"}
"""


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "flow.yaml"
    path.write_text(FILE)
    loaded = load_workflows(path)
    assert loaded.specs == ()
    assert [one.code for one in loaded.diagnostics] == ["PFO007", "PFO007", "PFO005"]
    (damaged,) = loaded.damaged
    told = {
        (one.code, one.position.line) for one in damaged.sure(check(damaged.spec)) if one.position
    }
    assert {("PFO028", 9), ("PFO090", 10), ("PFO087", 6)} <= told
    assert not any(one.place[-1:] == ("label",) for one in damaged.sure(check(damaged.spec)))


def test_a_wrong_item_hides_no_more_than_its_list(tmp_path: Path) -> None:
    path = tmp_path / "flow.yaml"
    path.write_text(FILE.replace("tags: []", "tags: [a, 3]"))
    (damaged,) = load_workflows(path).damaged
    assert "PFO090" in [one.code for one in damaged.sure(check(damaged.spec))]


@pytest.mark.parametrize(
    "broken",
    [
        FILE.replace("id: p,", "id: [p],"),
        FILE.replace("to: zz", "to: 3"),
        FILE.replace("    - {id: q, type: decision, label: Q, tiemoutMs: 3}", "    - nonsense"),
        FILE.replace("definition:", "definitoin:"),
        "- 3\n- x\n",
    ],
)
def test_of_what_has_lost_its_identity_no_more_is_said(tmp_path: Path, broken: str) -> None:
    path = tmp_path / "flow.yaml"
    path.write_text(broken)
    loaded = load_workflows(path)
    assert loaded.diagnostics
    assert loaded.damaged == ()


def test_a_sound_workflow_is_checked_beside_a_refused_one(tmp_path: Path) -> None:
    path = tmp_path / "flows.ts"
    path.write_text(
        """
        export const a = defineWorkflow({
          meta: { key: 't.a', version: '1.0.0', title: 't', description: 'd', owners: ['o'],
                  tags: [], stability: 'beta' },
          definition: { entryStepId: 'a', steps: [{ id: 'a', type: 'decision', label: 'A' }],
                        transitions: [{ from: 'a', to: 'nowhere' }] },
        });
        export const b = defineWorkflow(make());
        """
    )
    loaded = load_workflows(path)
    assert [one.code for one in loaded.diagnostics] == ["PFO016"]
    (damaged,) = loaded.damaged
    assert "PFO028" in [one.code for one in damaged.sure(check(damaged.spec))]


def leaves(value: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if not isinstance(value, dict | list):
        return [place]
    parts = value.items() if isinstance(value, dict) else enumerate(value)
    return [leaf for key, item in parts for leaf in leaves(item, (*place, key))]


@settings(max_examples=200)
@given(st.data())
def test_nothing_is_said_because_of_the_damage(data: st.DataObject) -> None:
    spec = data.draw(st.sampled_from(SOUND))
    value = spec.model_dump(mode="json", by_alias=True, exclude_unset=True)
    chosen = data.draw(st.sets(st.sampled_from(leaves(value)), min_size=1, max_size=3))
    for place in chosen:
        inner: Any = value
        for key in place[:-1]:
            inner = inner[key]
        inner[place[-1]] = {"no": ["text"]}
    source = SourceMap(Document(SourceFile(Path("x.json"), ""), value, {}, {}))

    left = repaired(source, value)

    if left is not None:
        before = {(one.code, one.place) for one in check(spec, app=APP)}
        told = {(one.code, one.place) for one in left.sure(check(left.spec, app=APP))}
        assert told <= before
