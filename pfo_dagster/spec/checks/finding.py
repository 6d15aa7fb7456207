"""How checks report: a rule, a message, and the place in the spec, looked up in its file."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pfo_dagster.spec.diagnostics import Diagnostic
    from pfo_dagster.spec.fields import SourcedPart, SpecPart
    from pfo_dagster.spec.rules import Rule
    from pfo_dagster.spec.source import Place


def finding(
    spec: SourcedPart,
    rule: Rule,
    message: str,
    place: Place = (),
    *,
    at: Literal["value", "key"] | int = "value",
    hint: str | None = None,
    expected: str | None = None,
    context: Mapping[str, Any] | None = None,
) -> Diagnostic:
    """A diagnostic for what stands at `place`: the value, its key, or a character of its text."""
    source = spec.source
    if source is None:
        position = None
    elif at == "key":
        position = source.locate_key(place)
    elif at == "value":
        position = source.locate(place)
    else:
        position = source.locate_within(place, at)
    return rule.broken(
        message,
        file=source.file if source else None,
        position=position,
        place=place,
        hint=hint,
        expected=expected,
        context=context,
    )


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """A hint naming the known word that is nearest, if any is near."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"did you mean `{near[0]}`?" if near else None


def is_given(part: SpecPart, field: str) -> bool:
    """Whether a field was written, if only as null: JavaScript's `!== undefined`."""
    return field in part.model_fields_set


def as_javascript(part: SpecPart, field: str) -> str:
    """A field as JavaScript's templates print it, for the reference's own messages."""
    if not is_given(part, field):
        return "undefined"
    value = getattr(part, field)
    return "null" if value is None else str(value)
