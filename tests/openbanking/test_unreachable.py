"""What fails before any answer, at the addresses of a served sandbox and by rule in this process.

The former is what networks really do; the latter must not be told from it.
"""

from __future__ import annotations

import httpx
import pytest
from pydantic import SecretStr

from pfo_dagster.openbanking import ErrorKind, open_powens, open_sandbox
from pfo_dagster.openbanking.sandbox import ControlPanel, Rule
from pfo_dagster.openbanking.sandbox.faults import rule_added
from pfo_dagster.openbanking.sandbox.for_tests import PowensSandbox
from pfo_dagster.openbanking.sandbox.unreachable import BEFORE_ANY_ANSWER
from tests.openbanking.support import KEY, Clock, refused, run

MEANINGS = {
    "dns": (ErrorKind.RETRYABLE, "the name {host} could not be resolved"),
    "tls": (ErrorKind.RETRYABLE, "no secure connection (TLS) to {host} could be made"),
    "certificate": (ErrorKind.FATAL, "the identity of {host} could not be verified (TLS)"),
}


def test_all_of_them_are_here() -> None:
    assert set(MEANINGS) == set(BEFORE_ANY_ANSWER)


@pytest.mark.parametrize("how", MEANINGS)
def test_a_client_at_such_an_address(how: str, powens_sandbox: PowensSandbox) -> None:
    address = powens_sandbox.unreachable(how)
    client = open_powens(
        base_url=address, token=SecretStr(powens_sandbox.token), identity_key=KEY, clock=Clock()
    )
    error = refused(client.accounts())
    kind, words = MEANINGS[how]
    assert error.kind is kind
    assert words.format(host=httpx.URL(address).host) in str(error)
    assert not powens_sandbox.stage.calls, "nobody was told the token"


@pytest.mark.parametrize("how", MEANINGS)
def test_the_built_in_sandbox_by_rule(how: str) -> None:
    panel = ControlPanel()
    panel.change(lambda now: rule_added(now, Rule(breakage=how, path="/users/me/acc*", times=2)))
    bank = open_sandbox(seed=7, clock=Clock(), panel=panel)
    kind, words = MEANINGS[how]
    assert run(bank.connections())
    for _ in range(2):
        error = refused(bank.accounts())
        assert error.kind is kind
        assert str(error).startswith("GET /2.0/users/me/accounts: ")
        assert words.format(host="sandbox.invalid") in str(error)
    assert run(bank.accounts()), "the rule is used up"


def test_who_does_not_look_at_certificates_is_found_out(powens_sandbox: PowensSandbox) -> None:
    address = powens_sandbox.unreachable("certificate")
    careless = httpx.get(f"{address}/users/me", verify=False)  # noqa: S501 - what is tried here
    assert careless.status_code == 401
    assert powens_sandbox.stage.calls


def test_no_rule_of_a_served_sandbox_does_what_no_server_can(powens_sandbox: PowensSandbox) -> None:
    with pytest.raises(ValueError, match=r"powens_sandbox.unreachable\('dns'\)"):
        powens_sandbox.break_calls("dns")
    with pytest.raises(ValueError, match="Choose one of: dns, tls, certificate"):
        powens_sandbox.unreachable("gremlins")
    # As for a `pfo run` of the same data folder, whose rule it stays.
    panel = powens_sandbox.stage.panel
    panel.change(lambda now: rule_added(now, Rule(breakage="dns")))
    assert httpx.get(f"{powens_sandbox.base_url}/currencies").status_code == 200
    assert panel.read().rules
