"""Progress of long steps: a bar on a terminal, plain log lines elsewhere."""

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

logger = logging.getLogger(__name__)
_SECONDS_BETWEEN_LINES = 10.0


class Advance(Protocol):
    """Reports that some steps are done, and which one comes next."""

    def __call__(self, note: str = "", steps: int = 1) -> None:
        """Count ``steps`` as done."""


@contextmanager
def progress(title: str, total: int) -> Iterator[Advance]:
    """Show the progress of ``total`` steps; the context's value is called once a step.

    >>> with progress("folds", total=2) as advance:
    ...     advance("first")
    ...     advance("second")
    """
    if sys.stderr.isatty():
        yield from _bar(title, total)
    else:
        yield from _lines(title, total)


def _bar(title: str, total: int) -> Iterator[Advance]:
    from rich.console import Console  # noqa: PLC0415 - only on a terminal
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=total, note="")

        def advance(note: str = "", steps: int = 1) -> None:
            bar.update(task, advance=steps, note=note)

        yield advance


def _lines(title: str, total: int) -> Iterator[Advance]:
    done, last_line = 0, time.monotonic()

    def advance(note: str = "", steps: int = 1) -> None:
        nonlocal done, last_line
        done += steps
        now = time.monotonic()
        if now - last_line >= _SECONDS_BETWEEN_LINES:
            last_line = now
            logger.info("%s: %d of %d%s", title, done, total, f" ({note})" if note else "")

    yield advance
