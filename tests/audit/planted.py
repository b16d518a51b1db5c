"""Features that see the future, one of each kind, and some that only look as if they did."""

import numpy as np

from algotrade.domain.candles import Candles, FloatArray, Panel
from algotrade.features import Feature
from algotrade.features.base import lagged_log_ratio


def of_symbol(function, lookback: int = 30) -> Feature:
    return Feature(function.__name__, "planted", lookback, "symbol", "any", None, function)


def of_panel(function, lookback: int = 5) -> Feature:
    return Feature(function.__name__, "planted", lookback, "panel", "any", None, function)


def centred_window(candles: Candles) -> FloatArray:
    smooth = np.convolve(candles.close, np.ones(21) / 21, mode="same") if len(candles) >= 21 else candles.close
    return smooth / candles.close


def whole_sample_scaling(candles: Candles) -> FloatArray:
    returns = lagged_log_ratio(candles.close, 1)
    known = returns[np.isfinite(returns)]
    return (returns - known.mean()) / known.std() if len(known) > 1 else returns


def unclosed_slower_candle(candles: Candles) -> FloatArray:
    """The close of the four-hour candle that each hour lies in, joined by its open time."""
    bucket = candles.open_time // (4 * 3_600_000)
    last = np.searchsorted(bucket, bucket, side="right") - 1
    return candles.close[last] / candles.close


def next_return(candles: Candles) -> FloatArray:
    return np.append(np.log(candles.close[1:] / candles.close[:-1]), 0.0)[: len(candles)]


def next_range(candles: Candles) -> FloatArray:
    """Reads nothing of the next candle but how wide it is: no price level, no volume."""
    return np.append(np.log(candles.high[1:] / candles.low[1:]), 0.0)[: len(candles)]


def next_funding(candles: Candles) -> FloatArray:
    return np.append(candles.funding_rate[1:], 0.0)[: len(candles)]


def next_market_return(panel: Panel) -> FloatArray:
    """The others' next return, not the own one."""
    returns = np.nan_to_num(lagged_log_ratio(panel.close, 1))
    ahead = np.vstack([returns[1:], np.zeros((1, returns.shape[1]))])
    return np.where(panel.present, ahead.sum(axis=1, keepdims=True) - ahead, np.nan)


def rank_among_survivors(panel: Panel) -> FloatArray:
    """Ranks of the return among the symbols that still trade on the last row."""
    returns, alive = lagged_log_ratio(panel.close, 1), panel.present[-1]
    below = sum((returns[:, [other]] < returns).astype(float) for other in np.flatnonzero(alive))
    return np.where(np.isnan(returns), np.nan, below / max(alive.sum(), 1))


def share_of_ever_listed(panel: Panel) -> FloatArray:
    """Breadth as a share of the symbols that the sample ever has."""
    rising = (np.nan_to_num(lagged_log_ratio(panel.close, 1)) > 0).sum(axis=1, keepdims=True)
    return np.where(panel.present, rising / max(panel.present.any(axis=0).sum(), 1), np.nan)


def top_by_total_volume(panel: Panel) -> FloatArray:
    """Return of the symbol with the largest turnover of the whole sample."""
    total = np.nansum(panel.close * panel.volume, axis=0)
    return np.where(panel.present, lagged_log_ratio(panel.close, 1)[:, [int(total.argmax())]], np.nan)


def filled_backwards(panel: Panel) -> FloatArray:
    """Mean log close after gaps were filled with the next close."""
    filled = panel.close.copy()
    for row in range(len(filled) - 2, -1, -1):
        missing = np.isnan(filled[row])
        filled[row, missing] = filled[row + 1, missing]
    logs = np.log(filled)
    return np.where(panel.present, logs.mean(axis=1, keepdims=True) - logs, np.nan)


def on_balance_volume(candles: Candles) -> FloatArray:
    return np.cumsum(np.sign(np.diff(candles.close, prepend=candles.close[:1])) * candles.volume)


def honest_range(candles: Candles) -> FloatArray:
    return np.log(candles.high / candles.low)


def honest_rank(panel: Panel) -> FloatArray:
    returns = lagged_log_ratio(panel.close, 1)
    below = sum((returns[:, [other]] < returns).astype(float) for other in range(returns.shape[1]))
    return np.where(np.isnan(returns), np.nan, below / np.maximum((~np.isnan(returns)).sum(axis=1, keepdims=True), 1))


def honest_return(candles: Candles) -> FloatArray:
    return lagged_log_ratio(candles.close, 4)


def honest_pressure(candles: Candles) -> FloatArray:
    return candles.taker_buy_volume / np.where(candles.volume > 0, candles.volume, 1.0) - 0.5


HONEST = (
    of_symbol(honest_range, 1),
    of_symbol(honest_return, 5),
    of_symbol(honest_pressure, 1),
    of_panel(honest_rank, 2),
)
