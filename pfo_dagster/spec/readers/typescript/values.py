"""Turns literals into plain JSON values with positions; refuses by name whatever is none."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, cast

from pfo_dagster.spec.readers.reading import MAX_DEPTH
from pfo_dagster.spec.readers.typescript.faults import syntax_error
from pfo_dagster.spec.readers.typescript.literals import number_value, text_value
from pfo_dagster.spec.readers.typescript.resolving import (
    REFERENCES,
    RefusedError,
    Supplied,
    key_of,
    resolve,
)
from pfo_dagster.spec.readers.typescript.syntax import (
    Syntax,
    children,
    excerpt,
    source,
    unwrapped,
)
from pfo_dagster.spec.rules import reading
from pfo_dagster.spec.rules import typescript as rules
from pfo_dagster.spec.source import Document

if TYPE_CHECKING:
    from tree_sitter import Node

    from pfo_dagster.spec.diagnostics import Diagnostic
    from pfo_dagster.spec.readers.typescript.names import Names
    from pfo_dagster.spec.source import Place, Position

MAX_VALUES: Final = 50_000
"""Values of one file; constants of constants could otherwise multiply without bound."""


class _TooManyError(Exception):
    """The definition is not worth reading to its end."""

    def __init__(self, refused: RefusedError) -> None:
        super().__init__(refused)
        self.refused = refused


class _Absent:
    """`undefined`: a field that has it is left out."""


_ABSENT: Final = _Absent()
_WORDS: Final = {"true": True, "false": False, "null": None, "undefined": _ABSENT}


@dataclass(slots=True)
class Values:
    """Reads one definition. `diagnostics` may be shared by the definitions of a file."""

    syntax: Syntax
    names: Names
    diagnostics: dict[object, Diagnostic]
    """What was refused, once for each place, unknown name or broken constant."""
    read_before: int = 0
    """How many values the file's other definitions have."""
    values: dict[Place, Position] = field(default_factory=dict["Place", "Position"])
    keys: dict[Place, Position] = field(default_factory=dict["Place", "Position"])
    unread: set[Place] = field(default_factory=set["Place"])
    pending: list[str] = field(default_factory=list[str])

    def document(self, definition: Node) -> Document:
        """The definition as a document, with null for what was refused."""
        try:
            value = self._value(definition, ())
        except _TooManyError as error:
            value = None
            self._refuse(error.refused, ())
        file = self.syntax.file
        return Document(file, value, self.values, self.keys, frozenset(self.unread))

    def _value(self, node: Node, place: Place) -> object:
        inner = unwrapped(node)
        is_container = inner.type in {"object", "array"}
        self.values[place] = self.syntax.position(inner, whole=not is_container)
        try:
            self._check_bounds(inner, place)
            if inner.type in REFERENCES or inner.type == "call_expression":
                return self._referenced(inner, place)
            return self._literal(inner, place)
        except RefusedError as refused:
            self._refuse(refused, place)
            return None

    def _check_bounds(self, node: Node, place: Place) -> None:
        if len(place) > MAX_DEPTH:
            message = f"more than {MAX_DEPTH} objects and lists within each other"
            raise RefusedError(reading.SYNTAX, message, node)
        if self.read_before + len(self.values) > MAX_VALUES:
            message = f"the file's definitions have more than {MAX_VALUES} values"
            hint = "constants within constants multiply each other"
            raise _TooManyError(RefusedError(reading.SYNTAX, message, node, hint=hint))

    def _referenced(self, node: Node, place: Place) -> object:
        target = resolve(self.names, node, self.pending)
        if isinstance(target.found, Supplied):
            return target.found.value
        if target.found.has_error:
            self._broken(target.found, place)
            return None
        self.pending.extend(target.trail)
        try:
            return self._literal(target.found, place)
        finally:
            del self.pending[len(self.pending) - len(target.trail) :]

    def _literal(self, node: Node, place: Place) -> object:
        match node.type:
            case "object" | "enum_body":
                return self._mapping(node, place)
            case "array":
                return self._list(node, place)
            case "true" | "false" | "null" | "undefined":
                return _WORDS[node.type]
            case "number" | "unary_expression":
                return _number(node)
            case "string" | "template_string":
                return _text(node)
            case _:
                raise _not_literal(node)

    def _mapping(self, node: Node, place: Place) -> dict[str, object]:
        self._check_commas(node, place)
        fields: dict[str, object] = {}
        for part in children(node):
            try:
                key, value = _field(part)
                name = key_of(key)
            except RefusedError as refused:
                # Which fields the object has is not known, so none can be missed.
                self._refuse(refused, place)
                continue
            here = (*place, name)
            position = self.syntax.position(key)
            if (first := self.keys.get(here)) and name in fields:
                self._repeated(name, here, position, first)
                continue
            self.keys[here] = position
            found = self._value(value, here)
            if found is not _ABSENT:
                fields[name] = found
        return fields

    def _list(self, node: Node, place: Place) -> list[object]:
        self._check_commas(node, place)
        items: list[object] = []
        for part in children(node):
            here = (*place, len(items))
            found = self._value(part, here)
            if found is _ABSENT:
                message = "a list cannot hold `undefined`"
                self._refuse(RefusedError(rules.NOT_LITERAL, message, part), here)
            items.append(None if found is _ABSENT else found)
        return items

    def _check_commas(self, node: Node, place: Place) -> None:
        """The grammar lets two commas follow each other, in objects too."""
        after_comma = True
        for part in node.children[1:]:
            if part.type == "," and after_comma:
                message = "there is nothing before this comma"
                self._refuse(RefusedError(rules.NOT_LITERAL, message, part), place)
            if not part.type.endswith("comment"):
                after_comma = part.type == ","

    def _repeated(self, name: str, place: Place, position: Position, first: Position) -> None:
        message = f"`{name}` is written twice in the same object"
        hint = f"the first one is on line {first.line}; remove one of them"
        file = self.syntax.file
        self.diagnostics[position] = reading.DUPLICATE_KEY.broken(
            message, file=file, position=position, place=place, hint=hint
        )

    def _broken(self, node: Node, place: Place) -> None:
        self.unread.add(place)
        # Constants are long and may be used often, and each is wrong once.
        if node.start_byte not in self.diagnostics:
            wrong = syntax_error(self.syntax, node)
            self.diagnostics[node.start_byte] = replace(wrong, place=place)

    def _refuse(self, refused: RefusedError, place: Place) -> None:
        self.unread.add(place)
        position = self.syntax.position(refused.node)
        same = position if refused.name is None else refused.name
        self.diagnostics.setdefault(
            same,
            refused.rule.broken(
                refused.message,
                file=self.syntax.file,
                position=position,
                place=place,
                expected=refused.expected,
                hint=refused.hint,
            ),
        )


