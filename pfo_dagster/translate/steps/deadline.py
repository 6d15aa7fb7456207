"""`timeoutMs`: how long one attempt may take, and what happens to what takes longer.

The reference's rule (finding 9 of its notes): the limit is for one attempt, an attempt that ends
exactly at it is too late, a timeout is retried like any temporary failure, and 0 or less is no
limit. Unlike the reference, which lets a late operation run on beside the next attempt, an
asynchronous operation is cancelled and has ended before anything else happens.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import signal
import threading
from typing import TYPE_CHECKING, Any, TypeVar

from pfo_dagster.operations import FailureKind, OperationError
from pfo_dagster.spec.timing import timer_ms

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


async def _interruptible(work: Awaitable[ResultT]) -> ResultT:
    """Cancel `work` on SIGINT and SIGTERM.

    Dagster's own handlers raise where they find the program, which is in the event loop's code more
    often than not, and the loop takes no notice of it.
    """
    task = asyncio.current_task()
    if task is None or threading.current_thread() is not threading.main_thread():
        return await work
    loop = asyncio.get_running_loop()
    received: list[signal.Signals] = []

    def cancel(number: signal.Signals) -> None:
        received.append(number)
        task.cancel()

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        loop.add_signal_handler(number, cancel, number)
    try:
        return await work
    except asyncio.CancelledError:
        if received:
            message = "the run was interrupted"
            raise OperationError(message, kind=FailureKind.CANCELLED) from None
        raise
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)


def run_to_end(work: Coroutine[Any, Any, ResultT]) -> ResultT:
    """Run a coroutine to its end, also where this thread already runs an event loop (notebooks).

    A person who interrupts the run, or Dagster that terminates it, cancels the coroutine; then
    `OperationError` of kind `cancelled` is raised, because Dagster would try an interrupted step
    again.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(_interruptible(work))
    with concurrent.futures.ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(asyncio.run, work).result()
