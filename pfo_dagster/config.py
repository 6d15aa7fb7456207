"""Settings from the environment, and the paths that follow from them.

Read once, by whoever starts something (`definitions`, the command line); everything else is handed
what it needs. A `.env` file in the project's root is read too; the environment wins over it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT_ROOT = Path(__file__).resolve().parent.parent
"""Where `specs/` and `data/` stand by default: the checkout that this package is in."""


class SettingsError(Exception):
    """The environment cannot be used; the text says which variable and what to do."""


DASHBOARD_PORT = 2718
"""Where `pfo dashboard` listens unless told otherwise."""


class Settings(BaseSettings):
    """What can be set from outside. Every variable's default works without any being set."""

    model_config = SettingsConfigDict(
        env_file=PROJECT_ROOT / ".env",
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        use_attribute_docstrings=True,
    )

    data_dir: Path = Field(PROJECT_ROOT / "data", alias="PFO_DATA_DIR")
    """Where the ledger, what is published, and Dagster's storage are kept, for its owner alone."""
    specs_dir: Path = Field(PROJECT_ROOT / "specs", alias="PFO_SPECS_DIR")
    """The workflow specs, and `app.yaml`, which binds what they need."""
    chosen_dagster_home: Path | None = Field(None, alias="DAGSTER_HOME")
    """Dagster's own storage, the same for every command; `dagster/` of the data if not set."""

    powens_domain: str | None = Field(None, alias="POWENS_DOMAIN")
    """The domain alone (`acme-sandbox`), without `.biapi.pro`."""
    powens_base_url: str | None = Field(None, alias="POWENS_BASE_URL")
    """In place of the domain: the whole base URL, which ends in `/2.0`."""
    powens_user_token: SecretStr | None = Field(None, alias="POWENS_USER_TOKEN")
    """The permanent token of the user whose accounts are read; `pfo powens connect` gets one."""
    powens_client_id: str | None = Field(None, alias="POWENS_CLIENT_ID")
    """The number of the client application; no secret, needed for links to the webview alone."""
    powens_webhook_secret: SecretStr | None = Field(None, alias="POWENS_WEBHOOK_SECRET")
    """By which `pfo webhooks serve` knows that a webhook is from Powens."""

    powens_connect_seconds: float = Field(5, alias="PFO_POWENS_CONNECT_SECONDS", gt=0, le=3600)
    """How long to wait for a connection to Powens."""
    powens_read_seconds: float = Field(30, alias="PFO_POWENS_READ_SECONDS", gt=0, le=3600)
    """How long to wait without hearing anything, while an answer is read."""
    powens_answer_seconds: float = Field(120, alias="PFO_POWENS_ANSWER_SECONDS", gt=0, le=3600)
    """How long a whole answer may take, for servers that say a little now and then."""
    powens_sync_seconds: float = Field(300, alias="PFO_POWENS_SYNC_SECONDS", gt=0, le=3600)
    """How long the answer to a forced sync may take, during which the bank is asked."""
    powens_calls_per_minute: int | None = Field(None, alias="PFO_POWENS_CALLS_PER_MINUTE", ge=1)
    """Most calls a minute; 30 at one of Powens' sandboxes, and no limit elsewhere, if not set."""

    sandbox_seed: int = Field(2026, alias="PFO_SANDBOX_SEED")
    """Which made-up household the sandbox has; the same number gives the same figures."""
    stale_after_hours: int = Field(24, alias="PFO_STALE_AFTER_HOURS", ge=1)
    """Age of a connection's data from which a refresh asks the bank itself."""
    forced_syncs_per_day: int = Field(4, alias="PFO_FORCED_SYNCS_PER_DAY", ge=0)
    """Most forced syncs of a connection in any rolling 24 hours."""
    forced_syncs_agreed: int = Field(4, alias="PFO_FORCED_SYNCS_AGREED", ge=0)
    """What that may be set to: PSD2's 4 a day without the account holder, unless agreed upon."""
    force_sync: Literal["auto", "never", "always"] = Field("auto", alias="PFO_FORCE_SYNC")
    """Whether a refresh asks banks themselves: for stale data, not at all, or each time."""
    alert_webhook_url: SecretStr | None = Field(None, alias="PFO_ALERT_WEBHOOK_URL")
    """Where alerts are posted to as JSON; secret, because such addresses often hold a token."""
    inbox_secret: SecretStr | None = Field(None, alias="PFO_INBOX_SECRET")
    """What requests to `pfo inbox serve` show to be believed."""
    home_currency: str | None = Field(None, alias="PFO_HOME_CURRENCY")
    """The currency of `pfo balances`' total, such as EUR; without one, none is made."""
    rates_url: str = Field(
        "https://www.ecb.europa.eu/stats/eurofxref", alias="PFO_RATES_URL", pattern="^https?://"
    )
    """Where the European Central Bank's files of reference rates are."""
    schedules_on: bool = Field(False, alias="PFO_SCHEDULES_ON")
    """Whether schedules and sensors start out running when a code location is first loaded."""

    @field_validator(
        "powens_domain", "powens_base_url", "powens_user_token", "powens_client_id",
        "powens_webhook_secret", "alert_webhook_url", "inbox_secret", "chosen_dagster_home",
        "home_currency", mode="before",
    )  # fmt: skip
    @classmethod
    def _empty_is_unset(cls, value: Any) -> Any:  # noqa: ANN401 - whatever the environment holds
        return None if isinstance(value, str) and not value.strip() else value

    @field_validator("home_currency")
    @classmethod
    def _a_code(cls, value: str | None) -> str | None:
        code = (value or "").strip().upper()
        if value is not None and not re.fullmatch("[A-Z]{3}", code):
            raise ValueError(f"{value} is not the code of a currency such as EUR")
        return code or None

    @field_validator("data_dir", "specs_dir")
    @classmethod
    def _the_same_from_everywhere(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @property
    def folders(self) -> dict[str, str]:
        """The folders as variables for a process that is started in another folder."""
        return {"PFO_DATA_DIR": str(self.data_dir), "PFO_SPECS_DIR": str(self.specs_dir)}

    @property
    def is_on_this_computer(self) -> bool:
        """Whether what is asked in Powens' place is a server for tests."""
        host = urlsplit(self.powens_base_url or "").hostname or ""
        return host in {"localhost", "::1"} or host.startswith("127.")

    @property
    def dagster_home(self) -> Path:
        """Dagster's own storage: one for every command, so that each run is seen in the UI."""
        return (self.chosen_dagster_home or self.data_dir / "dagster").absolute()

    @property
    def chosen_address(self) -> str | None:
        """Powens' domain or base URL, whichever is set; raises `SettingsError` where both are."""
        if self.powens_domain and self.powens_base_url:
            raise SettingsError(
                "POWENS_DOMAIN and POWENS_BASE_URL are both set. Keep the one that you mean."
            )
        return self.powens_domain or self.powens_base_url

    @property
    def has_powens(self) -> bool:
        """Whether the real provider is set up; if not, the built-in sandbox is used.

        Raises `SettingsError` when only half of it is: made-up data in the place of a bank's, or
        the other way round, must never come from a forgotten variable.
        """
        address = self.chosen_address
        if address and not self.powens_user_token:
            raise SettingsError(
                "POWENS_USER_TOKEN is not set, but POWENS_DOMAIN or POWENS_BASE_URL is. Set the "
                "token to use Powens, or unset the address to use the built-in sandbox."
            )
        if self.powens_user_token and not address:
            raise SettingsError(
                "POWENS_USER_TOKEN is set, but neither POWENS_DOMAIN nor POWENS_BASE_URL is. Set "
                "one of them to use Powens, or unset the token to use the built-in sandbox."
            )
        return address is not None


def load_settings() -> Settings:
    """The settings as the environment has them now; raises `SettingsError` in plain words."""
    try:
        return Settings()  # pyright: ignore[reportCallIssue] - pydantic-settings fills the fields
    except ValidationError as error:
        problems = "; ".join(
            f"{problem['loc'][0]}: {problem['msg'].removeprefix('Value error, ')}"
            for problem in error.errors(include_url=False, include_input=False)
        )
        raise SettingsError(f"The environment cannot be used: {problems}.") from None
