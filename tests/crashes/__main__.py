"""`python -m tests.crashes --kills 300 --seed 7`: kill `pfo run` anywhere, and look at the ruins.

Each day of a made-up calendar the refresh is started and killed, once or several times in a row,
and then left to end. After each kill the files are looked at from outside (`invariants`); in the
end the ledger must hold what one holds that was never disturbed. Ends with status 1, and the folder
kept, at the first thing that is wrong; the same seed leads there again.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from tests.crashes.killing import kill_many


def main() -> int:
    """Kill as often as asked, and say what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.crashes", description=__doc__)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="pfo-crashes-"))
    try:
        tally = kill_many(folder, kills=asked.kills, seed=asked.seed, tell=print)
    except AssertionError as error:
        print(f"WRONG: {error}\nThe files are kept in {folder}.", file=sys.stderr)  # noqa: T201
        return 1
    shutil.rmtree(folder)
    print(tally)  # noqa: T201 - a command's output
    return 0


if __name__ == "__main__":
    sys.exit(main())
