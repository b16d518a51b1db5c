"""Candles and panels around numbers that a test writes down."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from algotrade.domain.candles import Candles, FloatArray, Panel
from algotrade.domain.timeframe import Timeframe
from algotrade.features import FEATURES

HOUR_MS = 3_600_000


def compute(name: str, data: Candles | Panel) -> FloatArray:
    return FEATURES[name].compute(data)


def last(name: str, data: Candles | Panel) -> FloatArray:
    return compute(name, data)[-1]


def bars(closes: npt.ArrayLike, **given: npt.ArrayLike) -> Candles:
    """Candles of an hour around some closes: flat, with a volume of 1, and nothing known that is not given."""
    close = np.asarray(closes, dtype=float)
    blocks = {name: np.asarray(given.get(name, close), dtype=float) for name in ("open", "high", "low")}
    blocks["volume"] = np.asarray(given.get("volume", np.ones(len(close))), dtype=float)
    for name in ("quote_volume", "trades", "taker_buy_volume", "funding_rate"):
        blocks[name] = np.asarray(given.get(name, np.full(len(close), np.nan)), dtype=float)
    return Candles(HOUR_MS * np.arange(len(close), dtype=np.int64), close=close, **blocks)


def panel_of(**closes: npt.ArrayLike) -> Panel:
    """Panel of flat candles at some closes, none where they are NaN; the volume is 1, so the dearest symbol leads."""
    rows = [
        {"symbol": symbol, "open_time": pd.Timestamp(HOUR_MS * t, unit="ms", tz="UTC"), "volume": 1.0}
        | dict.fromkeys(("open", "high", "low", "close"), price)
        for symbol, prices in closes.items()
        for t, price in enumerate(np.asarray(prices, dtype=float))
        if np.isfinite(price)
    ]
    return Panel.from_frame(pd.DataFrame(rows), Timeframe("1h"), symbols=list(closes))


def walk(n: int, seed: int = 1, risk: float = 0.01) -> FloatArray:
    """A random walk of prices that starts at 100."""
    return 100.0 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0.0, risk, n)))
