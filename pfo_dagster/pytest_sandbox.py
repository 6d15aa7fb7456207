"""A pytest plugin with the fixture `powens_sandbox`: made-up banks, for tests of any project.

Pytest imports this at its start, also where no test asks for the fixture: so nothing else is
imported here before one does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

    from pfo_dagster.openbanking.sandbox.for_tests import PowensSandbox


@pytest.fixture
def powens_sandbox() -> Generator[PowensSandbox]:
    """A fresh sandbox on a free port of this computer; see `PowensSandbox` for what it can do."""
    from pfo_dagster.openbanking.sandbox.for_tests import serving  # noqa: PLC0415 - see above

    with serving() as sandbox:
        yield sandbox
