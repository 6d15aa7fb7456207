"""The operations that a code location knows, by key and version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pfo_dagster.operations.contract import NoInput, Operation
from pfo_dagster.operations.errors import FailureKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pydantic import BaseModel

    from pfo_dagster.operations.contract import OperationContext, ProducedAsset


class OperationRegistry:
    """A set of operations. Registering the same key and version twice is an error."""

    def __init__(self, operations: Iterable[Operation] = ()) -> None:
        self._by_key: dict[str, dict[str, Operation]] = {}
        for operation in operations:
            self.register(operation)

    def register(self, operation: Operation) -> Operation:
        """Add an operation; raises `ValueError` if its key and version are taken."""
        versions = self._by_key.setdefault(operation.key, {})
        if operation.version in versions:
            msg = f"operation {operation.name} is registered twice; give one another version"
            raise ValueError(msg)
        versions[operation.version] = operation
        return operation

    def operation(
        self,
        key: str,
        version: str = "1.0.0",
        *,
        input_model: type[BaseModel] = NoInput,
        output_model: type[BaseModel] | None = None,
        produces: Iterable[ProducedAsset] = (),
        requires: Iterable[str] = (),
        pool: str | None = None,
        error_kinds: Iterable[FailureKind] = (FailureKind.FATAL,),
    ) -> Callable[[Callable[[OperationContext[Any]], Any]], Callable[[OperationContext[Any]], Any]]:
        """Register the decorated function; its docstring is the operation's description."""

        def decorate(
            function: Callable[[OperationContext[Any]], Any],
        ) -> Callable[[OperationContext[Any]], Any]:
            self.register(
                Operation(
                    key=key,
                    version=version,
                    run=function,
                    description=(function.__doc__ or "").strip(),
                    input_model=input_model,
                    output_model=output_model,
                    produces=tuple(produces),
                    requires=frozenset(requires),
                    pool=pool,
                    error_kinds=frozenset(error_kinds),
                )
            )
            return function

        return decorate

    def get(self, key: str, version: str | None = None) -> Operation | None:
        """The operation, or None. Without a version, the highest one of that key."""
        versions = self._by_key.get(key, {})
        if version is not None:
            return versions.get(version)
        return versions[max(versions, key=_version_order)] if versions else None

    def refs(self) -> frozenset[tuple[str, str]]:
        """Every `(key, version)`, for checks that only need to know what exists."""
        return frozenset((operation.key, operation.version) for operation in self)

    def __iter__(self) -> Iterator[Operation]:
        for versions in self._by_key.values():
            yield from versions.values()

    def __len__(self) -> int:
        return sum(len(versions) for versions in self._by_key.values())


def _version_order(version: str) -> tuple[tuple[int, str], ...]:
    """Order `1.10.0` after `1.9.0`, and anything that is not a number before all numbers."""
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in version.split("."))
