"""How the sandbox of the data folder is set: as an object for commands, and in print for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pfo_dagster.cli.console import out

if TYPE_CHECKING:
    from pfo_dagster.config import Settings
    from pfo_dagster.openbanking.sandbox import Stage


def stage_of(settings: Settings) -> Stage:
    """The sandbox of this data folder, which `pfo run` reads too."""
    from pfo_dagster.installed_ledger import (  # noqa: PLC0415 - slow to import
        SANDBOX_STATE,
        panel_of,
        utc_now,
    )
    from pfo_dagster.openbanking.sandbox import (  # noqa: PLC0415 - slow to import
        SandboxState,
        Stage,
    )

    return Stage(
        seed=settings.sandbox_seed,
        panel=panel_of(settings),
        state=SandboxState(settings.data_dir / SANDBOX_STATE),
        true_clock=utc_now,
    )


def show_setting(settings: Settings) -> None:
    """Print the clock, the scenario, and what is broken or was done by hand."""
    from pfo_dagster.openbanking.powens.fields import PARIS  # noqa: PLC0415 - see `stage_of`
    from pfo_dagster.openbanking.sandbox.controls import how_far  # noqa: PLC0415 - see `stage_of`
    from pfo_dagster.resources import panel_of, utc_now  # noqa: PLC0415 - see `stage_of`

    controls = panel_of(settings).read()
    now = utc_now() + controls.clock_ahead
    moved = f" (moved by {how_far(controls.clock_ahead)})" if controls.clock_ahead else ""
    out.print(f"clock     {now:%Y-%m-%d %H:%M} UTC, {now.astimezone(PARIS):%H:%M} in Paris{moved}")
    read_until = stage_of(settings).state.read_until()
    if read_until and now < read_until:
        latest = f"{read_until:%Y-%m-%d %H:%M} UTC"
        out.print(f"          Runs refuse it: figures of {latest} were read.", soft_wrap=True)
    out.print(f"scenario  {controls.scenario}, since {controls.turn:%Y-%m-%d %H:%M} UTC")
    out.print(f"calls     {controls.calls_per_minute or 'any number'} a minute")
    for rule in controls.rules:
        times = "always" if rule.times is None else f"{rule.times} times"
        out.print(
            f"rule      {rule.breakage} for {rule.method} {rule.path}, {times}",
            markup=False,
            soft_wrap=True,
        )
    for by_hand in controls.states:
        since = f"since {by_hand.since:%Y-%m-%d %H:%M} UTC"
        out.print(f"state     {by_hand.connection_id}: {by_hand.state or 'ok'}, {since}")
    for connection_id in controls.deleted_connections:
        out.print(f"deleted   connection {connection_id}")
    if controls.user_deleted:
        out.print("deleted   the user: the token is refused")
    if notify := controls.notify:
        late = ", each sync followed by the one before it" if notify.late else ""
        out.print(f"webhooks  to {notify.to}, {notify.copies} of each{late}", soft_wrap=True)
    if settings.has_powens and not settings.is_on_this_computer:
        out.print("Powens is set up, so runs do not read the sandbox.")
