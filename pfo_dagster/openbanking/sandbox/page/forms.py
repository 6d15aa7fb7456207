"""What each form of the page does to the sandbox. Called by `routes`, which has looked who asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from pfo_dagster.openbanking.sandbox.controls import Controls, Rule, clock_moved, limit_set
from pfo_dagster.openbanking.sandbox.faults import rule_added
from pfo_dagster.openbanking.sandbox.interventions import (
    delete_connection,
    delete_user,
    put_into_state,
)
from pfo_dagster.openbanking.sandbox.scenarios import scenario_set

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pfo_dagster.openbanking.sandbox.stage import Stage


def move_clock(stage: Stage, fields: Mapping[str, str]) -> str:
    """Move the clock; gives what was done, as all forms do. Raises `ValueError`, as all may."""
    to = _field(fields, "to")
    stage.panel.change(lambda now: clock_moved(now, to, stage.true_now()))
    return "The clock was put back." if to == "reset" else "The clock was moved."


def choose_scenario(stage: Stage, fields: Mapping[str, str]) -> str:
    """Begin a scenario."""
    name = _field(fields, "name")
    stage.panel.change(lambda now: scenario_set(now, name, stage.true_now()))
    return f"The scenario {name} began."


def limit_calls(stage: Stage, fields: Mapping[str, str]) -> str:
    """Limit the calls a minute."""
    calls = _field(fields, "calls")
    stage.panel.change(lambda now: limit_set(now, calls))
    return "There is no limit any more." if calls == "off" else f"{calls} calls a minute from now."


def break_calls(stage: Stage, fields: Mapping[str, str]) -> str:
    """Add a rule by which calls go wrong; 0 times is always."""
    times = _number(fields, "times")
    rule = Rule(
        breakage=_field(fields, "breakage"),
        method=_field(fields, "method").upper(),
        path=_field(fields, "path"),
        times=times or None,
    )
    stage.panel.change(lambda now: rule_added(now, rule))
    return f"Calls of {rule.method} {rule.path} go wrong: {rule.breakage}."


def mend_calls(stage: Stage, fields: Mapping[str, str]) -> str:
    """Take a rule away: as the page showed it, since rules are used up and move up."""
    try:
        shown = Rule.model_validate_json(_field(fields, "rule"))
    except ValidationError:
        raise ValueError("The rule to take away is none.") from None

    def without(now: Controls) -> Controls:
        rules = list(now.rules)
        same = [rule for rule in rules if _but_times(rule) == _but_times(shown)]
        if not same:
            raise ValueError("That rule is used up already.")
        rules.remove(same[0])
        return now.model_copy(update={"rules": tuple(rules)})

    stage.panel.change(without)
    return "The rule was taken away."


def put_connection(stage: Stage, fields: Mapping[str, str]) -> str:
    """Put a connection into a state."""
    connection_id, state = _number(fields, "connection"), _field(fields, "state")
    put_into_state(stage, connection_id, state)
    return f"Connection {connection_id} is {state} now."


def delete(stage: Stage, fields: Mapping[str, str]) -> str:
    """Delete a connection, or the user."""
    if fields.get("connection") == "user":
        delete_user(stage)
        return "The user was deleted: the token is refused."
    connection_id = _number(fields, "connection")
    delete_connection(stage, connection_id)
    return f"Connection {connection_id} was deleted."


def reset(stage: Stage, _fields: Mapping[str, str]) -> str:
    """Put everything back but the forced syncs."""
    stage.panel.change(lambda _: Controls())
    return "All is as it was in the beginning."


FORMS: Final[Mapping[str, Callable[[Stage, Mapping[str, str]], str]]] = {
    "clock": move_clock,
    "scenario": choose_scenario,
    "limit": limit_calls,
    "break": break_calls,
    "mend": mend_calls,
    "state": put_connection,
    "delete": delete,
    "reset": reset,
}
"""By the last part of their address. `routes` has one more, which sends a webhook."""


def _field(fields: Mapping[str, str], name: str) -> str:
    text = fields.get(name, "").strip()
    if not text:
        raise ValueError(f"The field {name} is empty.")
    return text


def _number(fields: Mapping[str, str], name: str) -> int:
    text = _field(fields, name)
    if not (text.isascii() and text.isdigit() and len(text) < 10):  # noqa: PLR2004 - no id has more
        raise ValueError(f"{text!r} is no {name}. Expected a whole number, 0 or more.")
    return int(text)


def _but_times(rule: Rule) -> tuple[str, str, str]:
    return rule.breakage, rule.method, rule.path
