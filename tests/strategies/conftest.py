"""Small panels whose prices a test can write down."""

from collections.abc import Callable

import numpy as np
import pytest

from algotrade.domain.candles import Panel
from algotrade.domain.timeframe import Timeframe

START_MS = 1_704_067_200_000  # 2024-01-01 00:00 UTC


@pytest.fixture
def panel_of() -> Callable[..., Panel]:
    """Build an hourly panel whose open is the previous close, from closes of shape (n, symbols)."""

    def build(close: object) -> Panel:
        closes = np.asarray(close, dtype=np.float64)
        opens = np.vstack([closes[:1], closes[:-1]])
        opens = np.where(np.isnan(closes), np.nan, np.where(np.isnan(opens), closes, opens))
        ones = np.where(np.isnan(closes), np.nan, 1.0)
        return Panel(
            Timeframe("1h"),
            tuple(f"S{column}/USDT" for column in range(closes.shape[1])),
            START_MS + 3_600_000 * np.arange(len(closes), dtype=np.int64),
            *(opens, np.fmax(opens, closes), np.fmin(opens, closes), closes),
            *(ones, ones, ones, ones),
        )

    return build
