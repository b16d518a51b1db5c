"""All trades of a span, page by page, from the exchanges that keep them in a way that leaves no gap."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from algotrade.errors import ConfigurationError, VenueUnavailable

PAGE_ROWS = 1_000
_HOUR_MS = 3_600_000
_MOST_ANSWERS = 8

Ask = Callable[[int | None, dict[str, Any]], list[dict[str, Any]]]
"""ccxt's trades from a time (ms since the epoch) on, or of further parameters."""


@dataclass(frozen=True)
class TradeRow:
    """One trade, or several that a taker made at one price.

    Attributes
    ----------
    number : int or str
        By which the exchange counts its rows.
    time_ms : int
    trade_id : str
        The number of a trade; of several, the first and the last (``101-104``).
    price, amount : float
    side : str or None
        The taker's, ``buy`` or ``sell``.
    """

    number: int | str
    time_ms: int
    trade_id: str
    price: float
    amount: float
    side: str | None


Pages = Callable[[Ask, int, int], Iterator[list[TradeRow]]]


def trade_count(trade_id: str) -> int:
    """How many trades an id stands for.

    >>> trade_count("101-104"), trade_count("7")
    (4, 1)
    """
    first, _, last = trade_id.partition("-")
    return int(last) - int(first) + 1 if first.isdigit() and last.isdigit() else 1


def pager_of(exchange_id: str) -> Pages:
    """How an exchange's trades are paged.

    Raises
    ------
    ConfigurationError
        If the exchange does not keep its trades so that one can get all of a span.
    """
    if exchange_id not in PAGERS:
        raise ConfigurationError(
            f"{exchange_id} does not give all trades of a span through ccxt, only its latest. "
            f"Accepted are {', '.join(PAGERS)}; candles of {exchange_id} come without this."
        )
    return PAGERS[exchange_id]


def _by_number(ask: Ask, start_ms: int, stop_ms: int) -> Iterator[list[TradeRow]]:
    """Binance: the first trades by time, an hour at most at once; the others by the number of the aggregated trade."""
    page = _first_page(ask, start_ms, stop_ms)
    while page and page[0].time_ms < stop_ms:
        yield [row for row in page if start_ms <= row.time_ms < stop_ms]
        following = int(page[-1].number) + 1
        page = _complete(partial(_aggregated, ask, None, {"fromId": following}), following)


def _first_page(ask: Ask, start_ms: int, stop_ms: int) -> list[TradeRow]:
    for since in range(start_ms, stop_ms, _HOUR_MS):
        found = _complete(partial(_aggregated, ask, since, {}), None)
        if found:
            return found
    return []


def _complete(answer: Callable[[], list[TradeRow]], first: int | None) -> list[TradeRow]:
    """Rows in the order of their numbers, each once, of several answers if the first one is in doubt.

    It is in doubt if a number is missing in it, if it is empty, or if nobody knows with which number it begins; then
    another answer has to bring nothing new, or two where numbers stay missing.

    Parameters
    ----------
    answer : callable
        Asks once.
    first : int, optional
        Number of the first row; unknown for a page that is asked for by time.
    """
    rows = {int(row.number): row for row in answer()}
    agreed = 0
    for _ in range(_MOST_ANSWERS):
        if agreed >= _doubt(rows, first):
            return [rows[number] for number in sorted(rows)]
        more = {int(row.number): row for row in answer()}
        agreed = 0 if more.keys() - rows.keys() else agreed + 1
        rows |= more
    raise VenueUnavailable(
        f"The exchange sent other trades in each of {_MOST_ANSWERS} answers to the same question. Try again later."
    )


def _doubt(rows: Mapping[int, TradeRow], first: int | None) -> int:
    """How many answers have to agree with these rows."""
    if not rows:
        return 1
    begins = min(rows) if first is None else first
    if min(rows) != begins or max(rows) - begins + 1 != len(rows):
        return 2
    return 1 if first is None else 0


def _aggregated(ask: Ask, since: int | None, parameters: dict[str, Any]) -> list[TradeRow]:
    rows = []
    for trade in ask(since, parameters):
        first, last = str(trade["info"]["f"]), str(trade["info"]["l"])
        trade_id = first if first == last else f"{first}-{last}"
        rows.append(_row(trade, int(trade["id"]), trade_id))
    return rows


def _by_time(ask: Ask, start_ms: int, stop_ms: int) -> Iterator[list[TradeRow]]:
    """Others: from the time of the last trade on, that trade and its neighbours left out."""
    since, known = start_ms, frozenset[int | str]()
    while since < stop_ms:
        rows = [_row(trade, str(trade["id"]), str(trade["id"])) for trade in ask(since, {})]
        fresh = sorted((row for row in rows if row.number not in known), key=lambda row: row.time_ms)
        if not fresh:
            return
        yield [row for row in fresh if start_ms <= row.time_ms < stop_ms]
        since = fresh[-1].time_ms
        known = frozenset(row.number for row in rows)


def _row(trade: Mapping[str, Any], number: int | str, trade_id: str) -> TradeRow:
    price, amount = float(trade["price"]), float(trade["amount"])
    return TradeRow(number, int(trade["timestamp"]), trade_id, price, amount, trade.get("side"))


PAGERS: Mapping[str, Pages] = {
    "binance": _by_number,
    "binanceus": _by_number,
    "binanceusdm": _by_number,
    "binancecoinm": _by_number,
    "kraken": _by_time,
}
"""By ccxt's name of the exchange."""
