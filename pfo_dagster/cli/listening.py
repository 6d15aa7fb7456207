"""Where the servers of `pfo` listen: taken before anything else, so that a port in use is told."""

from __future__ import annotations

import socket

from pfo_dagster.cli.console import reason, stop
from pfo_dagster.cli.exit_codes import FAILED


def listen(what: str, host: str, port: int) -> socket.socket:
    """A socket that others can already connect to while the server starts.

    Stops the command where there can be none; `what` is the server's name in what it says then.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        message = (
            f"{what} cannot listen at {host}, port {port}: {reason(error)}. Is it running already?"
            " Choose another port with --port."
        )
        raise stop(message, FAILED) from None
