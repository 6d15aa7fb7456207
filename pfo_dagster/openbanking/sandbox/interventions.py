"""What people do to a connection or the user by hand: put it into a state, or delete it.

`put_into_state`, `delete_connection` and `delete_user` are for commands, the page and tests; they
last until another scenario is chosen. `world_after` is what the sandbox makes of them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, Protocol

from pfo_dagster.openbanking.sandbox.controls import Controls, StateByHand
from pfo_dagster.openbanking.sandbox.made_worlds import STATES

if TYPE_CHECKING:
    from datetime import datetime

    from pfo_dagster.openbanking.sandbox.controls import ControlPanel
    from pfo_dagster.openbanking.sandbox.state import SandboxState
    from pfo_dagster.openbanking.sandbox.world import ConnectionPlan, World

WORKS: Final = "ok"
"""What people write for a connection that works, of which Powens says null."""
STATE_WORDS: Final = (WORKS, *(state for state in STATES if state is not None))


class SetStage(Protocol):
    """What of a `stage.Stage` is needed to do something to it."""

    @property
    def panel(self) -> ControlPanel:
        """Where it is set what the sandbox is."""
        ...

    @property
    def state(self) -> SandboxState:
        """What has happened to the connections."""
        ...

    @property
    def world(self) -> World:
        """The connections and accounts as they are now."""
        ...

    def clock(self) -> datetime:
        """The sandbox's time."""
        ...


def put_into_state(stage: SetStage, connection_id: int, word: str) -> None:
    """Let a connection show a state of `STATE_WORDS` from now on, and stand still meanwhile.

    With `WORKS` it is mended, and synced at once, as after a visit to the webview. Raises
    `ValueError` for a connection or a word that there is not.
    """
    require_connection(stage.world, connection_id)
    if word not in STATE_WORDS:
        known = ", ".join(STATE_WORDS)
        raise ValueError(f"{word!r} is no state of a connection. Choose one of: {known}.")
    now = stage.clock().replace(microsecond=0)
    state = None if word == WORKS else word
    set_now = StateByHand(connection_id=connection_id, state=state, since=now)

    def change(controls: Controls) -> Controls:
        others = (each for each in controls.states if each.connection_id != connection_id)
        return controls.model_copy(update={"states": (*others, set_now)})

    stage.panel.change(change)
    if state is None:
        stage.state.record(connection_id, now)


def delete_connection(stage: SetStage, connection_id: int) -> None:
    """Erase a connection and its accounts. Raises `ValueError` for one that there is not."""
    if connection_id in stage.panel.read().deleted_connections:
        return
    require_connection(stage.world, connection_id)
    stage.panel.change(
        lambda now: now.model_copy(
            update={"deleted_connections": (*now.deleted_connections, connection_id)}
        )
    )


def delete_user(stage: SetStage) -> None:
    """Delete the user: the token is refused until a user is created."""
    stage.panel.change(lambda now: now.model_copy(update={"user_deleted": True}))


def require_connection(world: World, connection_id: int) -> ConnectionPlan:
    """The connection of that id. Raises `ValueError`, which names those that there are."""
    plan = world.connection(connection_id)
    if plan is None:
        known = ", ".join(str(each.connection_id) for each in world.connections) or "none"
        raise ValueError(f"There is no connection {connection_id} in the sandbox, only {known}.")
    return plan


def interventions_of(controls: Controls) -> object:
    """What of the controls `world_after` depends on; equal where nothing was done meanwhile."""
    return controls.states, controls.deleted_connections, controls.user_deleted


def world_after(world: World, controls: Controls) -> World:
    """The world of a scenario with what was done to it by hand."""
    by_hand = {each.connection_id: each for each in controls.states}
    gone = frozenset(controls.deleted_connections)

    def put(plan: ConnectionPlan) -> ConnectionPlan:
        chosen = by_hand.get(plan.connection_id)
        if chosen is None:
            return plan
        return replace(plan, state=chosen.state, stops_at=chosen.since if chosen.state else None)

    return replace(
        world,
        connections=tuple(put(c) for c in world.connections if c.connection_id not in gone),
        accounts=tuple(a for a in world.accounts if a.connection_id not in gone),
        user_exists=not controls.user_deleted,
    )
