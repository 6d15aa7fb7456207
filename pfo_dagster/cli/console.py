"""How the command line speaks: one console for results, one for everything else."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import typer
from rich.cells import cell_len
from rich.console import Console

from pfo_dagster.cli.exit_codes import FAILED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.table import Table

out = Console(soft_wrap=False, highlight=False)
err = Console(stderr=True, highlight=False)

_ANY_WIDTH: Final = 10_000
_SHORTEST_NAME: Final = 14


def print_uncut(table: Table, *, names: Iterable[str] = ()) -> None:
    """Print a table of amounts, be it wider than the terminal: half of an amount reads like one.

    `names` are the cells of its first column, which are cut first.
    """
    whole = Console(width=_ANY_WIDTH).measure(table).maximum
    longest = max(map(cell_len, names), default=0)
    least = whole - longest + min(longest, _SHORTEST_NAME)
    shown_on = out if least <= out.width else Console(width=least, highlight=False)
    shown_on.print(table)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn what people can mend into one message and an exit status, never a traceback."""
    try:
        yield
    except typer.Exit:
        # Ours, and no error: what explains those would take longer to import than most commands.
        raise
    except BrokenPipeError:
        # Whoever read our output has read enough.
        raise typer.Exit(FAILED) from None
    except UnicodeEncodeError as error:
        message = (
            f"{sys.stdout.encoding} has no {error.object[error.start : error.end]!r}, which is part"
            " of the output. Set PYTHONIOENCODING=utf-8."
        )
        raise stop(message, FAILED) from None
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
