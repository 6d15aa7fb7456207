"""A port that is taken: said at once, and nothing is started beside it."""

from __future__ import annotations

import socket
from collections.abc import Callable
from functools import partial

import pytest
import typer

from pfo_dagster.cli.dashboard import serve_dashboard
from pfo_dagster.cli.dev import serve_dagster


@pytest.mark.parametrize(
    "serve",
    [partial(serve_dashboard, "127.0.0.1", browser=False), serve_dagster],
    ids=["dashboard", "dev"],
)
def test_a_port_that_is_taken_is_named(
    serve: Callable[..., object], capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(typer.Exit) as stopped:
            serve(port=port)
    assert stopped.value.exit_code == 1
    said = capsys.readouterr().err
    assert f"cannot listen at 127.0.0.1, port {port}: Address already in use." in said
    assert "Choose another port with --port." in said
