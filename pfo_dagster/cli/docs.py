"""`pfo docs`: a page for each workflow, and whether the pages that there are still hold."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pfo_dagster.cli.console import err, out
from pfo_dagster.cli.exit_codes import CALLED_WRONGLY, DONE, FAILED
from pfo_dagster.cli.specs import defined, load_app, load_specs
from pfo_dagster.config import load_settings
from pfo_dagster.operations.banking import open_banking_operations
from pfo_dagster.spec import render
from pfo_dagster.translate.planning.page import GENERATED, workflow_pages

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from pfo_dagster.spec import WorkflowSpec


def write_docs(folder: Path | None, *, check: bool) -> int:
    """Write the pages to `folder`, or only look whether they are those; the exit status.

    Without a folder it is `docs/workflows` beside that of the specs. Generated pages of workflows
    that are gone are removed. Nothing is written while a spec cannot be read.
    """
    specs = load_settings().specs_dir
    folder = folder or specs.resolve().parent / "docs" / "workflows"
    loaded = load_specs(specs, defined(load_app(specs)))
    if loaded.diagnostics:
        err.print(render(loaded.diagnostics), markup=False, soft_wrap=True)
        return CALLED_WRONGLY

    def link(spec: WorkflowSpec) -> str | None:
        return os.path.relpath(spec.source.path, folder) if spec.source else None

    pages = workflow_pages(loaded.specs, open_banking_operations(), link)
    drift = _drift(folder, pages)
    if check:
        for path, what in drift.items():
            err.print(f"{path}: {what}", markup=False, soft_wrap=True)
        if drift:
            err.print("Run [bold]pfo docs[/] and commit the pages.")
            return FAILED
        out.print(f"{len(pages)} pages in {folder} are what the specs say.", soft_wrap=True)
        return DONE
    for path, what in _write(folder, pages, drift):
        out.print(f"{path}: {what}", markup=False, soft_wrap=True)
    out.print(f"{len(pages)} pages in {folder}: {len(drift)} changed.", soft_wrap=True)
    return DONE


def _drift(folder: Path, pages: Mapping[str, str]) -> dict[Path, str]:
    """The pages that are not as they should be, and in what way."""
    drift: dict[Path, str] = {}
    for name, text in pages.items():
        path = folder / name
        if not path.exists():
            drift[path] = "is missing"
        elif path.read_text(encoding="utf-8") != text:
            drift[path] = "is not what the specs say"
    for path in sorted(folder.glob("*.md")):
        if path.name not in pages and GENERATED in path.read_text(encoding="utf-8"):
            drift[path] = "is of a workflow that is gone"
    return drift


def _write(
    folder: Path, pages: Mapping[str, str], drift: Iterable[Path]
) -> Iterator[tuple[Path, str]]:
    """Make the pages what they should be, saying of each that changes what was done."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in drift:
        if path.name in pages:
            what = "written anew" if path.exists() else "new"
            path.write_text(pages[path.name], encoding="utf-8")
        else:
            what = "removed: its workflow is gone"
            path.unlink()
        yield path, what
