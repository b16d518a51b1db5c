"""Candles to test with: a small market made here."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from algotrade.domain.candles import from_milliseconds
from algotrade.domain.timeframe import Timeframe

MakeCandles = Callable[..., pd.DataFrame]
START_MS = 1_700_000_000_000 // 86_400_000 * 86_400_000


def _random_walk(symbol: str = "BTC/USDT", timeframe: str = "1h", rows: int = 48, seed: int = 7) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    close = np.round(30_000 * np.exp(np.cumsum(rng.normal(0, 0.004, rows))), 2)
    opens = np.concatenate([[30_000.0], close])[:rows]
    high = np.round(np.maximum(opens, close) * (1 + rng.uniform(0, 0.002, rows)), 2)
    low = np.round(np.minimum(opens, close) * (1 - rng.uniform(0, 0.002, rows)), 2)
    volume = np.round(rng.lognormal(3, 0.5, rows), 5)
    step = Timeframe(timeframe).milliseconds
    return pd.DataFrame(
        {
            "exchange": "binance",
            "symbol": symbol,
            "timeframe": timeframe,
            "open_time": from_milliseconds(START_MS + step * np.arange(rows)),
            "open": opens,
            "high": np.maximum(high, np.maximum(opens, close)),
            "low": np.minimum(low, np.minimum(opens, close)),
            "close": close,
            "volume": volume,
            "quote_volume": np.round(volume * close, 2),
            "trades": rng.integers(100, 900, rows).astype(float),
            "taker_buy_volume": np.round(volume * 0.5, 5),
        }
    )


@pytest.fixture
def make_candles() -> MakeCandles:
    """Valid long candle frames: ``make_candles(symbol, timeframe, rows, seed)``."""
    return _random_walk
