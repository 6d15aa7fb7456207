"""Diagnostics as SARIF 2.1.0, which code hosts and editors show beside the lines of a change.

The format: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from pfo_dagster.spec.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pfo_dagster.spec.diagnostics import Diagnostic
    from pfo_dagster.spec.rules import Rule

_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"


def to_sarif(diagnostics: Iterable[Diagnostic], *, root: Path | None = None) -> dict[str, Any]:
    """A SARIF log with one run, ready for `json.dumps`.

    Files below `root` (the working directory, when left out) are named relative to it, as code
    hosts want them; others by their absolute URI.
    """
    base = (root or Path.cwd()).resolve()
    codes = list(RULES)
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {"name": "pfo", "rules": [_rule(one) for one in RULES.values()]}
                },
                "columnKind": "unicodeCodePoints",
                "results": [_result(one, codes.index(one.code), base) for one in diagnostics],
            }
        ],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.code,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "help": {"text": f"{rule.why} For example: {rule.example}"},
        "defaultConfiguration": {"level": rule.checked_level},
    }


def _result(diagnostic: Diagnostic, rule_index: int, base: Path) -> dict[str, Any]:
    more = (("Expected", diagnostic.expected), ("Hint", diagnostic.hint))
    lines = [diagnostic.message, *(f"{name}: {text}" for name, text in more if text)]
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": rule_index,
        "level": diagnostic.level,
        "message": {"text": "\n".join(lines)},
    }
    if diagnostic.path:
        location: dict[str, Any] = {"artifactLocation": {"uri": _uri(diagnostic.path, base)}}
        if position := diagnostic.position:
            location["region"] = {
                "startLine": position.line,
                "startColumn": position.column,
                "endColumn": position.column + position.length,
            }
        result["locations"] = [{"physicalLocation": location}]
    return result


def _uri(path: Path, base: Path) -> str:
    absolute = path.absolute()
    if absolute.is_relative_to(base):
        return quote(absolute.relative_to(base).as_posix())
    return absolute.as_uri()
