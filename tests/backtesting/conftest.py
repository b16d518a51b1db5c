"""Random markets to trade on, made here so that the accounting is tested without the rest."""

from collections.abc import Callable

import numpy as np
import pytest

from algotrade.domain.candles import FloatArray, Panel
from algotrade.domain.timeframe import Timeframe

START_MS = 1_704_067_200_000  # 2024-01-01 00:00 UTC


def build_panel(opens: FloatArray, close: FloatArray, timeframe: str = "1h") -> Panel:
    """Panel of the given opens and closes of shape (n, symbols), NaN in both where there is no candle."""
    length, ones = Timeframe(timeframe), np.where(np.isnan(close), np.nan, 1.0)
    return Panel(
        length,
        tuple(f"S{column}/USDT" for column in range(close.shape[1])),
        START_MS + length.milliseconds * np.arange(len(close), dtype=np.int64),
        *(opens, np.fmax(opens, close), np.fmin(opens, close), close),
        *(ones, ones, ones, ones),
    )


def build_random_panel(seed: int, rows: int, symbols: int, *, gaps: float = 0.0, timeframe: str = "1h") -> Panel:
    """Random walks; the first symbol is listed late and the last one vanishes when there are gaps."""
    generator = np.random.default_rng(seed)
    close = 100.0 * np.exp(np.cumsum(generator.normal(0.0, 0.03, (rows, symbols)), axis=0))
    opens = np.vstack([np.full((1, symbols), 100.0), close[:-1]]) * np.exp(generator.normal(0.0, 0.005, close.shape))
    missing = generator.random(close.shape) < gaps
    if gaps:
        missing[: rows // 5, 0] = True
        missing[-rows // 5 :, -1] = True
    opens[missing] = np.nan
    close[missing] = np.nan
    return build_panel(opens, close, timeframe)


def build_random_weights(seed: int, rows: int, symbols: int, *, short: bool = False) -> FloatArray:
    """Weights that jump now and then, some of them to zero, others to everything in one symbol."""
    generator = np.random.default_rng(seed + 1)
    weights = generator.dirichlet(np.full(symbols + 1, 0.4), rows)[:, :symbols]
    weights[generator.random(rows) < 0.1] = 0.0
    weights[generator.random(weights.shape) < 0.1] = 0.0
    if short:
        weights *= generator.choice([-1.0, 1.0], weights.shape)
    change = np.maximum.accumulate(np.where(generator.random(rows) < 0.5, np.arange(rows), 0))
    return weights[change]


@pytest.fixture
def panel_of() -> Callable[..., Panel]:
    return build_panel


@pytest.fixture
def random_panel() -> Callable[..., Panel]:
    return build_random_panel


@pytest.fixture
def random_weights() -> Callable[..., FloatArray]:
    return build_random_weights
