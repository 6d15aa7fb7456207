"""Reading an expression, asking it, and explaining its answer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from pfo_dagster.spec.expressions.ast import Comparison, Node, atoms, lookups
from pfo_dagster.spec.expressions.dialect import Remark, read_dialect
from pfo_dagster.spec.expressions.errors import ExpressionError
from pfo_dagster.spec.expressions.parser import parse_javascript
from pfo_dagster.spec.expressions.values import UNDEFINED, NotJsonError, truthy

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_LENGTH: Final = 10_000
"""Characters; a condition is a line, so what is longer is a mistake or an attack."""


@dataclass(frozen=True, slots=True)
class ExpressionContext:
    """What an expression may look at. `None` is JSON's null, `UNDEFINED` is "not given"."""

    data: object
    input: object = UNDEFINED
    output: object = UNDEFINED

    def roots(self) -> Mapping[str, object]:
        """The context by the names that expressions use."""
        return {"data": self.data, "input": self.input, "output": self.output}


@dataclass(frozen=True, slots=True)
class ExplainedAtom:
    """One comparison, or one value tested for truth, with the values that it saw.

    `text` is the atom as it was understood. `operator` and `right` are None for a lone value.
    """

    text: str
    left: object
    operator: str | None
    right: object
    result: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """An expression's answer and the part of every atom in it, decisive or not."""

    text: str
    result: bool
    atoms: tuple[ExplainedAtom, ...]


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression that could be read. `str()` writes it as it was understood.

    `remarks` name what was understood otherwise than its author may think.
    """

    text: str
    root: Node
    remarks: tuple[Remark, ...] = ()

    @property
    def roots(self) -> frozenset[str]:
        """Which of `data`, `input` and `output` it looks at."""
        return frozenset(lookup.root for lookup in lookups(self.root))

    def evaluate(self, context: ExpressionContext) -> bool:
        """Whether it holds. Raises `ExpressionError` only if the context is not JSON."""
        return truthy(self._value(self.root, context))

    def explain(self, context: ExpressionContext) -> Explanation:
        """The answer with the values behind it, for a run's metadata and for people."""
        explained: list[ExplainedAtom] = []
        for atom in atoms(self.root):
            if isinstance(atom, Comparison):
                left = self._value(atom.left, context)
                right = self._value(atom.right, context)
                result = atom.holds(left, right)
                explained.append(ExplainedAtom(str(atom), left, atom.operator, right, result))
            else:
                value = self._value(atom, context)
                explained.append(ExplainedAtom(str(atom), value, None, None, truthy(value)))
        return Explanation(self.text, self.evaluate(context), tuple(explained))

    def _value(self, node: Node, context: ExpressionContext) -> object:
        try:
            return node.value(context.roots())
        except NotJsonError as error:
            reason = f"cannot be evaluated: {error}"
            raise ExpressionError(reason, expression=self.text, position=0) from error

    def __str__(self) -> str:
        return str(self.root)


@lru_cache(maxsize=1024)
def parse_expression(text: str) -> Expression:
    """Read `text`: as ContractSpec does where it can, else as JavaScript.

    A blank text is always true, as in ContractSpec. Raises `ExpressionError` for what neither
    grammar has, and for texts beyond `MAX_LENGTH`.
    """
    if len(text) > MAX_LENGTH:
        reason = f"the expression is longer than {MAX_LENGTH} characters"
        raise ExpressionError(reason, expression=text, position=MAX_LENGTH)
    if reference := read_dialect(text):
        return Expression(text, *reference)
    return Expression(text, parse_javascript(text))


def evaluate(
    expression: str | None,
    *,
    data: object,
    input: object = UNDEFINED,  # noqa: A002 - the name that expressions use
    output: object = UNDEFINED,
) -> bool:
    """Whether `expression` holds; no expression always does. Raises `ExpressionError`."""
    if expression is None:
        return True
    return parse_expression(expression).evaluate(ExpressionContext(data, input, output))
