"""What operations, asset checks and sensors are handed: the banks, the ledger, who is alerted.

Nothing here opens a file or a connection before an operation asks for it, so that definitions load
without either.
"""

from __future__ import annotations

import secrets
import tempfile
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

from pfo_dagster.config import SettingsError
from pfo_dagster.installed_ledger import SANDBOX_STATE, bank_clock, open_ledger, panel_of, utc_now
from pfo_dagster.openbanking import (
    ProviderError,
    open_powens,
    open_sandbox,
    powens_base_url,
    validate_base_url,
)
from pfo_dagster.openbanking.powens.exchange import Timeouts
from pfo_dagster.openbanking.powens.onboarding import PowensOnboarding
from pfo_dagster.openbanking.powens.pacing import Quota
from pfo_dagster.operations.banking.access import LEDGER, OPEN_BANKING, BankAccess
from pfo_dagster.operations.banking.decisions import RefreshPolicy
from pfo_dagster.operations.reference_rates import REFERENCE_RATES
from pfo_dagster.rates import ecb_rates, sample_rates

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pydantic import SecretStr

    from pfo_dagster.config import Settings
    from pfo_dagster.openbanking.provider import OpenBankingProvider
    from pfo_dagster.rates import RateSource
    from pfo_dagster.spec import AppConfig


POWENS_CALLS = "powens-calls.json"
"""The file in which the processes that call Powens count their calls of the last minute."""
DEFAULT_TENANT = "household"
"""Whose data it is where the app config does not say."""


def resources(settings: Settings, app: AppConfig) -> dict[str, object]:
    """The resources by the names under which operations require them.

    Raises `SettingsError` when Powens is half set up, or at an address that cannot be right.
    """
    if settings.has_powens:
        try:
            validate_base_url(powens_address(settings))
        except ProviderError as error:
            raise SettingsError(str(error)) from None
    access = BankAccess(
        open_provider=lambda: open_bank(settings),
        clock=bank_clock(settings),
        tenant_id=app.tenant.id if app.tenant else DEFAULT_TENANT,
        policy=refresh_policy(settings),
    )
    return {
        OPEN_BANKING: access,
        LEDGER: open_ledger(settings),
        REFERENCE_RATES: rate_source(settings),
    }


def rate_source(settings: Settings) -> RateSource:
    """Where reference rates come from: made up beside made-up balances, and nothing fetched."""
    return ecb_rates(settings.rates_url) if settings.has_powens else sample_rates()


def refresh_policy(settings: Settings) -> RefreshPolicy:
    """When a refresh asks the banks themselves."""
    return RefreshPolicy(
        stale_after=timedelta(hours=settings.stale_after_hours),
        forced_syncs_per_day=settings.forced_syncs_per_day,
        force_sync=settings.force_sync,
    )


def open_bank(settings: Settings) -> OpenBankingProvider:
    """Powens where it is set up, else the built-in sandbox, whose data is named after it."""
    if not settings.has_powens:
        state = settings.data_dir / SANDBOX_STATE
        return open_sandbox(
            seed=settings.sandbox_seed,
            clock=utc_now,
            state_path=state,
            panel=panel_of(settings),
            timeouts=powens_timeouts(settings),
        )
    assert settings.powens_user_token is not None, "has_powens says so"  # noqa: S101 - narrows
    return open_powens(
        base_url=powens_address(settings),
        token=settings.powens_user_token,
        identity_key=identity_key(settings.data_dir),
        timeouts=powens_timeouts(settings),
        quota=_powens_quota(settings),
    )


def open_onboarding(
    settings: Settings, address: str, token: SecretStr | None = None
) -> PowensOnboarding:
    """The calls to Powens at `address` by which users are made, and links for that of `token`."""
    return PowensOnboarding(
        address,
        token=token,
        timeouts=powens_timeouts(settings),
        quota=_powens_quota(settings),
    )


def _powens_quota(settings: Settings) -> Quota:
    """How often Powens is called, by all processes of this data folder together."""
    return Quota(settings.powens_calls_per_minute, settings.data_dir / POWENS_CALLS)


def powens_timeouts(settings: Settings) -> Timeouts:
    """How long Powens is waited for."""
    return Timeouts(
        connect=settings.powens_connect_seconds,
        read=settings.powens_read_seconds,
        answer=settings.powens_answer_seconds,
        sync=settings.powens_sync_seconds,
    )


def powens_address(settings: Settings) -> str:
    """The base URL of Powens as set up; raises `ProviderError` for a domain that is none."""
    return settings.powens_base_url or powens_base_url(settings.powens_domain or "")


def identity_key(data_dir: Path) -> bytes:
    """The key of this installation's IBAN hashes; made on first use, kept in the data folder.

    Without it, a hash of an IBAN could be undone by trying all of a bank's.
    """
    path = data_dir / "identity.key"
    if not path.exists():
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=data_dir, prefix="identity.") as draft:
            draft.write(secrets.token_bytes(32))
            draft.flush()
            # Linked, not renamed: of two processes that make a key at once, both use the first.
            with suppress(FileExistsError):
                path.hardlink_to(draft.name)
    return path.read_bytes()


def alert_sender(settings: Settings) -> Callable[[Mapping[str, str]], int] | None:
    """What posts an alert's JSON to the webhook that is set up; None where none is.

    It returns the status of the answer and raises `ConnectionError`, which never holds the address:
    whoever has that can post. Redirects are not followed. Raises `SettingsError` for an address
    that would send alerts over the network unencrypted.
    """
    if settings.alert_webhook_url is None:
        return None
    url = settings.alert_webhook_url.get_secret_value()
    parts = urlsplit(url)
    here = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if parts.scheme != "https" and not (parts.scheme == "http" and here):
        problem = "PFO_ALERT_WEBHOOK_URL must begin with https:// (http:// is for this computer)."
        raise SettingsError(problem)

    def send(alert: Mapping[str, str]) -> int:
        headers = {"Idempotency-Key": alert["id"]}
        try:
            return httpx.post(url, json=dict(alert), headers=headers, timeout=10).status_code
        except httpx.HTTPError as error:
            message = f"the alert webhook cannot be reached ({type(error).__name__})"
            raise ConnectionError(message) from None

    return send
