"""Forecasts whose worth is known, of returns whose labels overlap and whose symbols move together."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from algotrade.domain.candles import from_milliseconds

STEP = 3_600_000
START = 1_700_006_400_000


def frame_of(
    probability: np.ndarray, forward_return: np.ndarray, horizon: int = 1, fold=0, model: str = "m"
) -> pd.DataFrame:
    """Predictions of shape ``(times, symbols)`` as a frame."""
    count, symbols = probability.shape
    open_time = START + STEP * np.tile(np.arange(count, dtype=np.int64), symbols)
    return pd.DataFrame(
        {
            "model": model,
            "fold": np.tile(np.broadcast_to(fold, count), symbols),
            "symbol": np.repeat([f"C{column}" for column in range(symbols)], count),
            "open_time": from_milliseconds(open_time),
            "probability": probability.T.ravel(),
            "expected_return": probability.T.ravel() - 0.5,
            "forward_return": forward_return.T.ravel(),
            "known_at": from_milliseconds(open_time + (1 + horizon) * STEP),
        }
    )


def market(seed: int, times: int, symbols: int, horizon: int) -> tuple[np.random.Generator, np.ndarray, np.ndarray]:
    """A generator, the overlapping returns that come, and slow noise, of shapes ``(times, symbols)``."""
    random = np.random.default_rng(seed)
    moves = random.standard_normal((times + horizon, 1)) + 0.3 * random.standard_normal((times + horizon, symbols))
    sums = np.cumsum(np.vstack([np.zeros(symbols), moves]), axis=0)
    slow = np.convolve(random.standard_normal(times + 49), np.ones(50) / 50, mode="valid")[:, None]
    return random, sums[horizon : horizon + times] - sums[:times], slow


def forecasts(seed: int, strength: float = 0.0, times: int = 1000, symbols: int = 3, horizon: int = 6) -> pd.DataFrame:
    """Forecasts that know ``strength`` of overlapping returns that share a market, in two folds."""
    random, returns, slow = market(seed, times, symbols, horizon)
    known = strength * returns / np.sqrt(horizon)
    lean = known + slow + 0.1 * random.standard_normal((times, symbols))
    return frame_of(0.5 + 0.1 * np.tanh(lean), returns, horizon, np.repeat([0, 1], [times // 2, times - times // 2]))


@pytest.fixture(scope="session")
def make_frame() -> Callable[..., pd.DataFrame]:
    return frame_of


@pytest.fixture(scope="session")
def make_forecasts() -> Callable[..., pd.DataFrame]:
    return forecasts


@pytest.fixture(scope="session")
def make_market() -> Callable[..., tuple[np.random.Generator, np.ndarray, np.ndarray]]:
    return market
