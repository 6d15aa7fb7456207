"""Finds the workflows that a TypeScript file defines, and those that it hides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pfo_dagster.spec.readers.typescript.names import DEFINE, TYPE, declarators
from pfo_dagster.spec.readers.typescript.syntax import (
    children,
    declared_types,
    source,
    unwrapped,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tree_sitter import Node

    from pfo_dagster.spec.readers.typescript.names import Names


def may_define(text: str) -> bool:
    """Whether a text so much as mentions what workflows are defined with."""
    return DEFINE in text or TYPE in text


def broken_definition(program: Node, names: Names) -> Node | None:
    """The first statement with a fault in it that seems to define a workflow.

    Faults elsewhere are passed over: the grammar is older than TypeScript's newest types.
    """
    # The whole text is one fault when a bracket or a quote is never closed.
    for statement in [program] if program.is_error else program.children:
        seems = names.defining().search(source(statement)) if statement.has_error else None
        if seems and statement.type != "import_statement":
            return statement
    return None


def definitions(program: Node, names: Names) -> Iterator[Node]:
    """The expression that is each workflow of a file: `defineWorkflow(...)` or a typed literal."""
    for expression, types in _expressions(program):
        yield from _workflows(expression, types, names)


def distinct(found: Iterable[Node], names: Names) -> Iterator[Node]:
    """Each workflow once, if a typed constant is also given to `defineWorkflow`."""
    seen: set[int] = set()
    for definition in found:
        place = _written_at(definition, names)
        if place not in seen:
            seen.add(place)
            yield definition


def hidden(program: Node, names: Names, found: Iterable[Node]) -> Iterator[Node]:
    """Calls of `defineWorkflow` that are inside of something that would have to be run."""
    known = {node.byte_range for node in found}
    waiting = [program]
    while waiting:
        node = waiting.pop()
        if node.type == "call_expression" and node.byte_range in known:
            continue
        function = node.child_by_field_name("function") if node.type == "call_expression" else None
        if function is not None and names.is_define(function):
            yield node
        else:
            waiting.extend(reversed(node.named_children))


def _expressions(program: Node) -> Iterator[tuple[Node, list[str]]]:
    """Every expression at the top level, with the types that it is declared to have."""
    for statement in children(program):
        declared = statement
        if statement.type == "export_statement":
            value = statement.child_by_field_name("value")
            declared = statement.child_by_field_name("declaration") or value or statement
        if declared.type in {"expression_statement", "export_statement"}:
            declared = next(children(declared), declared)
        parts = list(declarators(declared))
        if not parts and declared is not statement:
            yield declared, list(declared_types(declared))
        for part in parts:
            value, annotation = (part.child_by_field_name(name) for name in ("value", "type"))
            if value is not None:
                types = [source(annotation).strip(": ")] if annotation else []
                yield value, [*types, *declared_types(value)]


def _workflows(expression: Node, types: list[str], names: Names) -> Iterator[Node]:
    inner = unwrapped(expression)
    function = inner.child_by_field_name("function") if inner.type == "call_expression" else None
    if function is not None and names.is_define(function):
        yield inner
    elif inner.type == "array":
        of_items = [TYPE] if f"{TYPE}[]" in types else []
        for item in children(inner):
            yield from _workflows(item, [*of_items, *declared_types(item)], names)
    elif TYPE in types and inner.type != "identifier":
        yield inner


def _written_at(definition: Node, names: Names) -> int:
    """Where the literal of a definition stands, so that none is taken twice."""
    arguments = definition.child_by_field_name("arguments")
    inner = next(children(arguments), definition) if arguments else definition
    constant = names.constants.get(source(inner)) if inner.type == "identifier" else None
    return unwrapped(constant or inner).start_byte
