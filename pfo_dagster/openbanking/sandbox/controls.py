"""How the sandbox is set: its clock, its scenario, what is broken. Changed by people, read by it.

The controls are a file in the data folder. The built-in sandbox and a served one read it for each
call, so a command or the page changes both, at once, with nothing to restart.
"""

from __future__ import annotations

import contextlib
import re
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, ConfigDict, ValidationError

from pfo_dagster.openbanking.errors import ErrorKind, ProviderError
from pfo_dagster.openbanking.powens.fields import PARIS
from pfo_dagster.openbanking.sandbox import shared_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

DEFAULT_SCENARIO: Final = "household"
_VERSION: Final = "/2.0"

_STEP = re.compile(r"(?P<sign>[+-])(?:(?P<days>\d{1,5})d)?(?:(?P<hours>\d{1,5})h)?"
                   r"(?:(?P<minutes>\d{1,5})m)?(?:(?P<seconds>\d{1,5})s)?")  # fmt: skip


class Rule(BaseModel):
    """Calls that go wrong: those of `method` to paths like `path`, `times` times (None: always).

    `breakage` is a name of `faults.BREAKAGES` or `unreachable.BEFORE_ANY_ANSWER`, `code:<word>` for
    an error of that code, or `status:<number>`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    breakage: str
    method: str = "*"
    path: str = "*"
    times: int | None = 1

    def concerns(self, method: str, path: str) -> bool:
        """Whether the rule is for this call; only calls of the API are ever broken."""
        return (
            path.startswith(_VERSION)
            and fnmatchcase(method, self.method)
            and fnmatchcase(path.removeprefix(_VERSION), self.path)
        )


class StateByHand(BaseModel):
    """A connection that was put into a state: Powens' word, None for one that works again."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    connection_id: int
    state: str | None
    since: datetime
    """By the sandbox's clock."""


class Notify(BaseModel):
    """Where a served sandbox sends webhooks by itself, and what goes wrong on their way."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    to: str
    """The receiver's address before the event's kind."""
    copies: int = 1
    """How often each is sent."""
    late: bool = False
    """Whether each sync is followed by the one before it, as if that had been held up."""


class Controls(BaseModel):
    """How the sandbox is set."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    clock_ahead: timedelta = timedelta(0)
    """How far its clock is ahead of the true one."""
    scenario: str = DEFAULT_SCENARIO
    turn: datetime = datetime(2025, 1, 1, tzinfo=UTC)
    """When the scenario began, by the sandbox's clock."""
    rules: tuple[Rule, ...] = ()
    calls_per_minute: int | None = None
    """How many calls are answered in a minute; Powens takes 30 in its sandboxes."""
    states: tuple[StateByHand, ...] = ()
    """At most one for each connection."""
    deleted_connections: tuple[int, ...] = ()
    user_deleted: bool = False
    notify: Notify | None = None


class ControlPanel:
    """The controls, in the file `path` that processes share, or in memory only.

    Raises `ProviderError` where the file cannot be read or written.
    """

    def __init__(self, path: Path | None = None, controls: Controls | None = None) -> None:
        self._path = path
        self._in_memory = controls or Controls()

    def read(self) -> Controls:
        """The controls as they are now."""
        if self._path is None:
            return self._in_memory
        try:
            return Controls.model_validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return self._in_memory
        except PermissionError:
            raise ProviderError(
                f"This user may not read the sandbox's controls {self._path}. Give it the "
                "right, or choose another folder with PFO_DATA_DIR.",
                kind=ErrorKind.FATAL,
            ) from None
        except (OSError, ValidationError):
            raise ProviderError(
                f"The sandbox's controls {self._path} cannot be read. Delete the file: the sandbox "
                "is then as it was in the beginning.",
                kind=ErrorKind.FATAL,
            ) from None

    def change(self, change: Callable[[Controls], Controls]) -> Controls:
        """Change the controls, alone; gives them as they are then."""
        try:
            with self._alone():
                changed = change(self.read())
                if self._path is None:
                    self._in_memory = changed
                else:
                    shared_file.replace(self._path, changed.model_dump_json(indent=2))
                return changed
        except OSError as error:
            raise ProviderError(
                f"The sandbox's controls {self._path} cannot be written ({error.strerror}). Make "
                "their folder writable, or choose another one with PFO_DATA_DIR.",
                kind=ErrorKind.FATAL,
            ) from error

    def take_rule(self, fits: Callable[[Rule], bool]) -> Rule | None:
        """The first rule that fits, used up by one; None where none does."""
        if not any(map(fits, self.read().rules)):
            return None
        taken: list[Rule] = []

        def use_up(controls: Controls) -> Controls:
            left: list[Rule] = []
            for rule in controls.rules:
                if taken or not fits(rule):
                    left.append(rule)
                    continue
                taken.append(rule)
                if rule.times is None:
                    left.append(rule)
                elif rule.times > 1:
                    left.append(rule.model_copy(update={"times": rule.times - 1}))
            return controls.model_copy(update={"rules": tuple(left)})

        self.change(use_up)
        return taken[0] if taken else None

    def clock(self, true_clock: Callable[[], datetime]) -> Callable[[], datetime]:
        """The sandbox's clock, which goes on from where it was put."""
        return lambda: true_clock() + self.read().clock_ahead

    def _alone(self) -> AbstractContextManager[None]:
        return shared_file.alone(self._path) if self._path else contextlib.nullcontext()


def how_far(ahead: timedelta) -> str:
    """How far the clock was moved, for people: `3 days`, `-1 day, 22:00:00`."""
    return str(ahead).removesuffix(", 0:00:00")


def clock_moved(controls: Controls, to: str, true_now: datetime) -> Controls:
    """The controls with the clock moved by `+3d`, `-2h30m`, to a time, or back with `reset`.

    A time without an offset is one of Paris, as in all that Powens sends. Raises `ValueError` with
    what was expected.
    """
    if to == "reset":
        return controls.model_copy(update={"clock_ahead": timedelta(0)})
    step = _STEP.fullmatch(to)
    try:
        if step and len(to) > 1:
            parts = {name: int(step[name] or 0) for name in ("days", "hours", "minutes", "seconds")}
            moved = timedelta(**parts) * (-1 if step["sign"] == "-" else 1)
            ahead = controls.clock_ahead + moved
        else:
            moment = datetime.fromisoformat(to)
            zoned = moment if moment.tzinfo else moment.replace(tzinfo=PARIS)
            ahead = zoned.astimezone(UTC) - true_now
        _ = (true_now + ahead + timedelta(days=366)).astimezone(PARIS)
    except (ValueError, OverflowError):
        raise ValueError(
            f"{to!r} is no time for the sandbox's clock. Expected a step such as +3d, -2h or "
            "+1d12h30m, a time such as 2026-10-25T02:30 (in Paris, unless it has an offset), or "
            "reset."
        ) from None
    return controls.model_copy(update={"clock_ahead": ahead})


def limit_set(controls: Controls, calls: str) -> Controls:
    """The controls with a limit of calls a minute; `off` for none. Raises `ValueError`."""
    if calls != "off" and not (calls.isascii() and calls.isdigit() and 0 < int(calls) < 10**6):
        raise ValueError(f"{calls!r} is no limit. Expected a number such as 30, or off.")
    most = None if calls == "off" else int(calls)
    return controls.model_copy(update={"calls_per_minute": most})
