"""Markets that did not happen: copies of a panel with candles lost, and with a crash planted."""

from dataclasses import replace
from typing import Any

import numpy as np

from algotrade.domain.candles import PRICE_COLUMNS, VALUE_COLUMNS, BoolArray, FloatArray
from algotrade.errors import BacktestError
from algotrade.strategies import MarketView


def without_candles(view: MarketView, share: float, seed: int) -> MarketView:
    """The same view with a random share of all candles lost, and the forecasts that would have come with them.

    Parameters
    ----------
    view : MarketView
    share : float in [0, 1)
        Of the candles of each symbol, drawn independently; the first and the last of a symbol stay.
    seed : int
    """
    panel = view.panel
    lost = (np.random.default_rng(seed).random(panel.close.shape) < share) & panel.present
    for column in range(lost.shape[1]):
        rows = np.flatnonzero(panel.present[:, column])
        lost[rows[:1], column] = lost[rows[-1:], column] = False
    blocks: dict[str, Any] = {name: _blank(getattr(panel, name), lost) for name in VALUE_COLUMNS}
    said: dict[str, Any] = {
        name: _blank(block, lost)
        for name in ("probability", "expected_return")
        if (block := getattr(view, name)) is not None
    }
    return replace(view, panel=replace(panel, **blocks), **said)


def with_flash_crash(view: MarketView, row: int, depth: float, candles: int, recovered: float = 0.5) -> MarketView:
    """The same view in which all prices fall within one candle, and partly come back.

    Candle ``row`` closes lower by ``depth``; over the next ``candles`` the market makes up ``recovered`` of the fall,
    and stays there. Before it nothing changes; forecasts stay as they were, as no model has seen the crash coming.

    Parameters
    ----------
    view : MarketView
    row : int
        Of the decided rows.
    depth : float in (0, 1)
    candles : int
        That the recovery takes, at least 1.
    recovered : float in [0, 1]

    Raises
    ------
    BacktestError
        If there is no such row.
    """
    if not 0 <= row < len(view):
        raise BacktestError(f"A crash in row {row} of {len(view)} cannot be planted; choose one of the decided rows.")
    panel, first = view.panel, view.warmup + row
    after = np.arange(len(panel)) - first
    level = np.clip(after / candles, 0.0, 1.0) * recovered * depth + 1.0 - depth
    at_close = np.where(after >= 0, level, 1.0)
    at_open = np.concatenate([[1.0], at_close[:-1]])
    high, low = np.maximum(at_open, at_close), np.minimum(at_open, at_close)
    factors = dict(zip(PRICE_COLUMNS, (at_open, high, low, at_close), strict=True))
    blocks: dict[str, Any] = {name: _scaled(getattr(panel, name), factors[name]) for name in PRICE_COLUMNS}
    return replace(view, panel=replace(panel, **blocks))


def _blank(values: FloatArray, lost: BoolArray) -> FloatArray:
    return np.asfortranarray(np.where(lost, np.nan, values))


def _scaled(values: FloatArray, factor: FloatArray) -> FloatArray:
    return np.asfortranarray(values * factor[:, None])
