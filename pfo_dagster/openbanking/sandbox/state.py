"""What the sandbox remembers: forced syncs, and until when its figures were read.

All else follows from seed and clock.
"""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from pfo_dagster.openbanking.errors import ErrorKind, ProviderError
from pfo_dagster.openbanking.sandbox import shared_file

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

_REMEMBERED: Final = 200
"""Forced syncs per connection that are kept: enough for months of the regular three a day."""
_CLOCKS_DIFFER_BY: Final = timedelta(minutes=1)
"""So far back a computer's clock may be put right without anybody noticing."""
_NOTED_EVERY: Final = timedelta(seconds=10)


class _Memory(BaseModel):
    model_config = ConfigDict(frozen=True)

    forced_syncs: dict[int, list[AwareDatetime]]
    read_until: AwareDatetime | None = None


class SandboxState:
    """The memory: in the file `path`, shared by processes, or with this object alone."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._in_memory = _Memory(forced_syncs={})

    def forced_syncs(self, connection_id: int) -> Sequence[datetime]:
        """The instants at which a sync of the connection was forced, oldest first."""
        return self._read().forced_syncs.get(connection_id, [])

    def record(self, connection_id: int, at: datetime) -> None:
        """Remember that a sync was forced. Raises `ProviderError` where that cannot be written."""

        def recorded(memory: _Memory) -> _Memory:
            syncs = sorted([*memory.forced_syncs.get(connection_id, []), at])[-_REMEMBERED:]
            forced_syncs = {**memory.forced_syncs, connection_id: syncs}
            return memory.model_copy(update={"forced_syncs": dict(sorted(forced_syncs.items()))})

        self._change(recorded)

    def read_until(self) -> datetime | None:
        """The latest instant of which a run that keeps figures has read; None before the first."""
        return self._read().read_until

    def read_at(self, now: datetime) -> None:
        """Remember that figures of `now` are read, to be kept.

        Raises `ProviderError` where later ones were: kept figures would go back in time, and what
        was true last could not be told any more.
        """
        latest = self.read_until()
        if latest is not None and now < latest - _CLOCKS_DIFFER_BY:
            raise ProviderError(
                f"The sandbox's clock was put back to {_minute(now)}, but runs of this data folder"
                f" have read figures of {_minute(latest)}, behind which nothing is recorded. Move "
                f"it there again (pfo sandbox clock {latest:%Y-%m-%dT%H:%M:%S}+00:00), or begin "
                "in an empty folder (PFO_DATA_DIR).",
                kind=ErrorKind.FATAL,
            )
        if latest is None or now >= latest + _NOTED_EVERY:
            self._change(lambda memory: memory.model_copy(update={"read_until": now}))

    def _read(self) -> _Memory:
        if self._path is None:
            return self._in_memory
        try:
            return _Memory.model_validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return self._in_memory
        except PermissionError:
            raise ProviderError(
                f"This user may not read the sandbox's memory {self._path}. Give it the "
                "right, or choose another folder with PFO_DATA_DIR.",
                kind=ErrorKind.FATAL,
            ) from None
        except (OSError, ValidationError):
            raise ProviderError(
                f"The sandbox's memory {self._path} cannot be read. Delete the file: the sandbox "
                "then forgets its forced syncs, which hurts nobody.",
                kind=ErrorKind.FATAL,
            ) from None

    def _change(self, change: Callable[[_Memory], _Memory]) -> None:
        try:
            with self._alone():
                changed = change(self._read())
                if self._path is None:
                    self._in_memory = changed
                else:
                    shared_file.replace(self._path, changed.model_dump_json(indent=2))
        except OSError as error:
            raise ProviderError(
                f"The sandbox's memory {self._path} cannot be written ({error.strerror}). Make its "
                "folder writable, or choose another one with PFO_DATA_DIR.",
                kind=ErrorKind.FATAL,
            ) from error

    def _alone(self) -> AbstractContextManager[None]:
        """Keep other processes from writing meanwhile."""
        return shared_file.alone(self._path) if self._path else contextlib.nullcontext()


def _minute(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
