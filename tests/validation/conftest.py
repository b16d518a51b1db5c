"""A small market whose next move is written, faintly or not at all, in one feature."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from algotrade.domain.candles import Panel, from_milliseconds
from algotrade.domain.timeframe import Timeframe
from algotrade.validation import TrainingData, forward_returns, training_data

HOUR = Timeframe("1h")
STEP = HOUR.milliseconds
START = 1_700_006_400_000


def panel_of(opens: np.ndarray, symbols: tuple[str, ...] | None = None) -> Panel:
    names = symbols or tuple(f"C{column}/USDT" for column in range(opens.shape[1]))
    nothing = np.full_like(opens, np.nan)
    times = START + STEP * np.arange(len(opens), dtype=np.int64)
    return Panel(HOUR, names, times, *[opens] * 4, np.ones_like(opens), *[nothing] * 3)


def market(rows: int, symbols: int, strength: float, horizon: int, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Features and labels; the first feature knows ``strength`` deviations of each move right after its row."""
    random = np.random.default_rng(seed)
    features = random.standard_normal((rows, symbols, 4))
    moves = 0.01 * random.standard_normal((rows, symbols))
    moves[2:] += 0.01 * strength * features[:-2, :, 0]
    panel = panel_of(100 * np.exp(np.cumsum(moves, axis=0)))
    frame = pd.DataFrame(
        features.transpose(1, 0, 2).reshape(-1, 4), columns=["signal", "noise_1", "noise_2", "noise_3"]
    )
    frame.insert(0, "symbol", np.repeat(panel.symbols, rows))
    frame.insert(1, "open_time", from_milliseconds(np.tile(panel.open_time, symbols)))
    return frame, forward_returns(panel, horizon)


@pytest.fixture(scope="session")
def make_panel() -> Callable[..., Panel]:
    return panel_of


@pytest.fixture(scope="session")
def make_market() -> Callable[..., tuple[pd.DataFrame, pd.DataFrame]]:
    return market


@pytest.fixture(scope="session")
def predictable() -> TrainingData:
    return training_data(*market(1200, 2, strength=1.0, horizon=1), HOUR, history=3)


@pytest.fixture(scope="session")
def unpredictable() -> TrainingData:
    return training_data(*market(1500, 2, strength=0.0, horizon=4), HOUR, history=3)
