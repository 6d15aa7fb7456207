"""The other version for `pfo plan --against`: a file, a folder, or a revision in git."""

from __future__ import annotations

import io
import subprocess
import tarfile
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from pfo_dagster.cli.console import stop
from pfo_dagster.cli.exit_codes import CALLED_WRONGLY
from pfo_dagster.cli.specs import LoadedSpecs, load_specs
from pfo_dagster.spec import SpecError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pfo_dagster.spec import WorkflowSpec


@dataclass(frozen=True, slots=True)
class Earlier:
    """The specs to compare with, as they stood at `name`."""

    name: str
    loaded: LoadedSpecs

    def versions_of(self, specs: Sequence[WorkflowSpec], folder: Path) -> EarlierVersions:
        """Find the earlier version of each of `specs`, which were read from `folder`.

        A workflow is found by its key, wherever it stood; one with another key by its file, if
        nothing else was or is in that. Raises `SpecError` if one may be in a file that could not be
        read.
        """
        by_key = {spec.meta.key: spec for spec in self.loaded.specs}
        found = {spec.meta.key: by_key.get(spec.meta.key) for spec in specs}
        new = [spec for spec in specs if found[spec.meta.key] is None]
        gone = [other for key, other in by_key.items() if key not in found]
        if new and self.loaded.diagnostics:
            raise SpecError(self.loaded.diagnostics)
        for spec in new:
            file = self._file(spec, folder)
            here = [one for one in new if self._file(one, folder) == file]
            there = [one for one in gone if self._file(one, self.loaded.path) == file]
            if len(here) == len(there) == 1:
                found[spec.meta.key] = there[0]
        kept = {spec.meta.key for spec in found.values() if spec}
        return EarlierVersions(found, [spec.meta.key for spec in gone if spec.meta.key not in kept])

    def _file(self, spec: WorkflowSpec, folder: Path) -> Path | None:
        """The place of a spec within its folder; None, as for all others, where one is a file."""
        if spec.source is None or self.loaded.path.is_file() or folder.is_file():
            return None
        return spec.source.path.relative_to(folder)


@dataclass(frozen=True, slots=True)
class EarlierVersions:
    """Which workflow is a later version of which."""

    by_key: Mapping[str, WorkflowSpec | None]
    """The earlier version by the key of the later one; None for a new workflow."""
    gone: Sequence[str]
    """The keys of the workflows that have no later version."""


@contextmanager
def earlier_specs(against: str, folder: Path, defines: Mapping[str, Any]) -> Iterator[Earlier]:
    """Read the version of the specs at `folder` that `against` names; a path comes before git."""
    if against and Path(against).exists():
        yield Earlier(against, load_specs(Path(against), defines))
        return
    with TemporaryDirectory() as place:
        checkout = Path(place)
        _extract(against, folder if folder.is_dir() else folder.parent, checkout)
        path = checkout if folder.is_dir() else checkout / folder.name
        loaded = load_specs(path, defines)
        diagnostics = [
            replace(one, path=Path(f"{against}:{one.path.relative_to(checkout)}"))
            if one.path and one.path.is_relative_to(checkout)
            else one
            for one in loaded.diagnostics
        ]
        yield Earlier(against, replace(loaded, diagnostics=diagnostics))


def _extract(revision: str, folder: Path, target: Path) -> None:
    """Write `folder` as it was at `revision` to `target`, whatever is in the working tree."""
    commit = _git(folder, revision, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{}}")
    archive = _git(folder, revision, "archive", "--format=tar", commit.decode().strip(), ".")
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(target, filter="data")


def _git(folder: Path, revision: str, *arguments: str) -> bytes:
    try:
        command = ["git", "-C", str(folder), *arguments]
        done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - no shell
    except FileNotFoundError:
        raise stop(
            "git is not installed, so --against takes a file only.", CALLED_WRONGLY
        ) from None
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip()
        message = (
            f"--against {revision}: this is neither a file nor a git revision that has {folder}.\n"
            f"git says: {said}"
        )
        raise stop(message, CALLED_WRONGLY)
    return done.stdout
