"""When an empty listing is believed: the rule by itself."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping

import pytest

from pfo_dagster.openbanking.records import AccountListing, Connection, Rejected
from pfo_dagster.operations.banking.accounts import AccountsInput
from pfo_dagster.operations.banking.emptiness import refuse_sudden_emptiness
from pfo_dagster.operations.errors import FailureKind, OperationError
from tests.operations.test_decisions import connection

NOTHING = AccountListing(accounts=())
ONE_REFUSED = AccountListing(
    accounts=(), rejected=(Rejected(relation="accounts", record_id="1", reason="no currency"),)
)


def connections(*ids: str) -> list[Connection]:
    return [connection(connection_id=one) for one in ids]


def refusal(
    followed: Mapping[str, int],
    listed: Collection[str],
    listing: AccountListing | None,
    deleted: Collection[str] = (),
) -> OperationError | None:
    """What is said against these listings; None where they are believed."""
    try:
        refuse_sudden_emptiness(followed, connections(*listed), listing, deleted=deleted)
    except OperationError as error:
        return error
    return None


@pytest.mark.parametrize(
    ("followed", "listed", "listing", "deleted"),
    [
        pytest.param({}, (), NOTHING, (), id="nothing was ever known"),
        pytest.param({"1": 3}, (), NOTHING, ("1",), id="all are known to be deleted"),
        pytest.param({"1": 0}, ("1",), NOTHING, (), id="the connection had no accounts"),
        pytest.param({"1": 3}, ("2",), NOTHING, (), id="a new connection in the place of the old"),
        pytest.param({"1": 3}, ("1",), ONE_REFUSED, (), id="a row was listed, and refused"),
        pytest.param({"1": 3}, ("1",), None, (), id="accounts were not asked for"),
    ],
)
def test_it_is_believed(
    followed: Mapping[str, int],
    listed: Collection[str],
    listing: AccountListing | None,
    deleted: Collection[str],
) -> None:
    assert refusal(followed, listed, listing, deleted) is None


@pytest.mark.parametrize(
    ("followed", "listed", "deleted", "words"),
    [
        ({"1": 3, "2": 0}, (), (), "lists no connection, where it had 2 (1, 2)"),
        ({"1": 3, "2": 0}, (), ("1",), "lists no connection, where it had 1 (2)"),
        ({"1": 3, "2": 4, "3": 5}, ("1", "2"), (), "lists no account, where it had 7"),
    ],
)
def test_it_is_refused_as_worth_another_try(
    followed: Mapping[str, int], listed: Collection[str], deleted: Collection[str], words: str
) -> None:
    refused = refusal(followed, listed, NOTHING, deleted)
    assert refused is not None
    assert refused.kind is FailureKind.RETRYABLE
    assert words in str(refused)
    assert "nothing was recorded" in str(refused)


def test_the_message_holds_the_data_that_makes_it_believed() -> None:
    followed = {"7": 1, "8": 1}
    said = str(refusal(followed, (), NOTHING))
    data = json.loads(said[said.index("{") : said.index("}") + 1])
    told = AccountsInput.model_validate(data)
    assert refusal(followed, (), NOTHING, told.deleted_connections) is None
