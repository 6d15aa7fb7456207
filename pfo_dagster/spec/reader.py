"""Reads specs and the app config from files, and tells everything that is wrong with any of them.

`read_workflows` and `read_app` are for callers who want all or nothing; `load_workflows` for those
who want what can be had together with the complaints.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from pfo_dagster.spec.app import AppConfig
from pfo_dagster.spec.damage import DamagedSpec, repaired
from pfo_dagster.spec.diagnostics import SpecError
from pfo_dagster.spec.fields import SourcedPart
from pfo_dagster.spec.model import WorkflowSpec
from pfo_dagster.spec.readers import MIXED, READERS, Reading
from pfo_dagster.spec.rules import reading as rules
from pfo_dagster.spec.source import Position, SourceFile, SourceMap
from pfo_dagster.spec.validation import validate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pfo_dagster.spec.diagnostics import Diagnostic

Model = TypeVar("Model", bound=SourcedPart)

MAX_BYTES: Final = 512 * 1024
"""A file's size; specs have a few thousand bytes, and YAML is slow to read."""

APP_FILE: Final = "app.yaml"
"""The app config's name in a folder of specs."""

_OTHER: Final = (".schema.json", ".d.ts", ".test.ts")
_NOTHING: Final = "there is nothing in this file that could be read as a workflow"


@dataclass(frozen=True, slots=True)
class LoadResult:
    """The workflows that could be read, and what is wrong with the files of all of them."""

    specs: tuple[WorkflowSpec, ...]
    diagnostics: tuple[Diagnostic, ...]
    damaged: tuple[DamagedSpec, ...] = ()
    """What is left of the others, of which more may be wrong than could be told in reading."""
    supplied: frozenset[str] = frozenset()
    """The names whose values the files do not have and `defines` gave."""


def read_workflows(path: Path, *, defines: Mapping[str, Any] | None = None) -> list[WorkflowSpec]:
    """Every workflow of a file, or of the files in a folder and its folders, sorted by path.

    `defines` gives JSON values to names that a TypeScript file or a generated page uses and does
    not define. Raises `SpecError` with everything that is wrong with any of the files.
    """
    result = load_workflows(path, defines=defines)
    if result.diagnostics:
        raise SpecError(result.diagnostics)
    return list(result.specs)


def load_workflows(path: Path, *, defines: Mapping[str, Any] | None = None) -> LoadResult:
    """As `read_workflows`, but gives what can be read together with what is wrong. Never raises.

    A file with a reading problem (syntax, a key twice, a name without a value) gives no specs at
    all. Modules and pages of a folder that define no workflow are passed over.
    """
    path = Path(path)
    specs: list[WorkflowSpec] = []
    diagnostics: list[Diagnostic] = []
    damaged: list[DamagedSpec] = []
    supplied: set[str] = set()
    files = [path] if path.is_file() else list(_workflow_files(path))
    for file in files:
        reading = _read_file(file, defines or {})
        found, wrong = _models_of(reading, WorkflowSpec)
        supplied |= reading.supplied
        if wrong:
            left = (repaired(source, value) for source, value in _all_parts(reading))
            damaged += [one for one in left if one]
        is_other = file is not path and file.suffix in MIXED
        if not found and not wrong and not is_other:
            wrong = [rules.NO_WORKFLOW.broken(_NOTHING, file=SourceFile(file, ""))]
        specs.extend(found)
        diagnostics.extend(wrong)
    if not specs and not diagnostics:
        diagnostics.append(_nothing_at(path))
    diagnostics.extend(_same_identity(specs))
    return LoadResult(tuple(specs), tuple(diagnostics), tuple(damaged), frozenset(supplied))


