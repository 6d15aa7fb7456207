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
    refuse_sudden_emptiness(followed, connections(*listed), listing, deleted=deleted)


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
    with pytest.raises(OperationError, match="nothing was recorded") as caught:
        refuse_sudden_emptiness(followed, connections(*listed), NOTHING, deleted=deleted)
    assert caught.value.kind is FailureKind.RETRYABLE
    assert words in str(caught.value)


def test_the_message_holds_the_data_that_makes_it_believed() -> None:
    with pytest.raises(OperationError) as caught:
        refuse_sudden_emptiness({"7": 1, "8": 1}, (), NOTHING)
    said = str(caught.value)
    data = json.loads(said[said.index("{") : said.index("}") + 1])
    told = AccountsInput.model_validate(data)
    refuse_sudden_emptiness({"7": 1, "8": 1}, (), NOTHING, deleted=told.deleted_connections)
