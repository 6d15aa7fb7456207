"""Reads ContractSpec's TypeScript as it is: parsed, never run.

    export const refresh = defineWorkflow({ meta: { ... }, definition: { ... } });

`definitions` finds the workflows of a file, `names` what its names stand for, `values` reads the
literals (`literals` texts and numbers, `resolving` references), `changes` what would change them if
it were run; all over the tree of `syntax`. `faults` says what is wrong with what has no such tree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pfo_dagster.spec.readers.reading import Reading
from pfo_dagster.spec.readers.typescript.changes import changes
from pfo_dagster.spec.readers.typescript.definitions import (
    broken_definition,
    definitions,
    distinct,
    hidden,
    may_define,
)
from pfo_dagster.spec.readers.typescript.faults import endless_text, syntax_error
from pfo_dagster.spec.readers.typescript.names import names_of
from pfo_dagster.spec.readers.typescript.syntax import Syntax, excerpt, is_endless
from pfo_dagster.spec.readers.typescript.values import Values
from pfo_dagster.spec.rules import typescript as rules

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pfo_dagster.spec.diagnostics import Diagnostic
    from pfo_dagster.spec.source import Document, SourceFile


def read_typescript(
    file: SourceFile, *, defines: Mapping[str, Any], code: str | None = None
) -> Reading:
    """Every workflow of a TypeScript file, each a document. Never raises.

    `defines` gives values to names that the file has none for. `code` is the file's text with
    everything that is not code made blank; the text itself when left out.
    """
    text = file.text if code is None else code
    if not may_define(text):
        return Reading((), ())
    if is_endless(text):
        return Reading((), (endless_text(file, text),))
    syntax = Syntax(file, text)
    names = names_of(syntax.root, defines)
    if broken := broken_definition(syntax.root, names):
        return Reading((), (syntax_error(syntax, broken),))
    found = list(definitions(syntax.root, names))
    refused: dict[object, Diagnostic] = {}
    documents: list[Document] = []
    count = 0
    for node in distinct(found, names):
        document = Values(syntax, names, refused, count).document(node)
        documents.append(document)
        count += len(document.values)
    for call in hidden(syntax.root, names, found):
        position = syntax.position(call)
        refused[position] = rules.HIDDEN_WORKFLOW.broken(
            "this workflow is inside of something that would have to be run",
            file=file,
            position=position,
            hint="define it at the top level: export const name = defineWorkflow({ ... })",
        )
    for node, name in changes(syntax.root, names, found):
        position = syntax.position(node)
        change = rules.NOT_LITERAL.broken(
            f"`{name}`, which a workflow is read from, is changed here: `{excerpt(node)}`",
            file=file,
            position=position,
            hint="write the value where the name is declared; nothing of a file is run",
        )
        refused.setdefault(position, change)
    wrong = tuple(sorted(refused.values(), key=_by_position))
    return Reading(tuple(documents), wrong, frozenset(names.supplied))


def _by_position(diagnostic: Diagnostic) -> tuple[int, int]:
    position = diagnostic.position
    return (position.line, position.column) if position else (0, 0)
