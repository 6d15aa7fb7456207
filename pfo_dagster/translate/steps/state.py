"""What passes from one op of a workflow to the next: the workflow's small JSON data.

Tables stay where operations put them; this is what conditions and guards are evaluated on. The
rules of merging are the reference's (finding 15 of its notes).
"""

from __future__ import annotations

import copy
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Self

from pfo_dagster.spec import UNDEFINED


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One step of the path through the workflow, and why it went on as it did."""

    step_id: str
    executions: int
    to: str | None = None
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """The step at which a workflow stands, and the task that a person is asked there."""

    step_id: str
    task_id: str
    until: str | None = None
    """The instant at which a sleeping step goes on by itself, ISO 8601 in UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowState:
    """The data and the path so far. Passed between ops as plain JSON (`dump`, `load`)."""

    data: dict[str, Any] = field(default_factory=dict[str, Any])
    path: tuple[Taken, ...] = ()
    waits_for: Waiting | None = None
    """What ended this run before the workflow's end; None in all other cases."""

    @classmethod
    def load(cls, dumped: dict[str, Any]) -> Self:
        """The state that was dumped; shares nothing with it, so that an attempt may change it."""
        return cls(
            data=copy.deepcopy(dumped["data"]),
            path=tuple(Taken(**taken) for taken in dumped["path"]),
            waits_for=Waiting(**dumped["waits_for"]) if dumped.get("waits_for") else None,
        )

    def dump(self) -> dict[str, Any]:
        """The state as JSON values."""
        waits = {"waits_for": asdict(self.waits_for)} if self.waits_for else {}
        return {"data": self.data, "path": [asdict(taken) for taken in self.path], **waits}


def unwrap(output: Any) -> Any:  # noqa: ANN401 - any JSON value
    """The output proper: `{"ok": true, "data": …}` stands for its data, as in the reference."""
    if isinstance(output, dict) and output.get("ok") is True and "data" in output:
        return output["data"]
    return output


def as_json(output: Any, place: str = "the output") -> Any:  # noqa: ANN401 - any JSON value
    """The output as JSON has it: what is kept, shown, and read by conditions.

    As JavaScript writes it, a member that is `UNDEFINED` is not there, in a list it is null, and a
    time is its ISO text. A `Decimal` is text too, since no amount may become a float. Raises
    `TypeError`, naming the place, for what JSON has not.
    """
    match output:
        case dict():
            return {
                _name(name, place): as_json(value, f"{place}.{name}")
                for name, value in output.items()
                if value is not UNDEFINED
            }
        case list() | tuple():
            return [
                None if value is UNDEFINED else as_json(value, f"{place}[{index}]")
                for index, value in enumerate(output)
            ]
        case datetime():
            whole = output.microsecond % 1000 == 0
            text = output.isoformat(timespec="milliseconds" if whole else "microseconds")
            return text.replace("+00:00", "Z")
        case date():
            return output.isoformat()
        case Decimal():
            return format(output, "f")
        case None | str() | int() | float():
            return output
        case _ if output is UNDEFINED:
            return output
        case _:
            raise TypeError(f"{place} is a {type(output).__name__}, which is not JSON")


def _name(name: object, place: str) -> str:
    if isinstance(name, str):
        return name
    raise TypeError(f"{place} has the name {name!r}; in JSON all names are text")


def merge(data: dict[str, Any], output: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    """The workflow's data after a step: shallow, objects only, the output's values win."""
    return {**data, **output} if isinstance(output, dict) else data
