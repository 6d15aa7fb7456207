"""`pfo export`: a published relation as a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pfo_dagster.cli.console import out, stop
from pfo_dagster.cli.exit_codes import CALLED_WRONGLY
from pfo_dagster.config import load_settings
from pfo_dagster.ledger import EXPORT_FORMATS, Ledger, export

if TYPE_CHECKING:
    from pathlib import Path


def export_relation(file: Path, relation: str) -> None:
    """Write a relation, or what a SELECT gives, to `file`. Raises `LedgerError`."""
    if file.suffix not in EXPORT_FORMATS:
        message = f"{file} must end in {' or '.join(EXPORT_FORMATS)}, which says what to write."
        raise stop(message, CALLED_WRONGLY)
    is_query = relation.lstrip("( ").lower().startswith(("select ", "from ", "with "))
    with Ledger(load_settings().data_dir).reader() as reader:
        rows = export(reader, relation if is_query else f"FROM {relation}", file)
    counted = "1 row" if rows == 1 else f"{rows} rows"
    out.print(f"{counted} written to {file}.", soft_wrap=True)
