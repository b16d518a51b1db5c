"""Candles from a known truth: a realistic market in which the predictability is planted, and so known.

The market has a common factor, spells of calm and stress, persistent random volatility, fat tails, jumps,
a daily season and volume that follows volatility. With ``signal = 0`` no direction can be predicted; with
a signal above 0 the true conditional mean is known (:func:`true_expected_returns`).
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from algotrade.domain.candles import FloatArray, from_milliseconds
from algotrade.domain.timeframe import Timeframe
from algotrade.simulation.dynamics import Innovations, Returns, draw_innovations, evolve, strength
from algotrade.simulation.settings import MarketSettings

__all__ = ["MarketSettings", "SimulatedMarket", "simulate", "simulate_market", "true_expected_returns"]

EXCHANGE = "simulated"
_KNOWN_PRICES = {
    "BTC": 30_000.0,
    "ETH": 1_800.0,
    "SOL": 40.0,
    "BNB": 300.0,
    "XRP": 0.55,
    "ADA": 0.35,
    "DOGE": 0.08,
    "LINK": 9.0,
}
_STEPS = 4
_SEASON_PEAK_HOUR = 15.0
_SEASON_STRENGTH = 0.25


class SimulatedMarket(NamedTuple):
    """Candles and the truth behind them.

    Attributes
    ----------
    candles : DataFrame
        Long candle frame, sorted by symbol and open time.
    expected_returns : DataFrame
        Columns ``symbol``, ``open_time``, ``expected_return``, on the rows of ``candles``: the mean of
        ``log(open[t+2] / open[t+1])`` given the candles up to ``t``.
    """

    candles: pd.DataFrame
    expected_returns: pd.DataFrame


def simulate_market(settings: MarketSettings) -> pd.DataFrame:
    """Long candle frame of a simulated market, the same for the same settings.

    Every optional column is filled; there are no gaps; the open is close to the close before.

    >>> candles = simulate_market(MarketSettings(symbols=("BTC/USDT", "ETH/USDT"), candles=50))
    >>> len(candles), candles["exchange"].unique().tolist()
    (100, ['simulated'])
    """
    return simulate(settings).candles


def true_expected_returns(settings: MarketSettings) -> pd.DataFrame:
    """The planted conditional means of a simulated market; all zero when the signal is 0."""
    return simulate(settings).expected_returns


def simulate(settings: MarketSettings) -> SimulatedMarket:
    """Candles together with the conditional means that were planted in them."""
    rng = np.random.default_rng(settings.seed)
    hours = Timeframe(settings.timeframe).milliseconds / 3_600_000
    season = _season(settings, hours)
    drawn = draw_innovations(rng, season, len(settings.symbols), scale=float(np.sqrt(hours)))
    level = 0.8 * drawn.volatility.mean(axis=0)
    returns = evolve(drawn, np.sqrt(1.0 - settings.signal**2), strength(settings.signal), level)
    columns = _prices(rng, settings, drawn, returns)
    columns |= _activity(rng, drawn, returns, columns, hours)
    return SimulatedMarket(
        candles=_long(settings, {"exchange": EXCHANGE}, {"timeframe": settings.timeframe}, columns),
        expected_returns=_long(settings, {}, {}, {"expected_return": returns.expected}),
    )


def _season(settings: MarketSettings, hours: float) -> FloatArray:
    """Log multiplier of volatility by the time of day, flat for candles of a day and longer."""
    if hours >= 24:
        return np.zeros(settings.candles)
    hour = settings.open_time / 3_600_000 % 24 + hours / 2
    return np.asarray(_SEASON_STRENGTH * np.cos(2 * np.pi * (hour - _SEASON_PEAK_HOUR) / 24))


def _prices(
    rng: np.random.Generator, settings: MarketSettings, drawn: Innovations, returns: Returns
) -> dict[str, FloatArray]:
    """Open, high, low and close, each of shape ``(n, symbols)``.

    The path inside a candle is a Brownian motion tied to the candle's return, in which a jump is the last
    step; its extremes between four points are drawn from their exact distribution.
    """
    bases = [symbol.split("/")[0] for symbol in settings.symbols]
    first = np.array([_KNOWN_PRICES.get(base, 100.0 / (1 + k)) for k, base in enumerate(bases)])
    log_close = np.log(first) + np.cumsum(drawn.gap + returns.bar, axis=0)
    log_open = log_close - returns.bar
    top, bottom = _extremes(rng, drawn, returns.bar)
    opened, closed = np.exp(log_open), np.exp(log_close)
    return {
        "open": opened,
        "high": np.maximum(np.exp(log_open + top), np.maximum(opened, closed)),
        "low": np.minimum(np.exp(log_open + bottom), np.minimum(opened, closed)),
        "close": closed,
    }


def _extremes(rng: np.random.Generator, drawn: Innovations, bar: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Highest and lowest point of the path relative to the open, in logs."""
    shape = (*bar.shape, _STEPS)
    variance = (drawn.intrabar**2 / _STEPS)[..., None]
    continuous = bar - drawn.volatility * drawn.jump
    noise = rng.standard_normal(shape)
    steps = continuous[..., None] / _STEPS + np.sqrt(variance) * (noise - noise.mean(axis=-1, keepdims=True))
    starts = np.cumsum(steps, axis=-1) - steps
    # The maximum of a Brownian bridge from 0 to x with variance v is (x + sqrt(x^2 - 2 v log U)) / 2.
    reach_up = np.sqrt(steps**2 - 2 * variance * np.log1p(-rng.random(shape)))
    reach_down = np.sqrt(steps**2 - 2 * variance * np.log1p(-rng.random(shape)))
    top = (starts + (steps + reach_up) / 2).max(axis=-1)
    bottom = (starts + (steps - reach_down) / 2).min(axis=-1)
    return np.maximum(top, bar), np.minimum(bottom, bar)


def _activity(
    rng: np.random.Generator,
    drawn: Innovations,
    returns: Returns,
    prices: dict[str, FloatArray],
    hours: float,
) -> dict[str, FloatArray]:
    """Volumes and number of trades: more of both when prices move."""
    shape = returns.bar.shape
    usual = 4e7 * hours * np.exp(-0.6 * np.arange(shape[1]))
    typical = drawn.volatility.mean(axis=0)
    busy = 1.2 * np.log(drawn.intrabar / typical) + rng.normal(0.0, 0.35, shape)
    quote_volume = usual * np.exp(np.clip(busy, -6, 6))
    average_price = (prices["open"] + prices["high"] + prices["low"] + prices["close"]) / 4
    volume = quote_volume / average_price
    trades = np.ceil(quote_volume / (1_200.0 * np.exp(rng.normal(0.0, 0.15, shape))))
    return {
        "volume": volume,
        "quote_volume": quote_volume,
        "trades": trades,
        "taker_buy_volume": volume * returns.taker_share,
    }


def _long(
    settings: MarketSettings,
    before: dict[str, str],
    after: dict[str, str],
    columns: dict[str, FloatArray],
) -> pd.DataFrame:
    order = np.argsort(np.array(settings.symbols))
    symbols = np.repeat(np.array(settings.symbols)[order], settings.candles)
    open_times = from_milliseconds(np.tile(settings.open_time, len(order)))
    keys = {**before, "symbol": symbols, **after, "open_time": open_times}
    values = {name: block.T[order].ravel() for name, block in columns.items()}
    return pd.DataFrame({**keys, **values})
