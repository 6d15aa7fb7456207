"""The household of the sandbox: three banks, twelve accounts, five currencies, and some trouble.

One bank works and is synced every night. One is synced every three days and late, so that its data
is always more than a day old. One waits for its user. Their names and numbers are made up.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING

from pfo_dagster.openbanking.sandbox.world import (
    AccountPlan,
    ConnectionPlan,
    Habit,
    Rhythm,
    World,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

LILAS, HELVETIA, KOTO = 101, 102, 103
_CHECKING, _JOINT, _CARD = 201, 202, 204

_CONNECTIONS = (
    ConnectionPlan(
        connection_id=LILAS,
        connector_id=40,
        connector_uuid="5f0c2f1e-4c3a-5d0b-9a55-0d1f3b6a7c01",
        institution="Banque des Lilas",
    ),
    ConnectionPlan(
        connection_id=HELVETIA,
        connector_id=41,
        connector_uuid="5f0c2f1e-4c3a-5d0b-9a55-0d1f3b6a7c02",
        institution="Helvetia Privat",
        rhythm=Rhythm(at=time(4, 40), every_days=3, known_after=timedelta(hours=30)),
    ),
    ConnectionPlan(
        connection_id=KOTO,
        connector_id=42,
        connector_uuid="5f0c2f1e-4c3a-5d0b-9a55-0d1f3b6a7c03",
        institution="Koto Direct",
        rhythm=Rhythm(at=time(5, 40), every_days=45, known_after=timedelta(days=14)),
        state="SCARequired",
    ),
)

_GROCERIES = ("CB MARCHE DES LILAS", "CB EPICERIE NOUVELLE", "CB BOULANGERIE PAUL ET FILLE")
_SHOPS = ("CB LIBRAIRIE DU PARC", "CB GARE DE LYON", "CB CAFE DES ARTS", "CB PHARMACIE MONGE")
_SWISS_SHOPS = ("KARTE MIGRO STADELHOFEN", "KARTE SBB CFF", "KARTE BAECKEREI HUG")


def household(seed: int) -> World:
    """The household that `seed` stands for; another seed means the same people, other amounts."""
    raise_of_pay = Random(seed).randrange(0, 40_000)  # noqa: S311 - made-up data
    pay = Decimal("3650.00") + Decimal(raise_of_pay) / 100
    accounts = (*_at_lilas(pay), *_at_helvetia(), *_at_koto())
    return World(seed=seed, connections=_CONNECTIONS, accounts=accounts)


def _at_lilas(pay: Decimal) -> Sequence[AccountPlan]:
    return (
        AccountPlan(
            account_id=_CHECKING,
            connection_id=LILAS,
            name="Compte courant",
            kind="checking",
            currency="EUR",
            opening=Decimal("2450.18"),
            iban=_iban("FR", "30006000011234567890189"),
            number="1234567890189",
            habits=(
                _regular("VIR SALAIRE ATELIER LENOIR", "transfer", str(pay), day=28),
                _regular("VIR COMPTE JOINT", "transfer", "-600.00", day=2),
                _regular("VIR LIVRET A", "transfer", "-250.00", day=6),
                _regular("ECHEANCE PRET", "loan_payment", "-912.44", day=5),
                _regular("PRLV LOYER PARKING", "order", "-95.00", day=3),
                Habit(
                    wordings=_GROCERIES,
                    kind="card",
                    low=Decimal("-96.00"),
                    high=Decimal("-12.00"),
                    times=9,
                    pending=timedelta(hours=40),
                ),
            ),
        ),
        AccountPlan(
            account_id=_JOINT,
            connection_id=LILAS,
            name="Compte joint",
            kind="joint",
            currency="EUR",
            opening=Decimal("1310.05"),
            iban=_iban("FR", "30006000019876543210976"),
            number="9876543210976",
            habits=(
                _regular("VIR COMPTE COURANT", "transfer", "600.00", day=2),
                _regular("VIR RECU M MARTIN", "transfer", "550.00", day=2),
                _regular("PRLV ENERGIE DU RHONE", "order", "-142.30", day=12),
                Habit(
                    wordings=_GROCERIES,
                    kind="card",
                    low=Decimal("-118.00"),
                    high=Decimal("-24.00"),
                    times=12,
                    pending=timedelta(hours=40),
                ),
            ),
        ),
        AccountPlan(
            account_id=203,
            connection_id=LILAS,
            name="Livret A",
            kind="livret_a",
            currency="EUR",
            opening=Decimal("11200.00"),
            number="0000203",
            habits=(_regular("VIR COMPTE COURANT", "transfer", "250.00", day=6),),
        ),
        AccountPlan(
            account_id=_CARD,
            connection_id=LILAS,
            name="Carte a debit differe",
            kind="card",
            currency="EUR",
            opening=Decimal("0.00"),
            parent_id=_CHECKING,
            number="4970XXXXXXXX1204",
            habits=(
                Habit(
                    wordings=_SHOPS,
                    kind="deferred_card",
                    low=Decimal("-88.00"),
                    high=Decimal("-6.50"),
                    times=14,
                ),
            ),
        ),
        AccountPlan(
            account_id=205,
            connection_id=LILAS,
            name="Pret immobilier",
            kind="loan",
            currency="EUR",
            opening=Decimal("-184250.00"),
            habits=(_regular("AMORTISSEMENT PRET", "loan_repayment", "612.37", day=5),),
        ),
        AccountPlan(
            account_id=206,
            connection_id=LILAS,
            name="Ancien PEL",
            kind="pel",
            currency="EUR",
            opening=Decimal("8412.90"),
            deleted_at=datetime(2025, 6, 30, 3, 10, tzinfo=UTC),
        ),
    )


def _at_helvetia() -> Sequence[AccountPlan]:
    return (
        AccountPlan(
            account_id=211,
            connection_id=HELVETIA,
            name="Privatkonto",
            kind="checking",
            currency="CHF",
            opening=Decimal("6120.35"),
            iban=_iban("CH", "00762011623852957"),
            number="011623852957",
            habits=(
                _regular("SALAER KLINIK SEEFELD", "transfer", "5900.00", day=25),
                _regular("MIETE", "order", "-2150.00", day=1),
                _regular("UEBERTRAG WERTSCHRIFTEN", "transfer", "-1400.00", day=26),
                Habit(
                    wordings=_SWISS_SHOPS,
                    kind="card",
                    low=Decimal("-140.00"),
                    high=Decimal("-4.20"),
                    times=24,
                    pending=timedelta(hours=30),
                ),
            ),
        ),
        AccountPlan(
            account_id=212,
            connection_id=HELVETIA,
            name="Depot USD",
            kind="market",
            currency="USD",
            opening=Decimal("48210.77"),
            habits=(
                Habit(
                    wordings=("CORPORATE ACTION", "SALE OF SHARES", "REALISED RESULT"),
                    kind="profit",
                    low=Decimal("-900.00"),
                    high=Decimal("1250.00"),
                    times=5,
                ),
                _regular("CUSTODY FEE", "market_fee", "-18.15", day=27),
            ),
        ),
        AccountPlan(
            account_id=213,
            connection_id=HELVETIA,
            name="Wallet BTC",
            kind="market",
            currency="BTC",
            opening=Decimal("0.41230015"),
            habits=(
                Habit(
                    wordings=("BUY BTC",),
                    kind="market_order",
                    low=Decimal("0.00110000"),
                    high=Decimal("0.00390000"),
                ),
                _regular("NETWORK FEE", "fee", "-0.00000001", day=15),
            ),
        ),
        AccountPlan(
            account_id=214,
            connection_id=HELVETIA,
            name="Lebensversicherung",
            kind="lifeinsurance",
            currency="EUR",
            opening=Decimal(0),
            balance_known=False,
        ),
    )


def _at_koto() -> Sequence[AccountPlan]:
    return (
        AccountPlan(
            account_id=221,
            connection_id=KOTO,
            name="Yen savings",
            kind="savings",
            currency="JPY",
            opening=Decimal(1250000),
            number="7000000221",
            habits=(
                _regular("FURIKOMI TSUMITATE", "transfer", "30000", day=10),
                _regular("RISOKU", "profit", "12", day=20),
            ),
        ),
        AccountPlan(
            account_id=222,
            connection_id=KOTO,
            name="Euro account, not activated",
            kind="checking",
            currency="EUR",
            opening=Decimal(0),
            disabled_at=datetime(2025, 2, 3, 9, 0, tzinfo=UTC),
        ),
    )


def _regular(wording: str, kind: str, amount: str, *, day: int) -> Habit:
    """Once a month, on the same day, the same amount."""
    value = Decimal(amount)
    return Habit(wordings=(wording,), kind=kind, low=value, high=value, day=day)


def _iban(country: str, national: str) -> str:
    """A made-up IBAN with check digits that are right."""
    digits = "".join(str(int(character, 36)) for character in f"{national}{country}00")
    return f"{country}{98 - int(digits) % 97:02d}{national}"
