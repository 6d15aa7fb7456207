"""The registry of rules: every code that a diagnostic can carry, and why the rule exists.

Codes are stable: a code is never given another meaning, and a retired one is never used again.
`RULES` is what documentation is generated from.
"""

from pfo_dagster.spec.rules import (
    app,
    expressions,
    meta,
    policies,
    reading,
    references,
    runtime,
    structure,
    translation,
    typescript,
)
from pfo_dagster.spec.rules.rule import Rule

__all__ = ["RULES", "Rule"]

_THEMES = (
    reading, meta, typescript, structure, runtime, references, policies, expressions, app,
    translation,
)  # fmt: skip

RULES: dict[str, Rule] = {
    rule.code: rule for theme in _THEMES for rule in vars(theme).values() if isinstance(rule, Rule)
}
"""Every rule by its code, in the order of the codes."""
