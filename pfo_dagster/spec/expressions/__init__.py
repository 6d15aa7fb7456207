"""The language of `condition` and `guard` texts, e.g. `output?.confirmed === true`.

Two grammars meet here. `dialect` is what ContractSpec's own engine understands, kept to the letter
because specs rely on it. `parser` is JavaScript's, for what that engine cannot parse (`?.`,
parentheses, `['a-b']`, a literal on the left). Both give the tree of `ast`, whose meaning is
JavaScript's on JSON values (`values`). `expression` decides which grammar reads a text;
start there.
"""

from pfo_dagster.spec.expressions.errors import ExpressionError
from pfo_dagster.spec.expressions.expression import (
    ExplainedAtom,
    Explanation,
    Expression,
    ExpressionContext,
    evaluate,
    parse_expression,
)
from pfo_dagster.spec.expressions.values import UNDEFINED

__all__ = [
    "UNDEFINED",
    "ExplainedAtom",
    "Explanation",
    "Expression",
    "ExpressionContext",
    "ExpressionError",
    "evaluate",
    "parse_expression",
]
