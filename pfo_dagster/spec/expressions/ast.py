"""The tree that an expression is read into, and its meaning: JavaScript's, on JSON values.

Nodes are immutable and compare by structure. `value` is total on every JSON context.
`str(node)` writes the node as JavaScript, the way it was understood.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from pfo_dagster.spec.expressions.values import (
    UNDEFINED,
    in_order,
    member,
    require_json,
    strict_equal,
    to_text,
    truthy,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Root: TypeAlias = Literal["data", "input", "output"]


@dataclass(frozen=True, slots=True)
class Constant:
    """A value written in the expression."""

    constant: object

    def value(self, context: Mapping[str, object]) -> object:
        """The constant itself."""
        return self.constant

    def __str__(self) -> str:
        if isinstance(self.constant, str):
            return json.dumps(self.constant, ensure_ascii=False)
        return to_text(self.constant)


@dataclass(frozen=True, slots=True)
class Lookup:
    """A value found in the context: a root and the keys that lead on from it."""

    root: Root
    keys: tuple[str, ...] = ()

    def value(self, context: Mapping[str, object]) -> object:
        """What is found, `UNDEFINED` where the way breaks off. Raises `NotJsonError`."""
        found = context.get(self.root, UNDEFINED)
        require_json(found)
        for key in self.keys:
            found = member(found, key)
            require_json(found)
        return found

    def __str__(self) -> str:
        return self.root + "".join(map(_access, self.keys))


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two values compared; `==` and `!=` never appear, they are `===` and `!==` by now."""

    left: Node
    operator: Literal["===", "!==", "<", "<=", ">", ">="]
    right: Node

    def value(self, context: Mapping[str, object]) -> bool:
        """Whether the comparison holds."""
        return self.holds(self.left.value(context), self.right.value(context))

    def holds(self, left: object, right: object) -> bool:
        """Whether it would hold for these two values."""
        if self.operator == "===":
            return strict_equal(left, right)
        if self.operator == "!==":
            return not strict_equal(left, right)
        return in_order(left, self.operator, right)

    def __str__(self) -> str:
        return f"{_grouped(self.left)} {self.operator} {_grouped(self.right)}"


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of an operand's truth."""

    operand: Node

    def value(self, context: Mapping[str, object]) -> bool:
        """True for what JavaScript takes for false."""
        return not truthy(self.operand.value(context))

    def __str__(self) -> str:
        return f"!{_grouped(self.operand)}"


@dataclass(frozen=True, slots=True)
class Logical:
    """Two or more operands joined by `&&` or by `||`."""

    operator: Literal["&&", "||"]
    operands: tuple[Node, ...]

    def value(self, context: Mapping[str, object]) -> object:
        """The first operand that decides, or the last one: a value, as in JavaScript."""
        decisive = self.operator == "||"
        value: object = UNDEFINED
        for operand in self.operands:
            value = operand.value(context)
            if truthy(value) is decisive:
                break
        return value

    def __str__(self) -> str:
        return f" {self.operator} ".join(
            f"({operand})" if isinstance(operand, Logical) else str(operand)
            for operand in self.operands
        )


Node: TypeAlias = Constant | Lookup | Comparison | Not | Logical


def negated(operand: Node, times: int) -> Node:
    """`operand` behind so many `!`; two of them suffice for any even number."""
    if times == 0:
        return operand
    return Not(operand) if times % 2 else Not(Not(operand))


def atoms(node: Node) -> Iterator[Constant | Lookup | Comparison]:
    """The parts that are true or false by themselves, from left to right."""
    if isinstance(node, Logical):
        for operand in node.operands:
            yield from atoms(operand)
    elif isinstance(node, Not):
        yield from atoms(node.operand)
    else:
        yield node


def lookups(node: Node) -> Iterator[Lookup]:
    """Every value of the context that is looked at."""
    if isinstance(node, Lookup):
        yield node
    elif isinstance(node, Comparison):
        yield from lookups(node.left)
        yield from lookups(node.right)
    elif isinstance(node, Not):
        yield from lookups(node.operand)
    elif isinstance(node, Logical):
        for operand in node.operands:
            yield from lookups(operand)


def _access(key: str) -> str:
    if _NAME.fullmatch(key):
        return f".{key}"
    return f"[{key}]" if key.isdecimal() else f"[{json.dumps(key, ensure_ascii=False)}]"


def _grouped(node: Node) -> str:
    return f"({node})" if isinstance(node, Comparison | Logical) else str(node)


_NAME = re.compile(r"[A-Za-z_$][\w$]*")
