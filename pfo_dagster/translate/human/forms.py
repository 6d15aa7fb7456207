"""The forms of the app config as models: typed config of a decision asset, and a check of answers.

A project that needs more than fields of simple types hands its own models to `translate` (`Forms`).
"""

# No `from __future__ import annotations` here: Dagster reads the annotations of these models.
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Annotated, Any

import dagster as dg
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, create_model

from pfo_dagster.spec import AppConfig
from pfo_dagster.spec.forms import FormField, FormSpec


def forms_of(app: AppConfig | None) -> dict[tuple[str, str | None], type[BaseModel]]:
    """A model for each form that `app` declares, by key and version."""
    declared = (app.forms if app else None) or ()
    return {(form.key, form.version): _model(form) for form in declared}


class Answer(dg.Config):
    """What every form is: its fields and no others, so that a misspelt name is told."""

    model_config = ConfigDict(extra="forbid")


def _model(form: FormSpec) -> type[Answer]:
    fields: dict[str, Any] = {name: _field(name, field) for name, field in form.fields.items()}
    return create_model(f"Form {form.key}", __base__=Answer, **fields)


def _field(name: str, field: FormField) -> tuple[Any, Any]:
    """The type and the pydantic field."""
    kind = _type(name, field)
    if field.required is False:
        return kind | None, Field(default=None, description=field.description)
    return kind, Field(description=field.description)


def _type(name: str, field: FormField) -> Any:  # noqa: ANN401 - a type
    if field.options:
        return Enum(name, {option: option for option in field.options})
    match field.type:
        case "integer":
            return int
        case "boolean":
            return bool
        case "decimal":
            # A text: YAML and JSON would make a float of the number.
            return Annotated[str, AfterValidator(_digits)]
        case "json":
            return Any
        case _:
            return str


def _digits(text: str) -> str:
    try:
        is_number = Decimal(text).is_finite()
    except InvalidOperation:
        is_number = False
    if not is_number:
        raise ValueError(f"{text!r} is not an amount; write its digits as a text, such as '12.50'")
    return text
