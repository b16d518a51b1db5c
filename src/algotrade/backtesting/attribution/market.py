"""The market that a strategy trades in: what it did, and what kind of market it was known to be."""

import numpy as np
import pandas as pd

from algotrade.domain.candles import FloatArray, Panel, from_milliseconds
from algotrade.validation.regimes import REGIMES

UNKNOWN = "unknown"
_VOLATILITY_DAYS = 7.0
_TREND_DAYS = 30.0
_FEWEST_CANDLES = 10


def market_returns(panel: Panel) -> FloatArray:
    """Mean simple return of the symbols in each candle, shape ``(n,)``: the market, equally weighted, without costs.

    A symbol counts from its second candle on and not where it has none; its return over a gap counts after it. The
    first row is 0.
    """
    known = pd.DataFrame(panel.close).ffill().to_numpy()
    change = np.full_like(known, np.nan)
    change[1:] = known[1:] / known[:-1] - 1.0
    change[~panel.present] = np.nan
    there = np.isfinite(change)
    total = np.where(there, change, 0.0).sum(axis=1)
    return np.asarray(total / np.maximum(there.sum(axis=1), 1), dtype=np.float64)


def market_equity(panel: Panel) -> pd.Series:
    """Worth of 1.0 in the market after each close, indexed by close time."""
    index = pd.DatetimeIndex(from_milliseconds(panel.close_time), name="close_time")
    return pd.Series(np.cumprod(1.0 + market_returns(panel)), index=index, name="market")


def known_regimes(panel: Panel) -> tuple[str, ...]:
    """Regime of the market at the close of each row, by what was known then: such as ``calm, rising``.

    Calm, medium and wild are thirds of the market's volatility over a week, among all weeks so far; rising and
    falling is the sign of its return over thirty days. ``unknown`` in the first week.
    """
    log_returns = pd.Series(np.log1p(market_returns(panel)))
    day = pd.Timedelta(1, unit="D") / pd.Timedelta(panel.timeframe.milliseconds, unit="ms")
    week, month = (max(round(days * day), _FEWEST_CANDLES) for days in (_VOLATILITY_DAYS, _TREND_DAYS))
    rank = log_returns.rolling(week, min_periods=week).std().expanding().rank(pct=True).to_numpy()
    trend = log_returns.rolling(month, min_periods=week).sum().to_numpy()
    third = np.clip(np.ceil(np.nan_to_num(rank) * len(REGIMES)) - 1, 0, len(REGIMES) - 1).astype(int)
    return tuple(
        UNKNOWN if np.isnan(place) else f"{REGIMES[level]}, {'rising' if rise > 0.0 else 'falling'}"
        for place, level, rise in zip(rank, third, trend, strict=True)
    )
