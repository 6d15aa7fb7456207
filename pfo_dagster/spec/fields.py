"""What the parts of the model have in common: frozen, strict, closed, and camelCase in files."""

import hashlib
import json
from decimal import Decimal
from math import isfinite
from typing import Annotated, Self, TypeAlias, TypeVar, cast

from pydantic import (
    BaseModel,
    ConfigDict,
    PlainValidator,
    PrivateAttr,
    SerializerFunctionWrapHandler,
    Strict,
    WithJsonSchema,
    WrapSerializer,
)
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from pfo_dagster.spec.source import SourceMap


class SpecPart(BaseModel):
    """A mapping of a spec. Fields that it does not know are errors; nothing is converted.

    Attributes are in snake_case, files and `model_validate` use ContractSpec's camelCase.
    """

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        frozen=True,
        strict=True,
        use_attribute_docstrings=True,
    )


def demanded(*fields: str) -> ConfigDict:
    """Settings of a part whose schema demands more fields than the model does.

    ContractSpec's types demand them, its engine does without; so editors and checks ask for them.
    """
    return ConfigDict(json_schema_extra={"required": list(fields)})


class SpecRef(SpecPart):
    """A reference to another spec: an operation, a form, a capability, an experiment."""

    model_config = demanded("key")

    key: str = ""
    """Key of the spec, e.g. `openbanking.balances.refresh`."""
    version: str | None = None
    """Its version, e.g. "1.0.0". The latest one is meant where it is left out."""


class SourcedPart(SpecPart):
    """A mapping that is a whole spec: it knows where it was read from.

    That is part neither of its equality nor of what is dumped.
    """

    _source: SourceMap | None = PrivateAttr(default=None)
    _known_digest: tuple[int, str] | None = PrivateAttr(default=None)

    @property
    def source(self) -> SourceMap | None:
        """Where it was read from; None if it was made in memory."""
        return self._source

    def read_from(self, source: SourceMap) -> Self:
        """The same content, knowing where it was read from."""
        copy = self.model_copy()
        copy._source = source  # noqa: SLF001 - a private attribute of this very class
        return copy

    @property
    def digest(self) -> str:
        """SHA-256 of the content as canonical JSON, hexadecimal. Absent and null are different."""
        # Every op of a workflow asks. A copy takes the attribute along, so it says whose it is.
        if self._known_digest is None or self._known_digest[0] != id(self):
            self._known_digest = (id(self), self._digest())
        return self._known_digest[1]

    def _digest(self) -> str:
        content = self.model_dump(by_alias=True, exclude_unset=True)
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), default=repr)
        return hashlib.sha256(canonical.encode()).hexdigest()

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self.digest == cast("SourcedPart", other).digest

    def __hash__(self) -> int:
        return hash(self.digest)


def _list(values: tuple[object, ...], serialize: SerializerFunctionWrapHandler) -> list[object]:
    return list(serialize(values))


def _number(value: object) -> int | float:
    number = float(value) if isinstance(value, Decimal) else value
    if isinstance(number, int | float) and not isinstance(number, bool) and _is_finite(number):
        return number
    raise PydanticCustomError("number_type", "Input should be a number")


def _is_finite(number: float) -> bool:
    """Whether JavaScript has such a number: what is too large for a double is infinite there."""
    try:
        return isfinite(number)
    except OverflowError:
        return False


Item = TypeVar("Item")
Many: TypeAlias = Annotated[
    tuple[Item, ...], Strict(strict=False), WrapSerializer(_list, when_used="always")
]
"""A list of a file, immutable in the model and a list again when dumped."""

Number: TypeAlias = Annotated[
    int | float, PlainValidator(_number), WithJsonSchema({"type": "number"})
]
"""A JSON number as it was written: whole numbers stay `int`."""