def _field(part: Node) -> tuple[Node, Node]:
    """Key and value of a part of an object or enum. Raises `RefusedError` for any other part."""
    if part.type == "shorthand_property_identifier":
        return part, part
    key = part.child_by_field_name("key" if part.type == "pair" else "name")
    value = part.child_by_field_name("value")
    if part.type in {"pair", "enum_assignment"} and key is not None and value is not None:
        return key, value
    raise _not_literal(part)


def _text(node: Node) -> str:
    if any(part.type == "template_substitution" for part in children(node)):
        message = f"a template with a substitution is no literal: `{excerpt(node)}`"
        raise RefusedError(rules.NOT_LITERAL, message, node, hint="write the text out")
    value = text_value(source(node))
    if value is None:
        message = "an escape in this text names no character"
        raise RefusedError(reading.SYNTAX, message, node)
    return value


def _number(node: Node) -> int | float:
    operator, operand = "+", node
    if node.type == "unary_expression":
        operator, operand = node.children[0].type, unwrapped(node.children[-1])
    if operand.type != "number" or operator not in {"+", "-"}:
        raise _not_literal(node)
    value = number_value(source(operand))
    if value is None:
        message = f"JSON has no such number: `{excerpt(node)}`"
        raise RefusedError(rules.NOT_LITERAL, message, node)
    return -value if operator == "-" else value


def _not_literal(node: Node) -> RefusedError:
    words = node.type.replace("_", " ")
    kind = f"{'an' if words[0] in 'aeiou' else 'a'} {words}"
    kind, hint = _KINDS.get(node.type, (kind, "write the value here"))
    if node.type == "method_definition" and node.children[0].type in {"get", "set"}:
        kind = "a getter" if node.children[0].type == "get" else "a setter"
    if node.type == "call_expression":
        function = cast("Node", node.child_by_field_name("function"))
        kind = f"a call of `{excerpt(function)}`"
    message = f"{kind} is no literal: `{excerpt(node)}`"
    return RefusedError(rules.NOT_LITERAL, message, node, hint=hint)


_KINDS: Final = {
    "spread_element": ("a spread", "write out what is spread"),
    "call_expression": ("a call", "write out what it returns"),
    "arrow_function": ("a function", "a spec holds data only; name an operation"),
    "function_expression": ("a function", "a spec holds data only; name an operation"),
    "method_definition": ("a method", "a spec holds data only; name an operation"),
    "ternary_expression": ("a conditional", "write out the case that is meant"),
    "binary_expression": ("an operator", "write out the result"),
    "unary_expression": ("an operator", "write out the result"),
    "new_expression": ("a new object", "write out its fields"),
    "this": ("`this`", "write the value here"),
    "regex": ("a regular expression", "write it as a text"),
    "property_identifier": ("an enum member without a value", "give it one"),
    "sequence_expression": ("an operator", "write out the result"),
}
