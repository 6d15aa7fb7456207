"""Whether the published figures can be believed: a question each, and the rows that object.

`TRUST_CHECKS` lists the questions for whoever asks them all: the asset checks and `pfo verify`.
"""

from pfo_dagster.ledger.trust.ages import clocks_agree, connections_move, figures_are_fresh
from pfo_dagster.ledger.trust.finding import Finding, TrustCheck
from pfo_dagster.ledger.trust.listings import rows_could_be_read
from pfo_dagster.ledger.trust.movements import (
    accounts_stay_on,
    changes_are_booked,
    changes_are_usual,
    currencies_stay,
    signs_fit_account_types,
)
from pfo_dagster.ledger.trust.records import (
    currencies_are_known,
    every_account_is_accounted_for,
    observations_are_unique,
    projections_add_up,
    the_record_is_whole,
    totals_are_the_providers,
)

TRUST_CHECKS = (
    TrustCheck(
        "the_record_is_whole",
        "Transactions are numbered without gaps, and each refresh has all its rows.",
        blocking=True,
        find=the_record_is_whole,
    ),
    TrustCheck(
        "observations_are_unique",
        "No observation stands in the ledger twice.",
        blocking=True,
        find=observations_are_unique,
    ),
    TrustCheck(
        "every_account_is_accounted_for",
        "Each active account was observed by the newest refresh, or there is a reason why not.",
        blocking=True,
        find=every_account_is_accounted_for,
    ),
    TrustCheck(
        "currencies_are_known",
        "Each amount has a currency, and it is one that exists.",
        blocking=True,
        find=currencies_are_known,
    ),
    TrustCheck(
        "totals_are_the_providers",
        "Per currency, our sum over the accounts is the provider's own total, where it gave one.",
        blocking=True,
        find=totals_are_the_providers,
    ),
    TrustCheck(
        "projections_add_up",
        "Each projected balance is the current one and what was coming.",
        blocking=True,
        find=projections_add_up,
    ),
    TrustCheck(
        "rows_could_be_read",
        "Nothing was left out of the newest listing because it could not be right.",
        blocking=False,
        find=rows_could_be_read,
    ),
    TrustCheck(
        "signs_fit_account_types",
        "No loan is positive, and no savings or investment account negative.",
        blocking=False,
        find=signs_fit_account_types,
    ),
    TrustCheck(
        "accounts_stay_on",
        "No account with figures was disabled in the last 30 days, and so left the totals.",
        blocking=False,
        find=accounts_stay_on,
    ),
    TrustCheck(
        "currencies_stay",
        "No account's last balance is in another currency than the one before.",
        blocking=False,
        find=currencies_stay,
    ),
    TrustCheck(
        "changes_are_usual",
        "No account's last change is far outside the band of its earlier ones.",
        blocking=False,
        find=changes_are_usual,
    ),
    TrustCheck(
        "changes_are_booked",
        "Each change of a cash account is what was booked in between, within a day and a cent.",
        blocking=False,
        find=changes_are_booked,
    ),
    TrustCheck(
        "connections_move",
        "No connection says that it is well while its data has stood still for a week.",
        blocking=False,
        find=connections_move,
    ),
    TrustCheck(
        "clocks_agree",
        "The provider's clock, ours and the ledger's agree to five minutes.",
        blocking=False,
        find=clocks_agree,
    ),
)

__all__ = ["TRUST_CHECKS", "Finding", "TrustCheck", "figures_are_fresh"]
