"""The commands of `pfo sandbox` about connections: their states, and webhooks that tell of them."""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from pfo_dagster.cli.console import out, plain_errors, stop
from pfo_dagster.cli.exit_codes import CALLED_WRONGLY, FAILED
from pfo_dagster.cli.sandbox_setting import show_setting, stage_of
from pfo_dagster.config import load_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import SecretStr

    from pfo_dagster.config import Settings
    from pfo_dagster.openbanking.sandbox import Stage
    from pfo_dagster.openbanking.sandbox.webhooks import Webhook

_RECEIVER = "http://127.0.0.1:8913/webhooks"


def state(
    connection: Annotated[int, typer.Argument(help="The connection's id, e.g. 101.")],
    word: Annotated[str, typer.Argument(help="Powens' word, e.g. SCARequired; ok to mend it.")],
) -> None:
    """Put one connection into a state, from now on until another scenario is chosen."""
    from pfo_dagster.openbanking.sandbox.interventions import (  # noqa: PLC0415 - slow to import
        put_into_state,
    )

    with plain_errors():
        settings = load_settings()
        try:
            put_into_state(stage_of(settings), connection, word)
        except ValueError as error:
            raise stop(str(error), CALLED_WRONGLY) from None
        show_setting(settings)


def webhook(
    about: Annotated[str, typer.Argument(help="A connection's id, e.g. 101, or user.")],
    deleted: Annotated[
        bool, typer.Option("--deleted", help="Delete it in the sandbox, and tell so.")
    ] = False,
    to: Annotated[str, typer.Option(help="The receiver.")] = _RECEIVER,
    times: Annotated[int, typer.Option(help="How often.", min=1, max=10_000)] = 1,
    days_ago: Annotated[
        int, typer.Option(help="As it was so many days ago.", min=0, max=3_650)
    ] = 0,
) -> None:
    """Send a signed webhook about a connection or the user to a receiver on this computer.

    Signed with POWENS_WEBHOOK_SECRET.
    """
    with plain_errors():
        settings = load_settings()
        secret = _secret(settings)
        stage = stage_of(settings)
        try:
            told = _deleted(stage, about, to) if deleted else _synced(stage, about, days_ago)
        except ValueError as error:
            raise stop(str(error), CALLED_WRONGLY) from None
        _send(to, [told] * times, secret)


def burst(
    events: Annotated[int, typer.Argument(help="How many.", min=1, max=10_000)] = 1_000,
    at_once: Annotated[int, typer.Option(help="Calls at once.", min=1, max=200)] = 50,
    to: Annotated[str, typer.Option(help="The receiver.")] = _RECEIVER,
) -> None:
    """Send so many different webhooks, of all connections and of syncs ever longer ago.

    Signed with POWENS_WEBHOOK_SECRET. Those that are under way at once overtake each other.
    """
    from pfo_dagster.openbanking.sandbox.webhooks import past_syncs  # noqa: PLC0415 - slow

    with plain_errors():
        settings = load_settings()
        secret = _secret(settings)
        try:
            webhooks = list(islice(past_syncs(stage_of(settings)), events))
        except ValueError as error:
            raise stop(str(error), CALLED_WRONGLY) from None
        _send(to, webhooks, secret, at_once)


def notify(
    to: Annotated[str, typer.Argument(help="The receiver, or off.")] = _RECEIVER,
    copies: Annotated[int, typer.Option(help="How often each is sent.", min=1, max=10)] = 1,
    late: Annotated[
        bool, typer.Option("--late", help="Let each sync be followed by the one before it.")
    ] = False,
) -> None:
    """Let `pfo sandbox serve` send webhooks by itself: of each sync, state and deletion.

    Signed with the POWENS_WEBHOOK_SECRET that the server has.
    """
    from pfo_dagster.openbanking.sandbox.controls import Notify  # noqa: PLC0415 - slow to import
    from pfo_dagster.openbanking.sandbox.webhooks import checked_receiver  # noqa: PLC0415 - slow
    from pfo_dagster.resources import panel_of  # noqa: PLC0415 - slow to import

    with plain_errors():
        settings = load_settings()
        try:
            chosen = (
                None if to == "off" else Notify(to=checked_receiver(to), copies=copies, late=late)
            )
        except ValueError as error:
            raise stop(str(error), CALLED_WRONGLY) from None
        panel_of(settings).change(lambda now: now.model_copy(update={"notify": chosen}))
        show_setting(settings)


def _secret(settings: Settings) -> SecretStr:
    if settings.powens_webhook_secret is None:
        problem = "POWENS_WEBHOOK_SECRET is not set. Set what `pfo webhooks serve` has."
        raise stop(problem, CALLED_WRONGLY)
    return settings.powens_webhook_secret


def _synced(stage: Stage, about: str, days_ago: int) -> Webhook:
    from pfo_dagster.openbanking.sandbox.webhooks import connection_synced  # noqa: PLC0415 - slow

    if about == "user":
        raise ValueError("Of the user there is only --deleted to tell.")
    return connection_synced(stage, _connection_id(about), days_ago=days_ago)


def _deleted(stage: Stage, about: str, to: str) -> Webhook:
    """Delete it, once it is sure that it can be told; a second time is only told again."""
    from pfo_dagster.openbanking.sandbox import (  # noqa: PLC0415 - slow to import
        interventions,
        webhooks,
    )

    webhooks.checked_receiver(to)
    if about == "user":
        interventions.delete_user(stage)
        out.print("The user is deleted: the token is refused until `pfo sandbox reset`.")
        return webhooks.user_deleted(stage.world.user_id)
    connection_id = _connection_id(about)
    interventions.delete_connection(stage, connection_id)
    out.print(f"Connection {connection_id} is deleted, until `pfo sandbox reset`.")
    return webhooks.connection_deleted(connection_id)


def _connection_id(about: str) -> int:
    if not (about.isascii() and about.isdigit()):
        raise ValueError(f"{about!r} is neither the id of a connection, such as 101, nor user.")
    return int(about)


def _send(to: str, webhooks: Sequence[Webhook], secret: SecretStr, at_once: int = 1) -> None:
    from pfo_dagster.openbanking.sandbox.webhooks import send  # noqa: PLC0415 - slow to import
    from pfo_dagster.resources import utc_now  # noqa: PLC0415 - slow to import

    try:
        answers = asyncio.run(send(to, webhooks, secret=secret, at=utc_now(), at_once=at_once))
    except ValueError as error:
        raise stop(str(error), CALLED_WRONGLY) from None
    except ConnectionError as error:
        raise stop(str(error), FAILED) from None
    for status, count in sorted(answers.by_status.items()):
        out.print(f"answered with {status}: {count}")
    out.print(f"slowest answer: {answers.slowest * 1000:.0f} ms")
    if not answers.are_good:
        raise typer.Exit(FAILED)
