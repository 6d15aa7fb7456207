"""Powens' daily balances: read as what they are, computed. Pure; called by `provider`.

The endpoint replays known transactions backwards from the balance of now (reference, section 2.6).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from pfo_dagster.openbanking.powens.json_text import as_list, as_object
from pfo_dagster.openbanking.powens.models import WireDailyBalance
from pfo_dagster.openbanking.powens.rejections import rejection
from pfo_dagster.openbanking.records import ComputedBalance, ComputedListing, Rejected

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date


def read_computed_balances(
    content: Mapping[str, object], *, account_id: str, since: date, until: date, identity_key: bytes
) -> ComputedListing:
    """The days of all groups that lie in the period, each once; groups may overlap.

    A day without a balance is left out: nothing was computed for it.
    """
    found: dict[date, ComputedBalance] = {}
    rejected: list[Rejected] = []
    for group in as_list(content.get("balances")) or ():
        for row in as_list((as_object(group) or {}).get("daily_balances")) or ():
            try:
                wire = WireDailyBalance.model_validate(row)
            except ValidationError as error:
                rejected.append(
                    rejection("balances", row, error, identity_key, record_id=account_id)
                )
                continue
            if wire.balance is not None and since <= wire.date <= until:
                found[wire.date] = ComputedBalance(
                    account_id=account_id, day=wire.date, amount=wire.balance
                )
    return ComputedListing(
        balances=tuple(found[day] for day in sorted(found)), rejected=tuple(rejected)
    )
