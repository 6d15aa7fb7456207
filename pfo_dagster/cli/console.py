"""How the command line speaks: one console for results, one for everything else."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer
from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Iterator

out = Console(soft_wrap=False, highlight=False)
err = Console(stderr=True, highlight=False)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn what people can mend into one message and an exit status, never a traceback."""
    try:
        yield
    except Exception as error:
        # Imported here, because Dagster takes a second and most commands never fail.
        from pfo_dagster.cli.errors import explain  # noqa: PLC0415

        explained = explain(error)
        if explained is None:
            raise
        raise stop(*explained) from None


def stop(message: str, status: int) -> typer.Exit:
    """Say what is wrong, on standard error; raise what is returned."""
    prefix = "" if ": error[" in message else "[bold red]error:[/] "
    err.print(prefix, end="")
    err.print(message, markup=False, soft_wrap=True)
    return typer.Exit(status)


def reason(error: OSError) -> str:
    """What the system says to who cannot listen, without the address that Python adds to it."""
    return (error.strerror or str(error)).partition(" (while attempting")[0]
