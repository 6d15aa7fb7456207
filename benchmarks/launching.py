"""Runs a command, and prints as a last line what it took: `python -S -m benchmarks.launching ...`.

Linux counts as part of a process's peak what its parent held when it was started, so that a large
parent would be measured and not the command. This one is small: it imports next to nothing.
"""

import json
import os
import sys


def main(command: list[str]) -> int:
    """Run the command with our output as its own; its exit status."""
    child = os.posix_spawnp(command[0], command, os.environ)
    _, status, usage = os.wait4(child, 0)
    cpu = usage.ru_utime + usage.ru_stime
    print(json.dumps({"cpu": cpu, "peak_mb": usage.ru_maxrss / 1024}), flush=True)  # noqa: T201
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
