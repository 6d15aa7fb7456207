"""What `openbanking.balances.refresh` takes and gives: part of the contract that specs rely on."""

# No `from __future__ import annotations` here: pydantic reads what the fields are when it runs.
from typing import Literal

from pydantic import BaseModel, Field

from pfo_dagster.operations.banking.decisions import ForceSync


class RefreshInput(BaseModel):
    """Input of `openbanking.balances.refresh`."""

    force: ForceSync | None = Field(
        None, description="Overrules PFO_FORCE_SYNC for this run, unless that is `never`."
    )


class ConnectionReport(BaseModel):
    """What became of one connection in a refresh."""

    connection_id: str
    action: Literal["read", "forced"]
    outcome: Literal["ok", "failed"]
    reason: str


class SuccessionReport(BaseModel):
    """An account that went away and came back under a new id, or may have."""

    account_id: str
    succeeded_by: str | None = Field(description="None where several could: nothing was joined.")
    recognised_by: str
    candidates: list[str]


class RefreshedBalances(BaseModel):
    """Output of `openbanking.balances.refresh`."""

    provider: str
    refresh_id: str
    accounts: int = Field(description="Accounts listed, deleted and disabled ones included.")
    new_balances: int = Field(description="Observations that were not in the ledger yet.")
    unchanged_balances: int
    rejected_rows: int = Field(description="Rows that could not be trusted; see `rejected`.")
    connections: list[ConnectionReport]
    successions: list[SuccessionReport] = Field(
        default=[], description="Accounts under new ids; see `account_successions`."
    )
