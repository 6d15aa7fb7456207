"""`python -m tests.conformance DIR`: replay what was recorded of the reference engine in DIR.

Prints a line for each difference, then how many cases were skipped for which reason of
`docs/fidelity.md`, then the sum. Ends with status 0 if nothing failed, 1 if something did, and 2
if DIR holds no recordings.
"""

from __future__ import annotations

import logging
import sys
import warnings
from collections import Counter
from pathlib import Path

from tests.conformance.outcome import Difference
from tests.conformance.replay import replay_all


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("usage: python -m tests.conformance DIR", file=sys.stderr)  # noqa: T201 - a program
        return 2
    passed = failed = 0
    skipped: Counter[Difference] = Counter()
    for outcome in replay_all(Path(arguments[0])):
        if outcome.differences:
            failed += 1
            print(f"{outcome.case}: {'; '.join(outcome.differences)}")  # noqa: T201
        elif outcome.skipped:
            skipped[outcome.skipped] += 1
        else:
            passed += 1
    for reason in Difference:
        if skipped[reason]:
            print(f"skipped, deliberate difference {reason}: {skipped[reason]}")  # noqa: T201
    if not passed + failed + skipped.total():
        print(f"{arguments[0]} holds no recorded cases", file=sys.stderr)  # noqa: T201
        return 2
    print(f"{passed} passed, {failed} failed, {skipped.total()} skipped")  # noqa: T201
    return 1 if failed else 0


if __name__ == "__main__":
    # Dagster writes every run's log to the terminal, where the differences are to be seen.
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    sys.exit(main(sys.argv[1:]))
