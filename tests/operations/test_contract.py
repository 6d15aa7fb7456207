"""The operations' contract: what they are given, what they give back, how they fail."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from pydantic import BaseModel, Field, ValidationError

from pfo_dagster.operations import (
    FailureKind,
    NoInput,
    Operation,
    OperationContext,
    OperationError,
    OperationRegistry,
)


class Order(BaseModel):
    number: int
    note: str | None = Field(default=None, alias="orderNote")


class Receipt(BaseModel):
    paid: bool


def context(given: Any = None) -> OperationContext[Any]:
    return OperationContext(
        input=given,
        data={},
        run_id="run",
        workflow_key="test.flow",
        workflow_version="1.0.0",
        workflow_digest="0",
        step_id="a",
        attempt=1,
        resources={},
        log=logging.getLogger("test"),
    )


def operation(run: Any, **contract: Any) -> Operation:
    return Operation(key="op.a", version="1.0.0", run=run, description="", **contract)


def test_the_input_is_taken_from_the_workflows_data_by_name() -> None:
    wanted = operation(lambda _context: None, input_model=Order)
    assert wanted.read_input({"number": "7", "orderNote": "soon", "other": object()}) == Order(
        number=7, orderNote="soon"
    )


def test_an_input_that_does_not_fit_is_a_fatal_failure_that_names_the_field() -> None:
    wanted = operation(lambda _context: None, input_model=Order)
    with pytest.raises(OperationError, match=r"op\.a@1\.0\.0.*number") as error:
        wanted.read_input({"number": "many"})
    assert error.value.kind is FailureKind.FATAL
    assert "many" not in str(error.value)


@pytest.mark.parametrize("asynchronous", [True, False])
def test_functions_may_be_asynchronous_or_not(asynchronous: bool) -> None:
    async def later(_context: OperationContext[Any]) -> Receipt:
        return Receipt(paid=True)

    def now(_context: OperationContext[Any]) -> Receipt:
        return Receipt(paid=True)

    run = later if asynchronous else now
    assert asyncio.run(operation(run).execute(context())) == {"paid": True}


def test_a_declared_output_is_enforced() -> None:
    with pytest.raises(ValidationError):
        asyncio.run(
            operation(lambda _context: {"paid": "?"}, output_model=Receipt).execute(context())
        )


def test_an_operation_is_registered_once() -> None:
    registry = OperationRegistry([operation(lambda _context: None)])
    with pytest.raises(ValueError, match=r"op\.a@1\.0\.0 is registered twice"):
        registry.register(operation(lambda _context: None))


def test_without_a_version_the_highest_one_is_found() -> None:
    registry = OperationRegistry()
    for version in ("1.9.0", "1.10.0", "1.2.0"):

        @registry.operation("op.a", version)
        def run(_context: OperationContext[NoInput]) -> None:
            """Do nothing."""

    found = registry.get("op.a")
    assert found is not None
    assert found.version == "1.10.0"
    assert found.description == "Do nothing."
    assert registry.get("op.a", "2.0.0") is None
    assert registry.get("op.b") is None
    assert len(registry.refs()) == len(registry) == 3


@pytest.mark.parametrize("kind", list(FailureKind))
def test_only_what_may_pass_is_retried(kind: FailureKind) -> None:
    assert kind.may_retry is (kind.value in {"retryable", "timeout", "rate_limited"})
    assert str(OperationError(kind=kind))
