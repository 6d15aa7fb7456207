"""Follows names and members to what they stand for, without running anything."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from pfo_dagster.spec.readers.typescript.literals import number_value, text_value
from pfo_dagster.spec.readers.typescript.syntax import children, excerpt, source, unwrapped
from pfo_dagster.spec.rules import typescript as rules

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from tree_sitter import Node

    from pfo_dagster.spec.readers.typescript.names import Names
    from pfo_dagster.spec.rules import Rule

REFERENCES: Final = {
    "identifier",
    "shorthand_property_identifier",
    "member_expression",
    "subscript_expression",
}
"""What stands for something else."""


_RUN_TIME: Final = {
    "process", "globalThis", "window", "global", "console", "Math", "Date", "JSON", "Object",
    "Array",
    "Number", "String", "Boolean", "Symbol", "BigInt", "Promise", "require", "module", "arguments",
}  # fmt: skip


class RefusedError(Exception):
    """A value that is not to be had: which rule it breaks, where, and what to do."""

    def __init__(
        self,
        rule: Rule,
        message: str,
        node: Node,
        *,
        hint: str | None = None,
        expected: str | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message
        self.node = node
        self.hint = hint
        self.expected = expected
        self.name = name


@dataclass(frozen=True, slots=True)
class Supplied:
    """A plain JSON value that is not written in the file: from `defines` or an ownership enum."""

    value: Any


@dataclass(frozen=True, slots=True)
class Target:
    """What a reference leads to, and the names on the way there."""

    found: Node | Supplied
    trail: tuple[str, ...]


def resolve(names: Names, reference: Node, pending: Collection[str]) -> Target:
    """Follow a reference to a literal, or to whatever else is no reference.

    `pending` names the constants whose values are being read. Raises `RefusedError`.
    """
    found: Node | Supplied = reference
    trail: dict[str, None] = {}
    members: list[Node] = []
    while True:
        if not isinstance(found, Supplied):
            found = _plain(names, found)
            if found.type in {"member_expression", "subscript_expression"}:
                members.append(found)
                found = _part(found, "object")
                continue
            if found.type in REFERENCES:
                name = source(found)
                if name in names.constants:
                    if name in trail or name in pending:
                        raise _circular(found, name)
                    trail[name] = None
                    found = names.constants[name]
                else:
                    found = _elsewhere(names, found, name)
                continue
        if not members:
            return Target(found, tuple(trail))
        found = _member(names, found, members.pop())


def key_of(key: Node) -> str:
    """The name of a field as it is written in an object. Raises `RefusedError`."""
    name: object = None
    if key.type in {"property_identifier", "shorthand_property_identifier"}:
        name = source(key)
    elif key.type == "string":
        name = text_value(source(key))
    elif key.type == "number":
        name = number_value(source(key))
    if isinstance(name, float) or name is None or name == "__proto__":
        kind = "a computed key" if key.type == "computed_property_name" else "this key"
        message = f"{kind} cannot be read: `{excerpt(key)}`"
        raise RefusedError(rules.NOT_LITERAL, message, key, hint="write the key itself")
    return str(name)


def _plain(names: Names, node: Node) -> Node:
    """What is inside a call of `defineWorkflow`, which returns its argument as it is."""
    node = unwrapped(node)
    while node.type == "call_expression" and names.is_define(_part(node, "function")):
        arguments = list(children(_part(node, "arguments")))
        if len(arguments) != 1:
            break
        node = unwrapped(arguments[0])
    return node


def _elsewhere(names: Names, node: Node, name: str) -> Supplied:
    """A name that is not among the file's constants."""
    imported = names.imports.get(name)
    if name in names.variables:
        word = names.variables[name]
        message = (
            f"`{name}` is declared with `{word}`: what it stands for is known only at run time"
        )
        hint = "make it a `const`" if word in {"let", "var"} else "write the value here"
        raise RefusedError(rules.NOT_LITERAL, message, node, hint=hint)
    if name in names.defines:
        names.supplied.add(name)
        return Supplied(names.defines[name])
    if (enum := names.enum(name)) is not None:
        return Supplied(enum)
    if name in {"NaN", "Infinity"}:
        raise RefusedError(rules.NOT_LITERAL, f"`{name}` is not a number that JSON has", node)
    if name in _RUN_TIME and not imported:
        message = f"`{name}` is known only to a running program"
        raise RefusedError(rules.NOT_LITERAL, message, node, hint="write the value here")
    supply = f"supply it with --define {name}=JSON or under `defines` in app.yaml"
    if imported:
        message = f"`{name}` is imported from '{imported.module}', which is not read"
        hint = f"write its value here, or {supply}"
    else:
        message = f"`{name}` has no value in this file"
        near = difflib.get_close_matches(name, names.known(), n=1)
        hint = f"did you mean `{near[0]}`? Else {supply}" if near else supply
    raise RefusedError(rules.UNKNOWN_NAME, message, node, hint=hint, name=name)


