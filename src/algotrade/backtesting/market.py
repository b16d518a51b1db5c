"""The candles of a panel as the accounting wants them: checked, contiguous, and made once a panel."""

from collections.abc import Callable
from typing import TypeVar, cast

import numba
import numpy as np

from algotrade.backtesting.account import MarketData
from algotrade.backtesting.kernel import Prices
from algotrade.domain.candles import BoolArray, FloatArray, Panel, from_milliseconds
from algotrade.domain.costs import Costs
from algotrade.errors import BacktestError

Block = TypeVar("Block", FloatArray, BoolArray)

_DAY_MS = 86_400_000
_HOUR_MS = 3_600_000


def tradable_opens(panel: Panel) -> FloatArray:
    """Opens of shape ``(n, symbols)``, NaN where nothing can be traded: without a candle, or without volume.

    A volume that is not known does not stand in the way.

    Raises
    ------
    BacktestError
        If the panel has no rows, does not lie on its grid, or has prices that cannot be traded at.
    """
    return _remembered(panel, "opens", lambda: _tradable(panel, panel.open))


def marks(panel: Panel) -> FloatArray:
    """The last close known in each row, 0 before the first, shape ``(n, symbols)``."""
    return _remembered(panel, "marks", lambda: _last_known(np.ascontiguousarray(panel.close)))


def day_ends(panel: Panel) -> BoolArray:
    """Whether a row is the last one of its UTC day; a close at midnight belongs to the day that ends there."""

    def find() -> BoolArray:
        day = (panel.close_time - 1) // _DAY_MS
        return np.append(day[1:] != day[:-1], True)

    return _remembered(panel, "day ends", find)


def market_prices(panel: Panel, costs: Costs, span: int, funding: FloatArray) -> Prices:
    """All that the account with every rule looks at.

    Parameters
    ----------
    panel : Panel
    costs : Costs
    span : int
        Candles of the exponentially weighted volatility.
    funding : ndarray of shape (n, symbols)

    Raises
    ------
    BacktestError
        As :func:`tradable_opens`, or if the costs need a volume that the panel does not have.
    """
    opens = tradable_opens(panel)
    unknown = panel.present & np.isnan(panel.volume)
    if costs.needs_volume and unknown.any():
        column = int(unknown.any(axis=0).argmax())
        raise BacktestError(
            f"Costs.impact and Costs.volume_cap need the volume of every candle; {panel.symbols[column]} lacks "
            f"{int(unknown[:, column].sum())}. Use candles with volume, or set impact: 0 and no volume_cap."
        )
    close = np.ascontiguousarray(panel.close)
    sizes_count = costs.impact > 0.0 or costs.volatility_slippage > 0.0
    return Prices(
        open=opens,
        high=_remembered(panel, "highs", lambda: _tradable(panel, panel.high)),
        low=_remembered(panel, "lows", lambda: _tradable(panel, panel.low)),
        close=close,
        mark=marks(panel),
        volume=np.ascontiguousarray(np.where(np.isnan(panel.volume), np.inf, panel.volume)),
        volatility=candle_volatility(close, 2.0 / (span + 1.0)) if sizes_count else np.zeros_like(close),
        funding=np.ascontiguousarray(funding),
    )


def settled_funding(panel: Panel, costs: Costs, interval_hours: int, data: MarketData) -> FloatArray:
    """Sum of the funding rates settled within each candle, 0 where none was, shape ``(n, symbols)``.

    Settlements fall on every ``interval_hours`` hours from midnight UTC; one at the close of a candle belongs to
    it. Each takes the rate that the panel knows at that close, or ``costs.funding_bps`` where it knows none; of
    several settlements within a candle, all take the last one's rate.

    Raises
    ------
    BacktestError
        If rates are given in ``data`` and do not have the shape of the panel, or are not finite.
    """
    if data.funding is not None:
        if data.funding.shape != panel.close.shape or not np.isfinite(data.funding).all():
            raise BacktestError(
                f"Funding must be finite and have the shape of the panel {panel.close.shape}; "
                f"found {data.funding.shape}. Give 0 where nothing was settled."
            )
        return data.funding
    interval = interval_hours * _HOUR_MS
    settlements = panel.close_time // interval - panel.open_time // interval
    rates = np.where(np.isnan(panel.funding_rate), costs.funding_bps / 1e4, panel.funding_rate)
    return np.asarray(settlements[:, None] * rates, dtype=np.float64)


