"""`pfo powens connect`: from an account at Powens to a connected bank, step by step.

Secrets are typed in without being shown; none is ever an argument, which a shell would remember.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import shlex
import webbrowser
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer
from pydantic import SecretStr

from pfo_dagster.cli import env_file
from pfo_dagster.cli.console import out, reason, stop
from pfo_dagster.cli.exit_codes import CALLED_WRONGLY, FAILED
from pfo_dagster.config import PROJECT_ROOT, Settings, load_settings
from pfo_dagster.openbanking import powens_base_url, validate_base_url
from pfo_dagster.openbanking.callback import awaiting_callback, checked_redirect
from pfo_dagster.openbanking.powens.onboarding import ClientApplication, PowensUser
from pfo_dagster.openbanking.powens.user_once import UserRecord, user_once
from pfo_dagster.openbanking.powens.webview import Webview
from pfo_dagster.resources import open_onboarding, utc_now

if TYPE_CHECKING:
    from collections.abc import Generator

    from pfo_dagster.openbanking.callback import Callback

PRINT_IT: Final = "-"
_NUMBER: Final = re.compile("[0-9]{1,18}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectOptions:
    """What can be chosen on the command line."""

    redirect_uri: str
    user_id: str | None
    """A user that exists already."""
    none_was_created: bool
    """The operator looked: an attempt whose outcome was unknown created nobody."""
    wait_minutes: int
    browser: bool


def connect(options: ConnectOptions) -> None:
    """Walk the operator through it. Raises `ProviderError`, `SettingsError`, `OSError`."""
    try:
        checked_redirect(options.redirect_uri)
    except ValueError as error:
        raise stop(f"--redirect-uri: {error}", CALLED_WRONGLY) from None
    if options.user_id is not None and not _NUMBER.fullmatch(options.user_id):
        raise stop("--user-id takes the number of a user.", CALLED_WRONGLY)
    settings = load_settings()
    address = _address(settings)
    record = UserRecord.of(settings.data_dir, address)
    if options.none_was_created and not (record.read() or {}).get("user_id"):
        record.withdraw()
    # Listening comes first: no user is made for a visit that cannot come back.
    with _listening(options.redirect_uri) as callback:
        if settings.powens_user_token and options.user_id is None:
            out.print("POWENS_USER_TOKEN is set: a bank is added to that user.")
            client_id = _client_id(settings)
            token = settings.powens_user_token
        else:
            client_id = _client_id(settings)
            token = _user_token(settings, address, client_id, record, options).token
        webview = Webview(base_url=address, client_id=client_id, redirect_uri=options.redirect_uri)
        _visit(webview, token, callback, options, settings)


@contextmanager
def _listening(redirect_uri: str) -> Generator[Callback]:
    """Wait for the browser at `redirect_uri` while the block runs."""
    with ExitStack() as stack:
        try:
            waiting = awaiting_callback(redirect_uri, state=secrets.token_urlsafe(32))
            callback = stack.enter_context(waiting)
        except OSError as error:
            problem = (
                f"Nothing can listen at {redirect_uri} ({reason(error)}). Whitelist another "
                "address in the Powens console, and run this again with --redirect-uri."
            )
            raise stop(problem, FAILED) from None
        yield callback


def _address(settings: Settings) -> str:
    domain = settings.chosen_address or typer.prompt("Powens domain")
    if settings.powens_base_url:
        return validate_base_url(settings.powens_base_url)
    return powens_base_url(domain)


def _client_id(settings: Settings) -> str:
    client_id = (settings.powens_client_id or str(typer.prompt("Client id"))).strip()
    if not _NUMBER.fullmatch(client_id):
        problem = "A client id has digits alone; the Powens console shows it with the application."
        raise stop(problem, CALLED_WRONGLY)
    return client_id


def _user_token(
    settings: Settings, address: str, client_id: str, record: UserRecord, options: ConnectOptions
) -> PowensUser:
    """Create the user, or get another token of the one there is, and store that at once."""
    application = ClientApplication(
        client_id=client_id, client_secret=SecretStr(typer.prompt("Client secret", hide_input=True))
    )
    place = str(
        typer.prompt(
            f"Store the token in which file? ({PRINT_IT} prints it once instead)",
            default=str(PROJECT_ROOT / ".env"),
        )
    )

    if place != PRINT_IT:
        _require_storable(place)

    async def create() -> PowensUser:
        async with open_onboarding(settings, address) as onboarding:
            return await user_once(
                onboarding, application, record, now=utc_now(), known_user_id=options.user_id
            )

    user = asyncio.run(create())
    out.print(f"The user is {user.user_id}.")
    _keep(place, _variables(settings, address, client_id, user))
    return user


def _require_storable(place: str) -> None:
    """Refuse a file that cannot be written before a user is created whose token it is for."""
    path = _path(place)
    try:
        env_file.require_storable(path)
    except OSError as error:
        problem = f"The token cannot be stored in {path}: {error.strerror}. No user was created."
        raise stop(problem, CALLED_WRONGLY) from None


def _path(place: str) -> Path:
    return Path(place).expanduser().absolute()


def _variables(
    settings: Settings, address: str, client_id: str, user: PowensUser
) -> dict[str, str]:
    where = (
        {"POWENS_BASE_URL": address}
        if settings.powens_base_url
        else {"POWENS_DOMAIN": address.removeprefix("https://").removesuffix(".biapi.pro/2.0")}
    )
    token = user.token.get_secret_value()
    return {**where, "POWENS_CLIENT_ID": client_id, "POWENS_USER_TOKEN": token}


def _keep(place: str, variables: dict[str, str]) -> None:
    if place == PRINT_IT:
        out.print("Keep these safe; the token is shown this once:")
        for name, value in variables.items():
            out.print(f"  {name}={value}", markup=False, soft_wrap=True)
        return
    path = _path(place)
    # Domain and base URL exclude each other: what an earlier walk stored must not stay beside this.
    try:
        env_file.store(path, variables, unset=("POWENS_DOMAIN", "POWENS_BASE_URL"))
    except OSError as error:
        problem = (
            f"The token could not be stored in {path}: {error.strerror}. The user is on record: run"
            " this again with another file, and another token of the same user is made."
        )
        raise stop(problem, FAILED) from None
    out.print(f"The token is stored in {path}, readable by you alone.", soft_wrap=True)
    if path != PROJECT_ROOT / ".env":
        out.print(
            f"Before the next command: set -a; . {shlex.quote(str(path))}; set +a", soft_wrap=True
        )


def _visit(
    webview: Webview,
    token: SecretStr,
    callback: Callback,
    options: ConnectOptions,
    settings: Settings,
) -> None:
    """Send the account holder to the webview, and wait until the browser comes back."""
    code = asyncio.run(_code(webview, token, settings))
    link = webview.connect_link(code, state=callback.state)
    out.print("\nConnect the bank in your browser; the link is good once, for 30 minutes:")
    out.print(link, markup=False, soft_wrap=True)
    if options.browser:
        webbrowser.open(link)
    out.print(f"Waiting at {options.redirect_uri} ...", style="dim")
    outcome = callback.wait(options.wait_minutes * 60)
    if outcome is None:
        problem = (
            f"The browser did not come back within {options.wait_minutes} minutes. Is "
            f"{options.redirect_uri} whitelisted in the Powens console, letter by letter? Run this "
            "again: the user is kept."
        )
        raise stop(problem, FAILED)
    if outcome.error:
        raise stop(f"{outcome.text}.", FAILED)
    out.print(f"[bold green]{outcome.text}[/]. See how it stands: pfo powens status")


async def _code(webview: Webview, token: SecretStr, settings: Settings) -> SecretStr:
    async with open_onboarding(settings, webview.base_url, token) as onboarding:
        return await onboarding.temporary_code()
