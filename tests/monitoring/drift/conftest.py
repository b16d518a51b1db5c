"""Panels of autocorrelated, correlated features whose truth is known."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.signal import lfilter

from algotrade.monitoring.drift import DriftSettings, Observations, Origin

SYMBOLS, WINDOW, HISTORY = 2, 130, 2600
MEMORIES = (0.0, 0.5, 0.9, 0.97, 0.99)
"""Of a first-order autoregression: half of a shock is left after 0 to 69 candles."""


def draw_panel(seed: int, candles: int = HISTORY + WINDOW, features: int = 12) -> np.ndarray:
    """Shape ``(candles, symbols, features)``: nothing changes, but everything depends on what is beside it.

    Each feature has its own memory, mixes with the others, and half of its variance is common to the symbols; the
    first one has heavy tails.
    """
    random = np.random.default_rng(seed)
    shocks = random.standard_normal((candles + 600, 1, features)) + random.standard_normal(
        (candles + 600, SYMBOLS, features)
    )
    for column, memory in enumerate(random.choice(MEMORIES, features)):
        shocks[..., column] = lfilter([np.sqrt(1 - memory**2)], [1, -memory], shocks[..., column], axis=0)
    mixing = np.eye(features) + 0.4 * random.standard_normal((features, features))
    panel = shocks[600:] @ mixing.T
    panel /= panel.std(axis=(0, 1))
    panel[..., 0] = np.exp(panel[..., 0])
    return panel


def observe(panel: np.ndarray) -> Observations:
    """The rows of a panel, candle by candle."""
    return Observations(np.repeat(np.arange(len(panel)), panel.shape[1]), panel.reshape(-1, panel.shape[2]))


def origin_of(features: int, families: int = 3, fingerprint: str = "f00d") -> Origin:
    """Features ``x0``, ``x1`` ... in so many families of neighbours."""
    return Origin(
        names=tuple(f"x{place}" for place in range(features)),
        families=tuple(f"family{place * families // features}" for place in range(features)),
        fingerprint=fingerprint,
        model_version="v1",
        data_digest="beef",
        exchange="simulated",
        timeframe="1h",
        timeframe_ms=3_600_000,
        symbols=("BTC/USDT", "ETH/USDT"),
    )


@pytest.fixture(scope="session")
def settings() -> DriftSettings:
    return DriftSettings(current_candles=WINDOW, embargo=WINDOW)


@pytest.fixture
def panel() -> Callable[..., np.ndarray]:
    return draw_panel
