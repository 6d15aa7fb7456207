"""The operations that workflows call, and the contract by which new ones are added.

`contract` says what an operation is, `registry` holds them, `banking` has the project's
own. A step of a spec names an operation by key and version; `pfo_dagster.translate` calls it.
"""

from pfo_dagster.operations.contract import (
    AssetPath,
    Markdown,
    NoInput,
    Operation,
    OperationContext,
    ProducedAsset,
    UndoneStep,
)
from pfo_dagster.operations.errors import FailureKind, OperationError
from pfo_dagster.operations.registry import OperationRegistry

__all__ = [
    "AssetPath",
    "FailureKind",
    "Markdown",
    "NoInput",
    "Operation",
    "OperationContext",
    "OperationError",
    "OperationRegistry",
    "ProducedAsset",
    "UndoneStep",
]
