"""All candles of a span, page by page, from exchanges that each page in their own way."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from algotrade.data.exchange.rows import Rows
from algotrade.data.exchange.settling import Settler
from algotrade.data.intervals import Interval

Leap = Callable[[int], int]
"""From an open time after which a page is empty: where the next candles may be, that time or a later one."""


@dataclass(frozen=True)
class Page:
    """A part of a span, settled.

    Attributes
    ----------
    rows : Rows
        Candles in order, each once.
    rejected : Rows
        What was sent instead of candles.
    holes : list of intervals
        Stretches that the exchange has no candles of although it has one after them.
    until : int
        Open time up to which everything is known.
    """

    rows: Rows
    rejected: Rows
    holes: list[Interval]
    until: int


def pages(settler: Settler, span: Interval, step: int, leap: Leap = lambda since: since) -> Iterator[Page]:
    """Everything from the start of a span to before its end, oldest first.

    It moves forward by what it received, so it does not matter how many rows a page has. A stretch without candles
    (before the listing, in an outage) is a hole once a candle after it has been seen, which may be one beyond the
    span; what is missing at the end may still come and is not.

    Parameters
    ----------
    settler : Settler
    span : (start, stop)
        Open times on the grid.
    step : int
    leap : callable, optional
    """
    since, stop = span
    known_until = since
    while since < stop:
        page = settler.page(since, stop)
        until, holes = page.until, []
        if len(page.rows):
            seen_until = min(stop, int(page.rows.time_ms[-1]) + step)
            holes = settler.missing(page.rows, known_until, seen_until)
            known_until = seen_until
        elif until < stop:
            until = max(until, leap(until))
        yield Page(page.rows.between(since, stop), page.rejected, holes, min(until, stop))
        since = until


def next_with_candles(ask_days: Callable[[int], Rows], since: int, stop: int, day_rows: int) -> int:
    """The first open time from ``since`` on whose day has candles, or ``stop``: two answers have to agree on it.

    Parameters
    ----------
    ask_days : callable
        Daily candles from an open time on.
    since, stop : int
    day_rows : int
        How many days an answer covers.
    """
    day_ms = 86_400_000
    day = since - since % day_ms
    while day < stop:
        found = [int(time) for _ in range(2) for time in ask_days(day).time_ms if time >= day]
        if found:
            return max(since, min(found))
        day += day_rows * day_ms
    return stop