def read_app(path: Path) -> AppConfig:
    """The app config of a file. Raises `SpecError` with everything that is wrong with it."""
    path = Path(path)
    if not path.exists():
        message = "there is no such file"
        raise SpecError([rules.UNREADABLE.broken(message, file=SourceFile(path, ""))])
    configs, diagnostics = _models_of(_read_file(path, {}), AppConfig)
    if not configs and not diagnostics:
        raise SpecError([rules.NO_WORKFLOW.broken(_NOTHING, file=SourceFile(path, ""))])
    if len(configs) > 1:
        message = "there are several app configs in this file; one is expected"
        diagnostics.append(rules.WRONG_VALUE.broken(message, file=SourceFile(path, "")))
    if diagnostics:
        raise SpecError(diagnostics)
    return configs[0]


def _workflow_files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        hidden = any(part.startswith(".") or part == "node_modules" for part in parts)
        is_other = path.name == APP_FILE or path.name.endswith(_OTHER)
        if path.suffix in READERS and not hidden and not is_other and not path.is_dir():
            yield path


def _nothing_at(path: Path) -> Diagnostic:
    file = SourceFile(path, "")
    if not path.exists():
        return rules.UNREADABLE.broken("there is no such file or folder", file=file)
    if not path.is_dir():
        return rules.UNREADABLE.broken("this is neither a file nor a folder", file=file)
    suffixes = ", ".join(READERS)
    message = f"this folder has no workflow specs ({suffixes})"
    return rules.NO_WORKFLOW.broken(message, file=file)


def _models_of(reading: Reading, model: type[Model]) -> tuple[list[Model], list[Diagnostic]]:
    models: list[Model] = []
    diagnostics = list(reading.diagnostics)
    for source, value in _all_parts(reading):
        result = validate(model, source, value)
        if isinstance(result, list):
            unread = source.document.is_unread
            diagnostics.extend(one for one in result if not unread((*source.prefix, *one.place)))
        elif not reading.diagnostics:
            models.append(result.read_from(source))
    return models, diagnostics


def _all_parts(reading: Reading) -> Iterator[tuple[SourceMap, object]]:
    for document in reading.documents:
        if isinstance(document.value, list):
            items = cast("list[object]", document.value)
            for index, item in enumerate(items):
                yield SourceMap(document, (index,)), item
        else:
            yield SourceMap(document), document.value


def _read_file(path: Path, defines: Mapping[str, Any]) -> Reading:
    nothing = SourceFile(path, "")
    reader = READERS.get(path.suffix)
    if reader is None:
        message = f"files ending in {path.suffix or 'nothing'} cannot be read"
        expected = "a file ending in " + " or ".join(READERS)
        return _unread(rules.UNREADABLE.broken(message, file=nothing, expected=expected))
    try:
        raw = path.read_bytes()
    except OSError as error:
        message = f"the file cannot be read: {error.strerror or error}"
        return _unread(rules.UNREADABLE.broken(message, file=nothing))
    if len(raw) > MAX_BYTES:
        message = f"the file has {len(raw)} bytes; at most {MAX_BYTES} are read"
        return _unread(rules.UNREADABLE.broken(message, file=nothing))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8", "replace")
        position = Position(before.count("\n") + 1, len(before) - before.rfind("\n"))
        message = f"the file is not in UTF-8: byte 0x{raw[error.start]:02x} cannot be read"
        hint = "save it in UTF-8"
        return _unread(rules.UNREADABLE.broken(message, file=nothing, position=position, hint=hint))
    return reader(SourceFile(path, text), defines=defines)


def _unread(diagnostic: Diagnostic) -> Reading:
    return Reading((), (diagnostic,))


def _same_identity(specs: Iterable[WorkflowSpec]) -> Iterator[Diagnostic]:
    first: dict[tuple[str, str], WorkflowSpec] = {}
    for spec in specs:
        earlier = first.setdefault((spec.meta.key, spec.meta.version), spec)
        if earlier is spec or not spec.source or not earlier.source:
            continue
        line = earlier.source.locate(("meta", "key")).line
        yield rules.DUPLICATE_WORKFLOW.broken(
            f"{spec.meta.key} {spec.meta.version} is specified twice",
            file=spec.source.file,
            position=spec.source.locate(("meta", "key")),
            place=("meta", "key"),
            hint=f"the other one is in {earlier.source.path}:{line}; remove one of them",
        )
