"""The download of one series: what is planned, asked for, and stored."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from algotrade.data.download.batches import SeriesWriter
from algotrade.data.download.orders import DownloadOrder, Mode
from algotrade.data.download.outcome import SeriesOutcome
from algotrade.data.download.plan import StoredState, missing, requests, states
from algotrade.data.exchange import ExchangeGateway
from algotrade.data.exchange.pager import Page
from algotrade.data.intervals import Interval, length
from algotrade.data.store import CandleStore
from algotrade.domain.candles import from_milliseconds
from algotrade.domain.symbol import unified_symbol
from algotrade.errors import ConfigurationError, VenueError

Arrived = Callable[[str, int], None]
"""Told the symbol, and of how many more candles it is known what they are."""


@dataclass(frozen=True)
class SeriesPlan:
    """What to ask an exchange about one series.

    Attributes
    ----------
    gateway : ExchangeGateway
    state : StoredState
    spans : tuple of intervals
    """

    gateway: ExchangeGateway
    state: StoredState
    spans: tuple[Interval, ...]

    @property
    def candles(self) -> int:
        """How many candles the spans have room for."""
        return length(self.spans) // self.state.timeframe.milliseconds


def order_by_exchange(gateways: Sequence[ExchangeGateway], order: DownloadOrder) -> list[DownloadOrder]:
    """What to ask each exchange: of several, each is asked for the symbols that it lists.

    Raises
    ------
    ConfigurationError
        If a symbol is listed nowhere, or one of several exchanges lists none of them.
    VenueError
        If an exchange does not answer.
    """
    if len(gateways) == 1:
        return [order]
    listed = [gateway.listed(order.symbols) for gateway in gateways]
    nowhere = [symbol for symbol in map(unified_symbol, order.symbols) if not any(symbol in each for each in listed)]
    useless = [gateway.exchange_id for gateway, each in zip(gateways, listed, strict=True) if not each]
    if nowhere or useless:
        raise ConfigurationError(
            f"{', '.join(nowhere)} is listed by none of {', '.join(gateway.exchange_id for gateway in gateways)}."
            if nowhere
            else f"{', '.join(useless)} lists none of {', '.join(order.symbols)}. Leave that exchange out."
        )
    return [replace(order, symbols=each) for each in listed]


def plan_exchange(store: CandleStore, gateway: ExchangeGateway, order: DownloadOrder) -> list[SeriesPlan]:
    """What to ask one exchange, series by series.

    Raises
    ------
    ConfigurationError
        If the exchange lacks a symbol or the timeframe, or nobody said from when on.
    VenueError
        If it does not answer.
    StoreError
        If the store cannot be read.
    """
    symbols = list(dict.fromkeys(gateway.accepted(order.symbols, order.timeframe)))
    plans = []
    for state in states(store, gateway.name, order.timeframe, symbols):
        span = _span(gateway, state, order)
        known = replace(state, holes=()) if order.force else state
        if order.mode is Mode.REFRESH:
            plans.append(SeriesPlan(gateway, known, (span,) if span[1] > span[0] else ()))
            continue
        stretches = missing(store, known, span)
        page_rows = gateway.page_rows(state.symbol)
        merged = requests(stretches, order.timeframe, page_rows)
        plans.append(SeriesPlan(gateway, known, tuple(_with_last(known, merged, page_rows))))
        if order.force:
            bounds = from_milliseconds(list(span))
            store.forget_holes(gateway.name, order.timeframe, [state.symbol], *bounds)
    return plans


def download_series(
    store: CandleStore, plan: SeriesPlan, arrived: Arrived, stopped: Callable[[], bool]
) -> SeriesOutcome:
    """Ask for the spans of a plan and store what comes, batch by batch; ``stopped`` ends it between two pages."""
    state = plan.state
    writer = SeriesWriter(store, plan.gateway, state.symbol, state.timeframe, state.holes)
    try:
        for candles, page in _pages(plan):
            writer.add(page)
            arrived(state.symbol, candles)
            if stopped():
                break
    except VenueError:
        writer.write()
        raise
    writer.write()
    return SeriesOutcome(
        plan.gateway.name,
        state.symbol,
        state.timeframe.name,
        plan.candles,
        writer.count,
        writer.holes,
        writer.quarantined,
    )


def _pages(plan: SeriesPlan) -> Iterator[tuple[int, Page]]:
    """Pages of all spans, and how many candles each of them settles."""
    timeframe = plan.state.timeframe
    for span in plan.spans:
        settled = span[0]
        for page in plan.gateway.pages(plan.state.symbol, timeframe, span, plan.state.holes):
            yield (page.until - settled) // timeframe.milliseconds, page
            settled = page.until


def _span(gateway: ExchangeGateway, state: StoredState, order: DownloadOrder) -> Interval:
    """Open times that the order is about, of one series."""
    step, running = order.timeframe.milliseconds, gateway.running(order.timeframe)
    if order.mode is Mode.REFRESH:
        return running - order.last * step, running
    if order.start is None and not state.rows:
        if order.mode is Mode.REPAIR:
            return running, running
        raise ConfigurationError(
            f"Nothing is stored of {gateway.name} {state.symbol} {order.timeframe}: say from when on to download it, "
            "as in start=2024-01-01."
        )
    start = from_milliseconds([state.first])[0] if order.start is None else order.start
    first, stop = gateway.closed_span(order.timeframe, start, order.end)
    if order.mode is Mode.REPAIR and state.rows:
        return max(first, state.first), min(stop, state.end)
    return (first, stop) if order.mode is not Mode.REPAIR else (first, first)


def _with_last(state: StoredState, spans: list[Interval], page_rows: int) -> list[Interval]:
    """The spans; what goes on after the last stored candle asks for that one, too, where it costs no request.

    It corrects a candle of which the exchange sent late trades.
    """
    step = state.timeframe.milliseconds

    def begun(start: int, stop: int) -> int:
        room = (stop - start) // step % page_rows
        return start - step if state.rows and start == state.end and room else start

    return [(begun(start, stop), stop) for start, stop in spans]
