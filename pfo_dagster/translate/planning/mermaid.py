"""A workflow as a Mermaid flowchart: steps, conditions, guards, and where people decide."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from pfo_dagster.spec.checks.transitions import check_transitions
from pfo_dagster.spec.rules.structure import NO_WAY_OUT
from pfo_dagster.translate.planning.phrases import sleep_phrase
from pfo_dagster.translate.planning.recovery import undoing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pfo_dagster.spec import Step, Transition, WorkflowSpec

# What a box of each type of step is drawn with; the reference's other types do not exist.
_SHAPES = {"human": ("[/", "/]"), "decision": ("{", "}")}
_BOX = ("[", "]")
_WAITS = {"approvalWait": "waits for an approval", "hookWait": "waits for a hook",
          "webhookWait": "waits for a webhook"}  # fmt: skip


def flowchart(spec: WorkflowSpec) -> str:
    """The diagram's text, the same for specs that mean the same in the same order.

    Transitions of one step are numbered in the order in which they are tried, where there are
    several; where none of them may match, a dotted edge shows that the run fails. A transition to a
    step that does not exist leads to a box that says so.
    """
    return "\n".join(["flowchart TD", *(f"    {line}" for line in _lines(spec))])


def _lines(spec: WorkflowSpec) -> Iterator[str]:
    steps = {step.id: step for step in reversed(spec.definition.steps)}
    named = [step.id for step in spec.definition.steps]
    named += [edge.to for edge in spec.definition.transitions]
    named += [edge.from_ for edge in spec.definition.transitions]
    nodes = {step_id: f"step{number}" for number, step_id in enumerate(dict.fromkeys(named))}
    stuck, undone = _steps_that_may_be_stuck(spec), undoing(spec)
    yield 'start(["start"])'
    yield 'finish(["end"])'
    if stuck:
        yield 'failure(["the run fails"])'
    for step_id, node in nodes.items():
        yield _box(node, steps[step_id]) if step_id in steps else _missing(node, step_id)
    if spec.entry_step_id in nodes:
        yield f"start --> {nodes[spec.entry_step_id]}"
    for step_id, node in nodes.items():
        edges = spec.transitions_from(step_id)
        for number, edge in enumerate(edges, start=1):
            text = _edge_text(edge, number if len(edges) > 1 else None)
            yield (
                f'{node} -->|"{text}"| {nodes[edge.to]}' if text else f"{node} --> {nodes[edge.to]}"
            )
        if not edges and step_id in steps:
            yield f"{node} --> finish"
        if step_id in undone:
            yield f'{node} -.->|"undone by"| undo_{node}[["{escaped(undone[step_id])}"]]'
        if step_id in stuck:
            yield f'{node} -.->|"if none matches"| failure'


def _steps_that_may_be_stuck(spec: WorkflowSpec) -> set[str]:
    """The steps after which no transition may match."""
    return {
        spec.definition.steps[cast("int", one.place[2])].id
        for one in check_transitions(spec)
        if one.code == NO_WAY_OUT.code
    }


def _box(node: str, step: Step) -> str:
    left, right = _SHAPES.get(step.type, _BOX)
    texts = [escaped(step.label or step.id)]
    if step.sleeps:
        texts.append(escaped(sleep_phrase(step)))
    elif step.asks:
        texts.append(_WAITS.get(step.behavior, "a person decides"))
    if step.guard:
        texts.append(f"only if {escaped(step.guard.value)}")
    return f'{node}{left}"{"<br/>".join(texts)}"{right}'


def _missing(node: str, step_id: str) -> str:
    return f'{node}["{escaped(step_id)}: no such step"]'


def _edge_text(edge: Transition, number: int | None) -> str:
    parts = [edge.label or "", edge.condition or ("otherwise" if number and number > 1 else "")]
    text = escaped(": ".join(part for part in parts if part))
    return f"({number}) {text or 'always'}" if number else text


def escaped(text: str) -> str:
    """Any text as the inside of a quoted Mermaid label, with nothing in it that Mermaid reads.

    Letters, digits and a few marks stay; all else becomes a numeric entity, which Mermaid draws as
    the character: quotes, HTML, Markdown, `%%{init}` directives and the entities' own `#`.
    """
    plain = " ".join(text.split())
    # Of a text that begins like a list, Mermaid draws "Unsupported markdown: list" instead.
    plain = re.sub(r"^([-+*]|\d+[.)]) ", "\\1\N{NO-BREAK SPACE}", plain)
    return re.sub(r"[^\w .,()?!=+*/-]", lambda match: f"#{ord(match[0])};", plain)
