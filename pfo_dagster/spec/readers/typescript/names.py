"""What the names in a file stand for: its constants and enums, its imports, what was supplied."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from pfo_dagster.spec.readers.typescript.ownership import ENUMS
from pfo_dagster.spec.readers.typescript.syntax import children, source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tree_sitter import Node

DEFINE: Final = "defineWorkflow"
"""ContractSpec's function that marks a workflow; it returns its argument as it is."""

TYPE: Final = "WorkflowSpec"
"""ContractSpec's type of workflows, by which those without `defineWorkflow` are known."""

_CONTRACTSPEC: Final = "@contractspec/"

_RUNNABLE: Final = {"function_declaration", "generator_function_declaration", "class_declaration"}


@dataclass(frozen=True, slots=True)
class Import:
    """A name of another module. `original` is its name there, None for the module as a whole."""

    original: str | None
    module: str


@dataclass(slots=True)
class Names:
    """The names at the top level of one file.

    A name is looked for among the file's own constants, then in `defines`, then among
    ContractSpec's enums, whether imported from ContractSpec or, as on a generated page, not at all.
    """

    defines: Mapping[str, Any]
    constants: dict[str, Node] = field(default_factory=dict[str, "Node"])
    """The values of `const` and of enums, which are the same wherever they are looked at."""
    variables: dict[str, str] = field(default_factory=dict[str, str])
    """What else the file declares, and with which word: `let`, `function`."""
    imports: dict[str, Import] = field(default_factory=dict[str, "Import"])
    fields: dict[int, dict[str, Node]] = field(default_factory=dict[int, "dict[str, Node]"])
    """The fields of the objects that were looked into, by where the objects begin."""
    supplied: set[str] = field(default_factory=set[str])
    """Those of `defines` that a value was taken from."""

    def enum(self, name: str) -> Mapping[str, object] | None:
        """The enum of ContractSpec that a name stands for, or all of them for a whole module's.

        None if it stands for neither.
        """
        imported = self.imports.get(name)
        if imported is None:
            return None if name in self.variables else ENUMS.get(name)
        if not imported.module.startswith(_CONTRACTSPEC):
            return None
        return ENUMS if imported.original is None else ENUMS.get(imported.original)

    def is_define(self, function: Node) -> bool:
        """Whether a call of `function` defines a workflow."""
        if function.type == "member_expression":
            member = function.child_by_field_name("property")
            return member is not None and source(member) == DEFINE
        name = source(function)
        imported = self.imports.get(name)
        return (imported.original if imported else name) == DEFINE

    def defining(self) -> re.Pattern[str]:
        """What a text has in it that defines a workflow, whether or not it can be parsed."""
        aliases = [name for name, found in self.imports.items() if found.original == DEFINE]
        words = "|".join(map(re.escape, (DEFINE, *aliases)))
        typed = rf"\b{TYPE}(?:\[\])?\s*=|\b(?:as|satisfies)\s+{TYPE}\b"
        return re.compile(rf"\b(?:{words})\b|{typed}")

    def known(self) -> list[str]:
        """Every name that has a value, for suggestions."""
        return [*self.constants, *self.defines, *(name for name in self.imports if self.enum(name))]


def names_of(program: Node, defines: Mapping[str, Any]) -> Names:
    """The names that a file declares and imports at its top level."""
    names = Names(defines)
    for statement in children(program):
        if statement.type == "import_statement":
            names.imports.update(_imports(statement))
            continue
        declared = statement
        if statement.type == "export_statement":
            declared = statement.child_by_field_name("declaration") or statement
        _declare(names, declared)
    return names


def declarators(statement: Node) -> Iterator[Node]:
    """Each `name = value` of a `const`, `let` or `var`."""
    if statement.type in {"lexical_declaration", "variable_declaration"}:
        yield from (part for part in children(statement) if part.type == "variable_declarator")


def declaring_word(statement: Node) -> str:
    """The word that a declaration begins with: `const`, `let`, `var`, `function`, `enum`."""
    return next((child.type for child in statement.children if not child.is_named), "declaration")


def _declare(names: Names, statement: Node) -> None:
    word = declaring_word(statement)
    for declarator in declarators(statement):
        name, value = (declarator.child_by_field_name(part) for part in ("name", "value"))
        if name is None or name.type != "identifier":
            continue
        if word == "const" and value is not None:
            names.constants[source(name)] = value
        else:
            names.variables[source(name)] = word
    name = statement.child_by_field_name("name")
    body = statement.child_by_field_name("body")
    if statement.type == "enum_declaration" and name is not None and body is not None:
        names.constants[source(name)] = body
    elif name is not None and statement.type.endswith(
        ("function_declaration", "class_declaration")
    ):
        names.variables[source(name)] = word


def _imports(statement: Node) -> Iterator[tuple[str, Import]]:
    origin = statement.child_by_field_name("source")
    module = source(origin)[1:-1] if origin else ""
    clauses = (part for part in children(statement) if part.type == "import_clause")
    for clause in (part for found in clauses for part in children(found)):
        if clause.type == "identifier":
            yield source(clause), Import("default", module)
        elif clause.type == "namespace_import":
            for name in children(clause):
                yield source(name), Import(None, module)
        else:
            for specifier in children(clause):
                original = specifier.child_by_field_name("name")
                alias = specifier.child_by_field_name("alias") or original
                if original is not None and alias is not None:
                    yield source(alias), Import(source(original), module)
