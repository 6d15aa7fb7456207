"""The `pfo` command. Thin: each command reads its arguments and calls one function elsewhere.

Exit status: 0 done, 1 the thing failed, 2 it was called or set up wrongly.
"""

from __future__ import annotations

from pfo_dagster.cli.app import app, main

__all__ = ["app", "main"]
