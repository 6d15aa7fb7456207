"""The operations of a recorded run: they play its script and write down how they were called."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from pfo_dagster.operations import Operation, OperationContext, OperationError, OperationRegistry
from pfo_dagster.spec import UNDEFINED, WorkflowSpec
from tests.conformance.recordings import revived
from tests.conftest import VirtualClock

# The kinds of the reference's WorkflowExecutionError; it takes any other word for none.
KINDS = frozenset({"retryable", "timeout", "fatal", "policy_blocked", "guard_rejected"})


@dataclass
class Script:
    """Outcomes by operation, consumed in order; an operation that has none left returns `{}`."""

    outcomes: Mapping[str, list[dict[str, Any]]]
    denied: Mapping[str, dict[str, Any]]
    """What the recorded `enforceCapabilities` throws before an operation is called."""
    clock: VirtualClock
    calls: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    """Operation, step and the data that was seen, in the order of the calls."""
    undoing: list[dict[str, Any]] = field(default_factory=list)
    """What each call that undoes a step was given."""

    def __post_init__(self) -> None:
        self._began = self.clock.now

    def registry(self, spec: WorkflowSpec) -> OperationRegistry:
        """Every operation that the spec names; the reference calls whatever it is told to."""
        compensation = spec.definition.compensation
        called = [step.action.operation for step in spec.definition.steps if step.action]
        called += [undo.operation for undo in (compensation.steps if compensation else ())]
        named = {(one.key, one.version or "1.0.0") for one in called if one}
        return OperationRegistry(
            Operation(key=key, version=version, run=self._player(key), description="")
            for key, version in named
        )

    def _player(self, key: str) -> Any:
        async def play(context: OperationContext[Any]) -> object:
            # The reference does not ask `enforceCapabilities` when it undoes a step.
            if key in self.denied and context.undoes is None:
                return await self._perform(self.denied[key], context)
            played = sum(call[0] == key for call in self.calls)
            self.calls.append((key, context.step_id, copy.deepcopy(context.data)))
            if context.undoes is not None:
                self.undoing.append(copy.deepcopy(context.undoes.as_input(context.data)))
            outcomes = self.outcomes.get(key, [])
            return await self._perform(outcomes[played], context) if played < len(outcomes) else {}

        return play

    async def _perform(self, outcome: dict[str, Any], context: OperationContext[Any]) -> object:
        match outcome:
            case {"hangMs": hang, **rest}:
                await asyncio.sleep(hang / 1000)
                return await self._perform(rest.get("then", {"ok": {}}), context)
            case {"mutateData": changes, **rest}:
                context.data.update(revived(changes))
                return await self._perform(rest.get("then", {"ok": {}}), context)
            case {"ok": value}:
                return revived(value)
            case {"success": returned}:
                return {"ok": True, "data": UNDEFINED, **revived(returned)}
            case {"fail": problem}:
                raise self._problem(problem)
            case {"error": error}:
                raise self._thrown(error)
            case {"void": _}:
                return UNDEFINED
            case _:
                message = f"the recording has an outcome that the replay does not know: {outcome}"
                raise ValueError(message)

    def _thrown(self, error: dict[str, Any]) -> OperationError:
        """A thrown value as the operation's error (findings 3 to 5): its kind, else its code."""
        contract = error.get("class") == "ContractSpecError"
        thrown = error.get("value") if "value" in error else error | error.get("props", {})
        if not isinstance(thrown, dict):
            return OperationError(str(thrown), kind="fatal")
        result = thrown if "problem" in thrown else {"ok": False, "code": "", "problem": thrown}
        failure = OperationError.from_result(result) or OperationError(str(thrown.get("message")))
        if contract:
            failure = self._problem(thrown)
        elif failure.kind == "fatal" and isinstance(thrown.get("code"), str):
            failure = OperationError.from_problem(thrown["code"])
        if thrown.get("kind") in KINDS:
            return OperationError(
                str(failure), kind=thrown["kind"], retry_after=failure.retry_after
            )
        return failure

    def _problem(self, problem: dict[str, Any]) -> OperationError:
        after: float | None = problem.get("retryAfter")
        if "retryAfterDateMs" in problem:
            elapsed = (self.clock.now - self._began) * 1000
            after = problem["retryAfterDateMs"] - elapsed
        return OperationError.from_problem(
            problem["code"],
            problem.get("detail", ""),
            retryable=problem.get("retryable"),
            retry_after=None if after is None else timedelta(milliseconds=after),
        )
