"""What the schedules may spend of the banks' forced syncs, for `pfo check` and `pfo plan`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pfo_dagster.automation.budget import overspending, worst_case
from pfo_dagster.resources import refresh_policy

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pfo_dagster.config import Settings
    from pfo_dagster.operations.banking.budget import WorstCase
    from pfo_dagster.spec import Diagnostic
    from pfo_dagster.translate import TranslatedWorkflow
    from pfo_dagster.translate.planning.judging import Judgement


def is_own(path: Path, settings: Settings) -> bool:
    """Whether a path is the project's specs folder: schedules and budget are for these alone."""
    return path.resolve() == settings.specs_dir.resolve()


def spending_of(judged: Iterable[Judgement], settings: Settings) -> WorstCase:
    """The worst case of the project's workflows, as they are scheduled and configured."""
    return worst_case(
        _translated(judged), refresh_policy(settings), agreed=settings.forced_syncs_agreed
    )


def overspending_by(judged: Iterable[Judgement], settings: Settings) -> list[Diagnostic]:
    """What is wrong with that: the definitions of such a project do not load."""
    judged = list(judged)
    return list(overspending(_translated(judged), spending_of(judged, settings)))


def _translated(judged: Iterable[Judgement]) -> dict[str, TranslatedWorkflow]:
    return {one.spec.meta.key: one.translated for one in judged if one.translated}
