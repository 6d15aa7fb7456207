"""`pfo` in a process of its own: started as a shell does (`PFO`), or forked with all imported.

The tests of the command line start a hundred commands, and imports are most of what each does. So
`run_pfo` forks from a server that has Dagster already. What begins before the first import, e.g.
signals while Python starts or another encoding of the output, is for `PFO`.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from multiprocessing.context import ForkServerContext
from pathlib import Path
from subprocess import CompletedProcess
from typing import Final

PFO: Final = (sys.executable, "-c", "from pfo_dagster.cli import main; main()")

_IMPORTED: Final = [
    "pfo_dagster.definitions",
    "dagster._core.execution.execute_in_process",
    "dagster._core.storage.noop_compute_log_manager",
    "dagster._core.storage.root",
    "dagster._core.storage.sqlite_storage",
    "pandas",
    "pytest",
    "rich.progress",
    "rich.table",
    "typer.rich_utils",
]
"""What takes long. Not `pfo_dagster.cli`, which looks at the environment as it is imported."""


def forking() -> ForkServerContext:
    """Makes processes that have all of that imported when they begin."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_IMPORTED)
    return context


def run_pfo(
    *arguments: str, environment: Mapping[str, str], cwd: Path, seconds: float = 120
) -> CompletedProcess[str]:
    """Run the command to its end, with nothing in its environment but what is given here."""
    with tempfile.TemporaryDirectory() as folder:
        printed = Path(folder, "out"), Path(folder, "err")
        process = forking().Process(
            target=_be_pfo, args=(arguments, dict(environment), cwd, printed), daemon=True
        )
        process.start()
        process.join(seconds)
        process.kill()
        process.join()
        out, err = (path.read_text(encoding="utf-8") for path in printed)
    assert process.exitcode is not None
    return CompletedProcess(["pfo", *arguments], process.exitcode, out, err)


def _be_pfo(
    arguments: tuple[str, ...], environment: dict[str, str], cwd: Path, printed: tuple[Path, Path]
) -> None:
    """What the process does: it takes on what a shell would have given it, and is the command."""
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir(cwd)
    for stream, path in zip((sys.stdout, sys.stderr), printed, strict=True):
        with path.open("xb") as file:
            os.dup2(file.fileno(), stream.fileno())
        stream.reconfigure(encoding="utf-8")  # pyright: ignore[reportAttributeAccessIssue] no tests' one
    sys.argv = ["pfo", *arguments]
    from pfo_dagster.cli import main  # noqa: PLC0415 - see `_IMPORTED`

    main()
