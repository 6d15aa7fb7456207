"""Finds statements that change what a workflow is read from: nothing is run, so they are refused.

A `const` keeps its name's value, not what is inside: `steps.push(...)` after its declaration would
change the workflow, and the literal alone would be half of it.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from pfo_dagster.spec.readers.typescript.syntax import children, source, unwrapped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tree_sitter import Node

    from pfo_dagster.spec.readers.typescript.names import Names

_MEMBERS: Final = {"member_expression", "subscript_expression"}
_IDENTIFIERS: Final = {"identifier", "shorthand_property_identifier"}
_FUNCTIONS: Final = ("function", "function_declaration", "function_expression", "method_definition")
_CHANGING_METHODS: Final = {
    "push", "pop", "shift", "unshift", "splice", "sort", "reverse", "fill", "copyWithin",
}  # fmt: skip
_CHANGING_FUNCTIONS: Final = {
    "Object.assign", "Object.defineProperty", "Object.defineProperties", "Object.setPrototypeOf",
    "Reflect.set", "Reflect.defineProperty", "Reflect.deleteProperty", "Reflect.setPrototypeOf",
}  # fmt: skip


def changes(program: Node, names: Names, found: Iterable[Node]) -> Iterator[tuple[Node, str]]:
    """Each expression that changes what one of the workflows `found` is read from, and its name.

    A function's parameters and own variables are other things of the same name.
    """
    read = _read_by(names, found)
    hidden: Counter[str] = Counter()
    # A function is left again by what stands on the stack in its place: its own names.
    ahead: list[Node | frozenset[str]] = [program]
    while ahead:
        node = ahead.pop()
        if isinstance(node, frozenset):
            hidden.subtract(node)
            continue
        for name in _changed_by(node):
            if name in read and not hidden[name]:
                yield node, name
        if node.type.endswith(_FUNCTIONS):
            own = _own_names(node)
            hidden.update(own)
            ahead.append(own)
        ahead += reversed(node.named_children)


def _read_by(names: Names, found: Iterable[Node]) -> frozenset[str]:
    """The constants that workflows are written in or with, and other names of the same."""
    ahead = {
        name
        for name, value in names.constants.items()
        if any(_within(node, value) or _within(value, node) for node in found)
    }
    ahead |= {name for node in found for name in _identifiers(node)}
    read: set[str] = set()
    while ahead:
        name = ahead.pop()
        if name not in read and name in names.constants:
            read.add(name)
            ahead |= _identifiers(names.constants[name])
    others = {name for name, value in names.constants.items() if _root(unwrapped(value)) in read}
    return frozenset(read | others)


def _changed_by(node: Node) -> Iterator[str]:
    """The names whose insides an expression changes, without those of its parts."""
    match node.type:
        case "assignment_expression" | "augmented_assignment_expression":
            targets = _assigned(node.child_by_field_name("left"))
        case "update_expression":
            targets = _assigned(node.child_by_field_name("argument"))
        case "unary_expression" if node.children[0].type == "delete":
            targets = _assigned(node.child_by_field_name("argument"))
        case "call_expression":
            targets = _acted_upon(node)
        case _:
            return
    for target in targets:
        if name := _root(target):
            yield name


def _assigned(target: Node | None) -> list[Node]:
    """The members that are written to, also where several are taken apart at once."""
    members: list[Node] = []
    waiting = [target] if target else []
    while waiting:
        node = unwrapped(waiting.pop())
        if node.type in _MEMBERS:
            members.append(node)
        elif node.type.endswith("pattern"):
            waiting += reversed(node.named_children)
    return members


def _acted_upon(call: Node) -> list[Node]:
    function = call.child_by_field_name("function")
    arguments = call.child_by_field_name("arguments")
    if function is None or function.type != "member_expression":
        return []
    method, of = (function.child_by_field_name(part) for part in ("property", "object"))
    # What a chain of calls is called on can be as long as the file: only a plain name is compared.
    plain = of is not None and of.type == "identifier"
    if plain and source(function) in _CHANGING_FUNCTIONS and arguments is not None:
        return [unwrapped(argument) for argument in list(children(arguments))[:1]]
    changing = method is not None and source(method) in _CHANGING_METHODS
    return [unwrapped(of)] if changing and of is not None else []


def _root(node: Node) -> str | None:
    """The name that a reference begins with; None for what is no reference."""
    while node.type in _MEMBERS:
        inner = node.child_by_field_name("object")
        if inner is None:
            return None
        node = unwrapped(inner)
    return source(node) if node.type in _IDENTIFIERS else None


def _within(node: Node, other: Node) -> bool:
    return other.start_byte <= node.start_byte and node.end_byte <= other.end_byte


def _identifiers(node: Node) -> set[str]:
    """The names in an expression, but for those within functions, which are read when called."""
    found: set[str] = set()
    waiting = [node]
    while waiting:
        part = waiting.pop()
        if part.type in _IDENTIFIERS:
            found.add(source(part))
        if not part.type.endswith(_FUNCTIONS):
            waiting += part.named_children
    return found


def _own_names(function: Node) -> frozenset[str]:
    """What a function declares for itself: its parameters and variables."""
    own: set[str] = set()
    for field in ("parameters", "parameter"):
        parameters = function.child_by_field_name(field)
        own |= _identifiers(parameters) if parameters else set()
    waiting = list(function.named_children)
    while waiting:
        node = waiting.pop()
        if node.type.endswith(_FUNCTIONS):
            continue
        name = node.child_by_field_name("name") if node.type == "variable_declarator" else None
        own |= _identifiers(name) if name else set()
        waiting += node.named_children
    return frozenset(own)