def _member(names: Names, found: Node | Supplied, access: Node) -> Node | Supplied:
    key = _accessed(access)
    known: list[str]
    if isinstance(found, Supplied):
        value = found.value
        if isinstance(value, list) and isinstance(key, int):
            items = cast("list[Any]", value)
            if key < len(items):
                return Supplied(items[key])
            known = []
        elif isinstance(value, dict):
            fields = cast("dict[str, Any]", value)
            if str(key) in fields:
                return Supplied(fields[str(key)])
            known = list(fields)
        else:
            raise _no_members(access)
    elif found.type in {"object", "enum_body"}:
        parts = _fields_once(names, found)
        if str(key) in parts:
            return parts[str(key)]
        known = list(parts)
    elif found.type == "array" and isinstance(key, int):
        elements = list(children(found))
        if key < len(elements) and all(one.type != "spread_element" for one in elements):
            return elements[key]
        known = []
    else:
        raise _no_members(access)
    message = f"`{excerpt(_part(access, 'object'))}` has no member `{key}`"
    near = difflib.get_close_matches(str(key), known, n=1)
    raise RefusedError(
        rules.UNKNOWN_NAME,
        message,
        access,
        expected="one of " + ", ".join(known) if known else None,
        hint=f"did you mean `{near[0]}`?" if near else None,
    )


def _fields_once(names: Names, literal: Node) -> dict[str, Node]:
    if literal.start_byte not in names.fields:
        names.fields[literal.start_byte] = dict(_fields(literal))
    return names.fields[literal.start_byte]


def _fields(literal: Node) -> Iterator[tuple[str, Node]]:
    """The fields of an object or enum. Raises `RefusedError` if they cannot all be told."""
    for part in children(literal):
        if part.type == "pair":
            yield key_of(_part(part, "key")), _part(part, "value")
        elif part.type == "enum_assignment":
            yield key_of(_part(part, "name")), _part(part, "value")
        elif part.type == "shorthand_property_identifier":
            yield source(part), part
        else:
            message = f"what is not written out cannot be looked into: `{excerpt(part)}`"
            raise RefusedError(rules.NOT_LITERAL, message, part, hint="write out each field")


def _accessed(access: Node) -> str | int:
    if access.type == "member_expression":
        return source(_part(access, "property"))
    index = unwrapped(_part(access, "index"))
    value = None
    if index.type == "string":
        value = text_value(source(index))
    elif index.type == "number":
        value = number_value(source(index))
    if isinstance(value, str | int):
        return value
    message = f"a computed member cannot be read: `{excerpt(access)}`"
    raise RefusedError(rules.NOT_LITERAL, message, access, hint="write the value here")


def _no_members(access: Node) -> RefusedError:
    message = f"this has no members that can be read: `{excerpt(access)}`"
    hint = "write the value here"
    return RefusedError(rules.NOT_LITERAL, message, access, hint=hint)


def _circular(node: Node, name: str) -> RefusedError:
    message = f"the constant `{name}` refers to itself"
    hint = "write the value out in one of the constants"
    return RefusedError(rules.CIRCULAR_NAME, message, node, hint=hint)


def _part(node: Node, field: str) -> Node:
    """A part that the grammar promises."""
    part = node.child_by_field_name(field)
    if part is None:
        message = f"this cannot be read: `{excerpt(node)}`"
        raise RefusedError(rules.NOT_LITERAL, message, node)
    return part
