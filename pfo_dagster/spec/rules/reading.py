"""PFO001-PFO009: files that cannot be read as specs."""

from __future__ import annotations

from typing import Final

from pfo_dagster.spec.rules.rule import Rule

UNREADABLE: Final = Rule(
    "PFO001",
    "error",
    "A file or folder cannot be read",
    "A spec that is silently left out is a job that silently never runs.",
    "(a folder that does not exist, or a file in another encoding than UTF-8)",
)
SYNTAX: Final = Rule(
    "PFO002",
    "error",
    "The file is not valid YAML, JSON or TypeScript",
    "Nothing in such a file can be trusted, so nothing of it is used.",
    "steps: [ {id: a }",
)
DUPLICATE_KEY: Final = Rule(
    "PFO003",
    "error",
    "A key is written twice",
    "Parsers keep one of the two and do not agree on which.",
    "retry: {maxAttempts: 3, maxAttempts: 5}",
)
NOT_PLAIN: Final = Rule(
    "PFO004",
    "error",
    "The file uses YAML beyond plain data",
    "Anchors, aliases and tags let a short file grow without bound and hide what a step says.",
    "retry: &default {maxAttempts: 3}",
)
UNKNOWN_FIELD: Final = Rule(
    "PFO005",
    "error",
    "A field is unknown",
    "A misspelt field would otherwise be ignored: no retry, no guard, and nobody told.",
    "retry: {maxAttempt: 3}",
)
MISSING_FIELD: Final = Rule(
    "PFO006",
    "error",
    "A required field is missing",
    "The workflow has no meaning without it; ContractSpec's engine would crash.",
    "guard: {type: expression}",
)
WRONG_VALUE: Final = Rule(
    "PFO007",
    "error",
    "A value is of the wrong kind",
    "Nothing is converted behind your back: the version 1.10 would become 1.1.",
    "meta: {version: 1.0}",
)
DUPLICATE_WORKFLOW: Final = Rule(
    "PFO008",
    "error",
    "Two specs have the same key and version",
    "Only one of them can be the job of that name.",
    "(the same meta.key and meta.version in two files)",
)
NO_WORKFLOW: Final = Rule(
    "PFO009",
    "error",
    "There is no workflow to read",
    "An empty folder or file is more likely a wrong path than a wish for no jobs.",
    "(an empty file)",
)
