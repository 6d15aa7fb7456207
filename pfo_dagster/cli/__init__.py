"""The `pfo` command. Thin: each command reads its arguments and calls one function elsewhere.

Exit status: 0 done, 1 the thing failed, 2 it was called or set up wrongly, 130 it was interrupted.
"""

from __future__ import annotations

from pfo_dagster.cli.exit_codes import INTERRUPTED

try:
    from pfo_dagster.cli.app import app, main
except KeyboardInterrupt:
    # Importing takes long enough for second thoughts.
    raise SystemExit(INTERRUPTED) from None

__all__ = ["app", "main"]
