"""What `pfo plan` and `pfo docs` start from: the specs as far as they can be read, and the app."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pfo_dagster.cli.console import err, stop
from pfo_dagster.cli.exit_codes import CALLED_WRONGLY
from pfo_dagster.definitions import APP_FILE
from pfo_dagster.spec import load_workflows, read_app

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence
    from pathlib import Path

    from pfo_dagster.spec import AppConfig, Diagnostic, WorkflowSpec


@dataclass(frozen=True, slots=True)
class LoadedSpecs:
    """The workflows that could be read from `path`, and what is wrong with the others."""

    path: Path
    specs: Sequence[WorkflowSpec]
    diagnostics: Sequence[Diagnostic]
    supplied: frozenset[str]
    """The names that the specs took from `defines`."""

    def with_key(self, key: str) -> WorkflowSpec:
        """The workflow of that key; stops the command, naming those that there are, without it."""
        for spec in self.specs:
            if spec.meta.key == key:
                return spec
        keys = [spec.meta.key for spec in self.specs]
        near = difflib.get_close_matches(key, keys, n=1, cutoff=0.4)
        hint = f" Did you mean {near[0]}?" if near else ""
        known = "\n".join(f"  {known}" for known in sorted(keys)) or "  none that can be read"
        problem = f'there is no file "{key}", and {self.path} has no workflow of that key.'
        message = f"{problem}{hint}\nIt has:\n{known}"
        raise stop(message, CALLED_WRONGLY)


def load_app(specs_dir: Path) -> AppConfig | None:
    """The app config beside the specs, if there is one. Raises `SpecError`."""
    path = specs_dir / APP_FILE
    return read_app(path) if path.exists() else None


def defined(app: AppConfig | None, more: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The values of names that specs use and do not define; `more` before the app config's."""
    return {**((app and app.defines) or {}), **(more or {})}


def load_specs(path: Path, defines: Mapping[str, Any]) -> LoadedSpecs:
    """Read what can be read at `path`."""
    loaded = load_workflows(path, defines=defines)
    return LoadedSpecs(path, loaded.specs, loaded.diagnostics, loaded.supplied)


def say_unused(defines: Iterable[str], supplied: Container[str]) -> None:
    """Say which names were defined on the command line for nothing: they may be misspelt."""
    for name in defines:
        if name not in supplied:
            message = f"--define {name} changes nothing: no spec that was read lacks that name."
            err.print("[bold yellow]warning:[/] ", end="")
            err.print(message, markup=False, soft_wrap=True)
