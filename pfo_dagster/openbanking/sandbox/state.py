"""What the sandbox remembers: the syncs that were forced. All else follows from seed and clock."""

from __future__ import annotations

import contextlib
import json
from datetime import datetime
from typing import TYPE_CHECKING, Final

from pfo_dagster.openbanking.errors import ErrorKind, ProviderError
from pfo_dagster.openbanking.sandbox import shared_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

_REMEMBERED: Final = 200
"""Forced syncs per connection that are kept: enough for months of the regular three a day."""

_Syncs = dict[int, list[datetime]]


class SandboxState:
    """Forced syncs by connection id: in the file `path`, shared by processes, or in memory only."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._in_memory: _Syncs = {}

    def forced_syncs(self, connection_id: int) -> Sequence[datetime]:
        """The instants at which a sync of the connection was forced, oldest first."""
        return self._read().get(connection_id, [])

    def record(self, connection_id: int, at: datetime) -> None:
        """Remember that a sync was forced. Raises `ProviderError` where that cannot be written."""
        try:
            with self._alone():
                syncs = self._read()
                known = syncs.get(connection_id, [])
                self._write({**syncs, connection_id: sorted([*known, at])[-_REMEMBERED:]})
        except OSError as error:
            raise ProviderError(
                f"The sandbox's memory {self._path} cannot be written ({error.strerror}). Make its "
                "folder writable, or choose another one with PFO_DATA_DIR.",
                kind=ErrorKind.FATAL,
            ) from error

    def _read(self) -> _Syncs:
        if self._path is None:
            return self._in_memory
        try:
            content = json.loads(self._path.read_text())
            return {
                int(connection): [datetime.fromisoformat(instant) for instant in instants]
                for connection, instants in content["forced_syncs"].items()
            }
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, AttributeError, TypeError):
            raise ProviderError(
                f"The sandbox's memory {self._path} cannot be read. Delete the file: the sandbox "
                "then forgets its forced syncs, which hurts nobody.",
                kind=ErrorKind.FATAL,
            ) from None

    def _write(self, syncs: _Syncs) -> None:
        if self._path is None:
            self._in_memory = syncs
            return
        content = {
            "forced_syncs": {
                str(connection): [instant.isoformat() for instant in instants]
                for connection, instants in sorted(syncs.items())
            }
        }
        shared_file.replace(self._path, json.dumps(content, indent=2))

    def _alone(self) -> AbstractContextManager[None]:
        """Keep other processes from writing meanwhile."""
        return shared_file.alone(self._path) if self._path else contextlib.nullcontext()
