"""Whether an empty answer can be true. Pure; asked by the two operations that record what is there.

What is missing from a full listing has ended, so that one empty answer, from a provider with a bad
day, would end a whole household. Therefore an empty listing is believed only where nothing was
known before, or where somebody else says the same.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from pfo_dagster.operations.errors import FailureKind, OperationError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pfo_dagster.openbanking.records import AccountListing, Connection

_ACCOUNTS_WORKFLOW: Final = "pfo.workflow.sync-openbanking-accounts"


def refuse_sudden_emptiness(
    followed: Mapping[str, int],
    connections: Collection[Connection],
    listing: AccountListing | None = None,
    *,
    deleted: Collection[str] = (),
) -> None:
    """Raise `OperationError` (retryable) where the provider suddenly lists nothing.

    `followed` is how many accounts are known at each connection that is not deleted
    (`Writer.followed_accounts`), `deleted` the connections of which it is known otherwise that they
    are gone. Accounts are missed only at connections that are still listed; without a `listing`,
    they are not looked at.
    """
    gone = sorted(set(followed) - set(deleted))
    if not connections and gone:
        raise _refusal(
            f"The provider lists no connection, where it had {len(gone)} ({', '.join(gone)})",
            "If all of them were deleted on purpose, say so: "
            f"pfo run {_ACCOUNTS_WORKFLOW} --data '{json.dumps({'deleted_connections': gone})}'",
        )
    missed = sum(followed.get(one.connection_id, 0) for one in connections)
    if missed and listing is not None and not _lists_any(listing):
        raise _refusal(
            f"The provider lists no account, where it had {missed} at connections that it still "
            "lists",
            "Deleted and disabled accounts would be listed as such. If it stays so, look at the "
            "connections in the provider's webview; one that is deleted there ends here with its "
            "accounts",
        )


def _lists_any(listing: AccountListing) -> bool:
    """Whether any account was listed, be it one whose row could not be trusted."""
    refused = any(row.relation == "accounts" for row in listing.rejected)
    return bool(listing.accounts) or refused


def _refusal(seen: str, to_do: str) -> OperationError:
    return OperationError(
        f"{seen}. That is more likely a fault of the provider's than the end of all of them: "
        f"nothing was recorded, and it is worth trying again. {to_do}.",
        kind=FailureKind.RETRYABLE,
    )