@numba.njit(cache=True)
def candle_volatility(close: FloatArray, alpha: float) -> FloatArray:
    r"""Volatility of one candle's log return, known at its close; 0 until there is a return.

    .. math:: \sigma^2_t = (1 - \alpha)\,\sigma^2_{t-1} + \alpha\,r_t^2

    starting from the first squared return; a row without a candle keeps it. Shape ``(n, symbols)``.

    References
    ----------
    .. [1] J.P. Morgan (1996). RiskMetrics technical document, 4th edition.
    """
    rows, columns = close.shape
    volatility = np.zeros((rows, columns))
    for column in range(columns):
        last, variance, seen = np.nan, 0.0, False
        for row in range(rows):
            price = close[row, column]
            if not np.isnan(price):
                if not np.isnan(last):
                    square = np.log(price / last) ** 2
                    variance = (1.0 - alpha) * variance + alpha * square if seen else square
                    seen = True
                last = price
            volatility[row, column] = np.sqrt(variance)
    return volatility


def check_panel(panel: Panel) -> None:
    """Refuse what cannot be simulated on, with a reason.

    Raises
    ------
    BacktestError
        If the panel is empty, its rows are not in order on the grid, a block has another shape, or a candle has
        prices that are not positive and finite or lie outside its range.
    """
    if len(panel) == 0:
        raise BacktestError("There are no candles to simulate on. Choose a longer span.")
    steps = np.diff(panel.open_time)
    if (steps != panel.timeframe.milliseconds).any():
        row = int((steps != panel.timeframe.milliseconds).argmax())
        raise BacktestError(
            f"The rows of a panel must follow each other by one timeframe ({panel.timeframe}); row {row + 1} comes "
            f"{steps[row] / 1000:g} s after row {row}. Make panels with Panel.from_frame, which sorts and aligns them."
        )
    shape = (len(panel), len(panel.symbols))
    blocks = {name: getattr(panel, name) for name in ("open", "high", "low", "close", "volume")}
    misshapen = [f"{name} {block.shape}" for name, block in blocks.items() if block.shape != shape]
    if misshapen:
        raise BacktestError(
            f"Every block of the panel must have the shape {shape}, one row a time and one column a symbol; "
            f"found {', '.join(misshapen)}."
        )
    _check_prices(panel)


def _check_prices(panel: Panel) -> None:
    prices = (panel.open, panel.high, panel.low, panel.close)
    usable, absent = np.ones(panel.close.shape, dtype=bool), np.ones(panel.close.shape, dtype=bool)
    for price in prices:
        usable &= (price > 0.0) & np.isfinite(price)
        absent &= np.isnan(price)
    usable &= (panel.low <= np.minimum(panel.open, panel.close)) & (panel.high >= np.maximum(panel.open, panel.close))
    usable &= ~(panel.volume < 0.0)
    bad = ~usable & ~absent
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise BacktestError(
            f"{int(bad.sum())} candles have no usable prices, first {panel.symbols[column]} at "
            f"{from_milliseconds(panel.open_time[row : row + 1])[0]:%Y-%m-%d %H:%M}. Prices must be positive and "
            "finite, low <= open, close <= high, and volume not negative. Run the ingestion pipeline again."
        )


def _tradable(panel: Panel, block: FloatArray) -> FloatArray:
    check_panel(panel)
    return np.ascontiguousarray(np.where(panel.volume == 0.0, np.nan, block))


@numba.njit(cache=True)
def _last_known(values: FloatArray) -> FloatArray:
    rows, columns = values.shape
    known = np.zeros((rows, columns))
    for row in range(rows):
        for column in range(columns):
            value = values[row, column]
            if not np.isnan(value):
                known[row, column] = value
            elif row > 0:
                known[row, column] = known[row - 1, column]
    return known


def _remembered(panel: Panel, name: str, make: Callable[[], Block]) -> Block:
    key = ("backtesting", name)
    if key not in panel.memo:
        panel.memo[key] = make()
    return cast("Block", panel.memo[key])
