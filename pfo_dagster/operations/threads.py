"""Waiting for a synchronous operation without being held by it."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


async def call_in_thread(function: Callable[[Any], Any], argument: object) -> object:
    """The result of `function(argument)`, called in a thread of its own.

    A thread cannot be stopped: when the caller is cancelled, the function runs on, and what it
    returns or raises is dropped. The thread is a daemon, so that it keeps no process from ending;
    the pools of `asyncio.to_thread` would.
    """
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[object] = loop.create_future()

    def call() -> None:
        try:
            result = function(argument)
        except BaseException as error:  # noqa: BLE001 - handed over to whoever waits
            _hand_over(loop, outcome, error=error)
        else:
            _hand_over(loop, outcome, result=result)

    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(call,), daemon=True).start()
    return await outcome


def _hand_over(
    loop: asyncio.AbstractEventLoop,
    outcome: asyncio.Future[object],
    *,
    result: object = None,
    error: BaseException | None = None,
) -> None:
    def settle() -> None:
        if outcome.done():
            return
        if error is None:
            outcome.set_result(result)
        else:
            outcome.set_exception(error)

    if not loop.is_closed():
        loop.call_soon_threadsafe(settle)
