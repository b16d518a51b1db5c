"""Requests end in time: one timer for all of them, since one for each would cost as much as its answer."""

import asyncio
from collections.abc import Awaitable

from algotrade.inference.problems import RequestTimeout


class Deadlines:
    """Breaks off what takes too long.

    All requests have the same time, so the first one that began is the first one that is due, and the timer waits for
    that one.

    Parameters
    ----------
    seconds : float
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._due: dict[asyncio.Task[object], float] = {}
        self._broken_off: set[asyncio.Task[object]] = set()
        self._timer: asyncio.TimerHandle | None = None

    async def keep(self, work: Awaitable[None]) -> None:
        """Do the work of the current task.

        Raises
        ------
        RequestTimeout
            If it was not done in time, and was broken off.
        """
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("A request is served by a task.")
        loop = task.get_loop()
        self._due[task] = due = loop.time() + self._seconds
        if self._timer is None:
            self._timer = loop.call_at(due, self._break_off)
        try:
            await work
        except asyncio.CancelledError:
            if task in self._broken_off and task.uncancel() == 0:
                raise RequestTimeout(f"The request was not answered within {self._seconds:g} s.") from None
            raise
        finally:
            del self._due[task]
            self._broken_off.discard(task)

    def _break_off(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        self._timer = None
        for task, due in self._due.items():
            if due > now:
                self._timer = loop.call_at(due, self._break_off)
                break
            if task not in self._broken_off:
                self._broken_off.add(task)
                task.cancel()
