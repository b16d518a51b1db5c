"""All candles of a span, page by page, from exchanges that each page in their own way."""

from collections.abc import Callable
from dataclasses import dataclass

Row = list[float]
FetchPage = Callable[[int], list[Row]]
"""Rows [open time in ms, open, high, low, close, volume] from an open time on, as many as the exchange likes."""


@dataclass(frozen=True)
class Span:
    """Open times from ``start`` to before ``stop``, ms since the epoch, one every ``step``."""

    start: int
    stop: int
    step: int


def fetch_all(fetch_page: FetchPage, span: Span, page_rows: int, on_page: Callable[[int], None]) -> list[Row]:
    """Rows of the span, oldest first, each open time once.

    It moves forward by what it received, so it does not matter how many rows a page has or whether rows are
    sent twice. A page without anything new is a stretch without candles (before the listing, in an outage):
    it moves on by a page.

    Parameters
    ----------
    fetch_page : callable
    span : Span
    page_rows : int
        How many candles a page covers.
    on_page : callable
        Told how many rows there are so far, after each page.
    """
    rows: list[Row] = []
    since = span.start
    while since < span.stop:
        page = sorted(row for row in fetch_page(since) if since <= row[0] < span.stop)
        fresh = [row for row, before in zip(page, [None, *page], strict=False) if before is None or row[0] > before[0]]
        rows.extend(fresh)
        since = int(fresh[-1][0]) + span.step if fresh else since + page_rows * span.step
        on_page(len(rows))
    return rows
