"""All that the sandbox can do wrong, done to the client over a socket: nothing is without a kind.

A breakage or code that the sandbox learns fails here until it is said what is to become of it.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from pfo_dagster.openbanking import ErrorKind, open_sandbox
from pfo_dagster.openbanking.powens.exchange import Timeouts
from pfo_dagster.openbanking.sandbox import Faults
from pfo_dagster.openbanking.sandbox.faults import BREAKAGES, CODES, breakage
from tests.openbanking.support import TOKEN, Clock, held, refused, run, sandboxed, world_of

if TYPE_CHECKING:
    from collections.abc import Generator

    from pfo_dagster.openbanking.powens.provider import PowensProvider

RETRYABLE, RATE_LIMITED = ErrorKind.RETRYABLE, ErrorKind.RATE_LIMITED
NEEDS_USER, FATAL = ErrorKind.NEEDS_USER, ErrorKind.FATAL

NO_USE = "the answer cannot be used"
NOT_THERE = "Powens is not available"
TOO_LONG = "took too long to answer"
NO_TOKEN = "the token was refused"

MEANINGS: dict[str, tuple[ErrorKind, str]] = {
    "rate-limit": (RATE_LIMITED, "Powens limits how often it is asked"),
    "server-error": (RETRYABLE, NOT_THERE),
    "bad-gateway": (RETRYABLE, NOT_THERE),
    "gateway-timeout": (RETRYABLE, NOT_THERE),
    "html-page": (RETRYABLE, NOT_THERE),
    "truncated": (RETRYABLE, NO_USE),
    "wrong-type": (RETRYABLE, NO_USE),
    "empty": (RETRYABLE, NO_USE),
    "gzip-bomb": (RETRYABLE, NO_USE),
    "redirect": (FATAL, "redirected to another address"),
    "slow-drip": (RETRYABLE, TOO_LONG),
    "slow": (RETRYABLE, TOO_LONG),
    "reset": (RETRYABLE, "closed the connection"),
    "code:noAccount": (FATAL, "refused the call"),
    "code:wrongpass": (NEEDS_USER, "enter the right password"),
    "code:websiteUnavailable": (RETRYABLE, "the bank's site is not available"),
    "code:tooManySync": (RATE_LIMITED, "Powens limits how often it is asked"),
    "code:connectionLocked": (RETRYABLE, "locked for the moment"),
    "code:bankMessage": (NEEDS_USER, "the bank has a message"),
    "code:actionNeeded": (NEEDS_USER, "log in to the bank's site"),
    "code:bug": (RETRYABLE, "a fault of its own"),
    "code:dataError": (RETRYABLE, "could not handle the data"),
    "code:keymanager": (RETRYABLE, "key store failed"),
    "code:notSupported": (FATAL, "does not support this"),
    "code:config": (FATAL, "not set up for this"),
    "code:forbidden": (FATAL, NO_TOKEN),
    "code:unauthorized": (FATAL, NO_TOKEN),
    "code:missingParameter": (FATAL, "misses a parameter"),
    "code:invalidValue": (FATAL, "dislikes a parameter"),
    "code:methodNotAllowed": (FATAL, "has no such call"),
    "code:notFound": (FATAL, "knows nothing under this address"),
}
PROVES_NOTHING = {
    "truncated", "wrong-type", "empty", "gzip-bomb", "slow-drip", "slow", "reset",
    "gateway-timeout", "code:connectionLocked",
}  # fmt: skip
"""After these, a forced sync may be running all the same: the connection is looked at."""


@contextmanager
def broken(name: str, method: str) -> Generator[PowensProvider]:
    """A bank of which each call of `method` goes wrong so, in a tenth of the time."""
    fault = replace(breakage(name), method=method, times=None)
    faults = Faults(fault, sleep=lambda seconds: asyncio.sleep(seconds / 10))
    hasty = Timeouts(read=0.2, answer=0.2, sync=0.2, poll_every=15, poll_for=30)
    world = world_of(held(1, "5"))
    with sandboxed(world, Clock(), faults, hasty) as provider:
        yield provider


def test_all_that_can_go_wrong_is_here() -> None:
    assert set(MEANINGS) == {*BREAKAGES, *(f"code:{code}" for code in CODES)}


@pytest.mark.parametrize("name", MEANINGS)
def test_every_fault_has_a_kind_and_says_what_it_is(name: str) -> None:
    kind, words = MEANINGS[name]
    with broken(name, "GET") as bank:
        error = refused(bank.user_id())
    assert error.kind is kind
    assert words in str(error)
    assert str(error).startswith("GET /2.0/users/me: ")
    assert TOKEN not in str(error)
    assert (error.retry_after == timedelta(seconds=2)) is (name == "rate-limit")


@pytest.mark.parametrize("name", MEANINGS)
def test_a_forced_sync_that_fails_so_is_refused_or_looked_at(name: str) -> None:
    with broken(name, "PUT") as bank:
        (connection,) = run(bank.connections()).connections
        if name in PROVES_NOTHING:
            assert not run(bank.sync(connection)).moved
        else:
            assert refused(bank.sync(connection)).kind is MEANINGS[name][0]


def test_no_account_is_a_fault_of_everything_but_a_listing() -> None:
    with broken("code:noAccount", "GET") as bank:
        assert run(bank.accounts()).accounts == ()


@pytest.mark.parametrize("name", ["slow-drip", "slow"])
def test_the_sandbox_in_process_is_waited_for_no_longer_than_a_server(name: str) -> None:
    fault = replace(breakage(name), method="GET", times=None)
    hasty = Timeouts(read=0.05, answer=0.05)
    bank = open_sandbox(seed=1, clock=Clock(), faults=Faults(fault), timeouts=hasty)
    assert refused(bank.user_id()).kind is RETRYABLE
    patient = Timeouts(read=0.05, answer=60)
    bank = open_sandbox(seed=1, clock=Clock(), faults=Faults(fault), timeouts=patient)
    assert refused(bank.user_id()).kind is RETRYABLE
