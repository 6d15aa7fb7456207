"""Webhooks that were answered and are not in Dagster's storage yet: a folder on disk.

Dagster's storage can be busy for seconds while runs write to it, and whoever sent a webhook does
not wait that long. So the receiver (`pfo webhooks serve`) answers once an event is in this folder,
and one thread brings what is there into the storage, where the sensor of `webhooks` finds it.

A file holds the events that arrived together, one a line. It gets its name when it is whole and on
disk, and goes when the storage has its events; what is brought twice by a crash in between, the
sensor knows.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from pfo_dagster.durable import sync_directory
from pfo_dagster.openbanking.powens.events import BankEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from pathlib import Path

BRING_EVERY: Final = 1.0
"""Seconds: soon enough for a sensor that looks twice a minute, and few writes for a burst."""

_log = logging.getLogger(__name__)


class Spool:
    """The folder. Any number of threads and receivers may add at once."""

    def __init__(self, folder: Path) -> None:
        """`folder` is created if it is missing; raises `OSError` where it cannot be."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder = folder

    def add(self, events: Sequence[BankEvent]) -> None:
        """Return once the events would survive a loss of power; raises `OSError` if they cannot."""
        name = f"{time.time_ns():020}-{os.getpid()}-{threading.get_ident()}"
        unfinished = self.folder / f"{name}.part"
        try:
            with unfinished.open("w", encoding="utf-8") as file:
                file.writelines(json.dumps(event.as_json()) + "\n" for event in events)
                file.flush()
                os.fsync(file.fileno())
            unfinished.rename(self.folder / f"{name}.jsonl")
            sync_directory(self.folder)
        except OSError:
            unfinished.unlink(missing_ok=True)
            raise

    def waiting(self) -> list[BankEvent]:
        """The events that are not in the storage yet, in the order in which they arrived."""
        return [event for path in self._files() for event in self._read(path)]

    def bring(self, keep: Callable[[Sequence[BankEvent]], None]) -> int:
        """Hand all that waits to `keep` at once, then forget it; the number of events.

        Raises what `keep` raises; then everything waits on.
        """
        contents = {path: self._read(path) for path in self._files()}
        events = [event for content in contents.values() for event in content]
        if events:
            keep(events)
        for path in contents:
            path.unlink(missing_ok=True)
        return len(events)

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("*.jsonl"))

    def _read(self, path: Path) -> list[BankEvent]:
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
            return [BankEvent.from_json(json.loads(line)) for line in lines]
        except FileNotFoundError:
            return []  # Another receiver on the same folder has brought it.
        except (ValueError, KeyError, TypeError):
            # Nothing that we wrote, and it must not keep back all that comes after it.
            aside = path.with_suffix(".unreadable")
            path.rename(aside)
            _log.error("%s holds no events; it is kept aside as %s", path, aside.name)
            return []


@contextmanager
def bringing(
    spool: Spool, keep: Callable[[Sequence[BankEvent]], None], *, every: float = BRING_EVERY
) -> Generator[None]:
    """Bring what waits into the storage every so many seconds, and a last time when the block ends.

    While `keep` raises, everything waits; that is logged once, and again when it is over.
    """
    ends = threading.Event()

    def work() -> None:
        refused = False
        while True:
            last = ends.wait(every)
            try:
                spool.bring(keep)
            except Exception as error:  # noqa: BLE001 - whatever the storage says, it is tried again
                if not refused:
                    # Without the traceback: it may show what was to be stored.
                    _log.error("Webhooks cannot be brought to Dagster's storage (%s); they wait in"
                               " %s and are tried again",
                               type(error).__name__, spool.folder)  # fmt: skip
                refused = True
            else:
                if refused:
                    _log.warning("Webhooks are brought to Dagster's storage again; none was lost")
                refused = False
            if last:
                return

    thread = threading.Thread(target=work, name="webhook-spool", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ends.set()
        thread.join()
