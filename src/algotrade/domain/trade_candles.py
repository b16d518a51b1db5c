"""Candles out of trades, to the last digit as the exchange makes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext

import numpy as np

from algotrade.domain.candles import BoolArray, Candles, FloatArray
from algotrade.domain.timeframe import IntArray, Timeframe
from algotrade.errors import BadCandles

# Enough for the sum of any number of products of two numbers of 17 digits.
_DIGITS = 60


@dataclass(frozen=True)
class Trades:
    """The trades of one instrument in the order in which they happened; arrays of shape ``(n,)``.

    Attributes
    ----------
    time_ms : ndarray of int64
        Milliseconds since the epoch.
    price, amount : ndarray of float64
    taker_bought : ndarray of bool
        Whether the taker was the buyer.
    count : ndarray of int64
        How many trades a row stands for: exchanges join the trades of one taker at one price.
    """

    time_ms: IntArray
    price: FloatArray
    amount: FloatArray
    taker_bought: BoolArray
    count: IntArray

    def __len__(self) -> int:
        return len(self.time_ms)


def trade_candles(trades: Trades, timeframe: Timeframe, *, quiet_candles: bool = False) -> Candles:
    """Candles of every span in which there was a trade.

    The first price, the highest, the lowest and the last, the sums of the amounts, of the amounts times the prices,
    of the trades and of what takers bought. The sums are those of the decimal numbers that the exchange wrote, rounded
    once, so they equal the exchange's own.

    Parameters
    ----------
    trades : Trades
        All trades of the spans that they touch; a candle of which trades are missing comes out too small.
    timeframe : Timeframe
    quiet_candles : bool, default False
        Also give the candles without trades between the first and the last one, as some exchanges do: each price is
        the close before it.

    Raises
    ------
    BadCandles
        If the times go back, or a price, an amount or a count is not positive.

    >>> trades = Trades(np.array([0, 59_999, 60_000]), np.array([10.1, 10.2, 10.3]), np.array([0.1, 0.2, 0.3]),
    ...     np.array([True, False, True]), np.array([1, 2, 1]))
    >>> candles = trade_candles(trades, Timeframe("1m"))
    >>> candles.close.tolist(), candles.quote_volume.tolist(), candles.trades.tolist()
    ([10.2, 10.3], [3.05, 3.09], [3.0, 1.0])
    """
    _refuse_impossible(trades)
    opened = np.array([timeframe.floor(int(time)) for time in trades.time_ms], dtype=np.int64)
    starts = np.flatnonzero(np.concatenate(([True], opened[1:] != opened[:-1]))) if len(trades) else np.array([], int)
    bounds = np.append(starts, len(trades))
    sums = _exact_sums(trades, bounds)
    candles = Candles(
        open_time=opened[starts],
        open=trades.price[starts],
        high=_reduced(np.maximum, trades.price, starts),
        low=_reduced(np.minimum, trades.price, starts),
        close=trades.price[bounds[1:] - 1],
        volume=sums[0],
        quote_volume=sums[1],
        trades=_reduced(np.add, trades.count.astype(np.float64), starts),
        taker_buy_volume=sums[2],
    )
    return _with_quiet(candles, timeframe) if quiet_candles else candles


def _reduced(reduce: np.ufunc, values: FloatArray, starts: IntArray) -> FloatArray:
    return np.asarray(reduce.reduceat(values, starts) if len(starts) else np.empty(0), dtype=np.float64)


def _exact_sums(trades: Trades, bounds: IntArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Volume, quote volume and taker's volume of the trades between neighbouring bounds."""
    with localcontext() as context:
        context.prec = _DIGITS
        amounts, prices = _decimals(trades.amount), _decimals(trades.price)
        costs = [amount * price for amount, price in zip(amounts, prices, strict=True)]
        bought = [amount if taker else Decimal(0) for amount, taker in zip(amounts, trades.taker_bought, strict=True)]
        return _summed(amounts, bounds), _summed(costs, bounds), _summed(bought, bounds)


def _decimals(values: FloatArray) -> list[Decimal]:
    """The shortest decimal numbers that these are the floats of: what the exchange wrote."""
    return [Decimal(repr(value)) for value in values.tolist()]


def _summed(terms: Sequence[Decimal], bounds: IntArray) -> FloatArray:
    pairs = zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)
    return np.array([float(sum(terms[start:stop], Decimal(0))) for start, stop in pairs], dtype=np.float64)


def _with_quiet(candles: Candles, timeframe: Timeframe) -> Candles:
    """The candles, and flat ones without volume where there are none between them."""
    if not len(candles):
        return candles
    step = timeframe.milliseconds
    times = np.arange(candles.open_time[0], candles.open_time[-1] + 1, step, dtype=np.int64)
    last = np.searchsorted(candles.open_time, times, side="right") - 1
    quiet = candles.open_time[last] != times
    flat = candles.close[last]
    prices = {name: np.where(quiet, flat, getattr(candles, name)[last]) for name in ("open", "high", "low", "close")}
    sums = {
        name: np.where(quiet, 0.0, getattr(candles, name)[last])
        for name in ("volume", "quote_volume", "trades", "taker_buy_volume")
    }
    return Candles(times, **prices, **sums)


def _refuse_impossible(trades: Trades) -> None:
    if (np.diff(trades.time_ms) < 0).any():
        raise BadCandles("Trades to make candles of have to be in the order in which they happened; sort them first.")
    for name in ("price", "amount", "count"):
        values = np.asarray(getattr(trades, name), dtype=np.float64)
        wrong = ~(np.isfinite(values) & (values > 0))
        if wrong.any():
            raise BadCandles(f"{int(wrong.sum())} trades have an impossible {name}, first {values[wrong][0]:g}.")
