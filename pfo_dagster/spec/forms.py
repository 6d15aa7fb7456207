"""`FormSpec`: what a person must fill in at a human step, declared in the app config.

ContractSpec's workflows name a form by key and version; its own forms are TypeScript with a user
interface. Here a form is the list of its fields, from which the launchpad and the check of an
answer are made.
"""

from typing import Literal

from pydantic import field_validator

from pfo_dagster.spec.fields import SpecPart


class FormField(SpecPart):
    """One field of a form."""

    type: Literal["text", "integer", "decimal", "boolean", "json"]
    """`text`, `integer`, `boolean`, `json` (anything), or `decimal`: digits in a text, exact."""
    description: str | None = None
    """What to fill in."""
    required: bool | None = None
    """Whether it must be filled in; it must unless this is false."""
    options: list[str] | None = None
    """The only texts that are allowed."""

    @field_validator("options")
    @classmethod
    def _some(cls, options: list[str] | None) -> list[str] | None:
        if options is not None and (not options or len(set(options)) != len(options)):
            raise ValueError("options must name at least one text, and each only once")
        return options


class FormSpec(SpecPart):
    """A form, as steps name it in `action.form`."""

    key: str
    """Key of the form."""
    version: str
    """Its version. A step that names none takes the first that is declared."""
    fields: dict[str, FormField]
    """The fields by name."""
