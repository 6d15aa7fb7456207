"""`timeoutMs`: how long one attempt may take, and what happens to what takes longer.

The reference's rule (finding 9 of its notes): the limit is for one attempt, an attempt that ends
exactly at it is too late, a timeout is retried like any temporary failure, and 0 or less is no
limit. Unlike the reference, which lets a late operation run on beside the next attempt, an
asynchronous operation is cancelled and has ended before anything else happens.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
from typing import TYPE_CHECKING, Any, TypeVar

from pfo_dagster.operations import FailureKind, OperationError
from pfo_dagster.translate.retries import timer_ms

if TYPE_CHECKING:
    from collections.abc import Awaitable, Coroutine

ResultT = TypeVar("ResultT")


def limit_of(timeout_ms: float | None) -> float | None:
    """The limit of one attempt in seconds, or None where there is none."""
    if timeout_ms is None or timeout_ms <= 0:
        return None
    return timer_ms(timeout_ms) / 1000


async def within(limit: float | None, work: Awaitable[ResultT]) -> ResultT:
    """The result of `work` if it comes in less than `limit` seconds.

    Raises `OperationError` of kind `timeout` otherwise, whatever a late operation does about being
    cancelled. What `work` itself raises in time is passed on, its own `TimeoutError` included.
    """
    if limit is None:
        return await work
    too_late = OperationError(f"it took longer than {limit:g} s", kind=FailureKind.TIMEOUT)
    scope = asyncio.timeout(limit)
    try:
        async with scope:
            result = await work
    except Exception as error:
        if scope.expired():
            raise too_late from error
        raise
    if scope.expired():
        raise too_late
    return result


def run_to_end(work: Coroutine[Any, Any, ResultT]) -> ResultT:
    """Run a coroutine to its end, also where this thread already runs an event loop (notebooks)."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with concurrent.futures.ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(asyncio.run, work).result()
