"""Calls that wait for somebody else, out of the event loop's way, and abandoned when the program ends."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def in_background(call: Callable[[], T]) -> T:
    """Result of a call, made in a thread that keeps nobody from leaving.

    The event loop's own threads are waited for at the end of the program: for minutes, if an exchange or a database
    does not answer.

    >>> asyncio.run(in_background(lambda: 6 * 7))
    42
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if answer.done():
            return  # cancelled meanwhile
        if error is not None:
            answer.set_exception(error)
        else:
            answer.set_result(result)  # type: ignore[arg-type] # without an error there is a result

    def run() -> None:
        result, error = None, None
        try:
            result = call()
        except BaseException as raised:  # noqa: BLE001 - raised again where it is awaited
            error = raised
        # The loop is closed if nobody waits any more.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=run, name="candle stream", daemon=True).start()
    return await answer
