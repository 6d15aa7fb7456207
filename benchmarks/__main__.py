"""`python -m benchmarks [which…] [--accounts N]`: see README.md."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks import dashboard, readers, refresh, startup, storage, webhooks


def main() -> None:
    """Run what was asked for, else everything, and print it as Markdown."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    every = ("storage", "readers", "refresh", "startup", "dashboard", "webhooks")
    parser.add_argument("which", nargs="*", default=[], help=f"of {', '.join(every)}; all if none")
    parser.add_argument("--accounts", type=int, default=10_000)
    parser.add_argument("--refreshes", type=int, default=100)
    asked = parser.parse_args()
    unknown = set(asked.which) - set(every)
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(every)}")
    with tempfile.TemporaryDirectory(prefix="pfo-bench-") as folder:
        here = Path(folder)
        measure = {
            "storage": lambda: storage.compare(here / "storage", asked.accounts),
            "readers": lambda: readers.compare(here / "readers", asked.refreshes),
            "refresh": lambda: refresh.compare(here / "refresh", asked.accounts),
            "startup": lambda: startup.measure(here / "startup"),
            "dashboard": lambda: dashboard.measure(here / "dashboard"),
            "webhooks": lambda: webhooks.measure(here / "webhooks"),
        }
        for name in asked.which or every:
            print(f"## {name}\n\n{measure[name]()}\n", flush=True)  # noqa: T201 - the result


if __name__ == "__main__":
    main()
