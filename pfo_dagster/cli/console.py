"""How the command line speaks: one console for results, one for everything else, and exit codes."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from pfo_dagster.config import SettingsError
from pfo_dagster.ledger import LedgerError
from pfo_dagster.openbanking.errors import ProviderError
from pfo_dagster.spec import SpecError, render
from pfo_dagster.translate import TranslationError

if TYPE_CHECKING:
    from collections.abc import Iterator

DONE = 0
FAILED = 1
CALLED_WRONGLY = 2

out = Console(soft_wrap=False, highlight=False)
err = Console(stderr=True, highlight=False)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn what people can mend into one message and an exit status, never a traceback."""
    try:
        yield
    except SettingsError as error:
        raise stop(str(error), CALLED_WRONGLY) from None
    except SpecError as error:
        err.print(render(error.diagnostics), markup=False, soft_wrap=True)
        raise typer.Exit(CALLED_WRONGLY) from None
    except TranslationError as error:
        raise stop("\n".join(error.problems), CALLED_WRONGLY) from None
    except (LedgerError, ProviderError) as error:
        raise stop(str(error), FAILED) from None
    except OSError as error:
        place = f" {error.filename}" if error.filename else ""
        raise stop(f"{error.strerror or error}{place}", FAILED) from None


def stop(message: str, status: int) -> typer.Exit:
    """Say what is wrong, on standard error; raise what is returned."""
    err.print("[bold red]error:[/] ", end="")
    err.print(message, markup=False, soft_wrap=True)
    return typer.Exit(status)
