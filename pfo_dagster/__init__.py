"""ContractSpec workflows on Dagster, with a DuckDB ledger of open-banking balances.

Start reading at `pfo_dagster.definitions`, which puts everything together for Dagster. Other
projects start at `pfo_dagster.translate`, or with `type: pfo_dagster.WorkflowComponent` in a
`defs.yaml`; see `docs/library.md`.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pfo_dagster.translate.component import WorkflowComponent

__all__ = ["WorkflowComponent"]


def __getattr__(name: str) -> object:
    """Import the component when it is asked for: Dagster takes a second, and few need it."""
    if name == "WorkflowComponent":
        from pfo_dagster.translate.component import WorkflowComponent  # noqa: PLC0415 - see above

        return WorkflowComponent
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """All names, with those that are not imported yet: `dg` looks for components here."""
    return sorted({*globals(), *__all__})
