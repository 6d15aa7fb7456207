"""Turns plain data into models, and what pydantic says against it into diagnostics for people."""

from __future__ import annotations

import difflib
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

from pydantic import BaseModel, ValidationError

from pfo_dagster.spec.rules import reading as rules
from pfo_dagster.spec.source import Position

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from pfo_dagster.spec.diagnostics import Diagnostic
    from pfo_dagster.spec.source import Place, SourceMap

Model = TypeVar("Model", bound=BaseModel)


def validate(model: type[Model], source: SourceMap, value: object) -> Model | list[Diagnostic]:
    """The model of `value`, or everything that is wrong with it, in the order of the file."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        found = [_diagnostic(model, source, details) for details in error.errors()]
        return sorted(found, key=lambda diagnostic: diagnostic.position or Position(1, 1))


def _diagnostic(model: type[BaseModel], source: SourceMap, details: ErrorDetails) -> Diagnostic:
    place: Place = details["loc"]
    match details["type"]:
        case "extra_forbidden":
            known = _known_fields(model, place[:-1])
            near = difflib.get_close_matches(str(place[-1]), known, n=1, cutoff=0.5)
            return rules.UNKNOWN_FIELD.broken(
                f"unknown field `{place[-1]}`{_inside(place)}",
                file=source.file,
                position=source.locate_key(place),
                place=place,
                expected="one of " + ", ".join(known),
                hint=f"did you mean `{near[0]}`?" if near else None,
            )
        case "missing":
            return rules.MISSING_FIELD.broken(
                f"the field `{place[-1]}` is missing{_inside(place)}",
                file=source.file,
                position=source.locate_key(place[:-1]),
                place=place,
            )
        case kind:
            return rules.WRONG_VALUE.broken(
                f"{_subject(place)} is {_described(details['input'])}",
                file=source.file,
                position=source.locate(place),
                place=place,
                expected=_EXPECTED.get(kind) or _pydantic_wish(details["msg"]),
                hint=_hint(kind, details["input"]),
            )


def written(place: Place) -> str:
    """A place as people write it: `definition.steps[0].retry`."""
    keys = (f"[{key}]" if isinstance(key, int) else f".{key}" for key in place)
    return "".join(keys).removeprefix(".")


def _subject(place: Place) -> str:
    return f"`{written(place)}`" if place else "this"


def _inside(place: Place) -> str:
    return f" in `{written(place[:-1])}`" if len(place) > 1 else ""


def _described(value: object) -> str:
    if value is None:
        return "empty (null)"
    if isinstance(value, bool):
        return f"the truth value {str(value).lower()}"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, str):
        return f"the text {value!r}"
    return "a list" if isinstance(value, list) else "a mapping"


def _hint(kind: str, value: object) -> str | None:
    if kind == "string_type" and isinstance(value, int | float):
        return f'put it in quotes: "{str(value).lower() if isinstance(value, bool) else value}"'
    if isinstance(value, str) and value.replace("_", "").isdecimal():
        plain = value.replace("_", "")
        return f"YAML 1.2 has no `_` in numbers: {plain}" if "_" in value else f"no quotes: {plain}"
    return None


def _pydantic_wish(message: str) -> str:
    return message.removeprefix("Input should be ")


def _known_fields(model: type[BaseModel], place: Place) -> list[str]:
    """The fields that the mapping at `place` may have, found by walking the model's JSON Schema."""
    schema = _schema(model)
    node = schema
    for key in place:
        node = _resolved(schema, node)
        fields = cast("dict[str | int, dict[str, Any]]", node.get("properties", {}))
        node = fields.get(key) or node.get("items") or node.get("additionalProperties") or {}
    return list(_resolved(schema, node).get("properties", {}))


@cache
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema()


def _resolved(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    options = cast("list[dict[str, Any]]", node.get("anyOf", [node]))
    node = next((option for option in options if option.get("type") != "null"), node)
    if "$ref" in node:
        return schema["$defs"][node["$ref"].rpartition("/")[2]]
    return node


_EXPECTED = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "number_type": "a number",
    "bool_type": "true or false",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "tuple_type": "a list",
}
