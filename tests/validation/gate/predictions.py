"""Out-of-fold predictions of made-up models on a made-up market."""

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from scipy.stats import norm

from algotrade.domain.candles import from_milliseconds
from algotrade.validation.folds import Fold

HOUR = 3_600_000
START = 1_700_006_400_000
SYMBOLS = ("BTC/USDT", "ETH/USDT")
HORIZON = 4


def truth(candles: int, seed: int, strength: float = 0.6) -> tuple[np.ndarray, np.ndarray]:
    """True probabilities of a rise and what happened, shape ``(candles, symbols)`` each.

    Neighbours share what they are about, as overlapping labels do.
    """
    random = np.random.default_rng(seed)
    noise = random.standard_normal((candles + HORIZON, len(SYMBOLS)))
    shared = np.stack([noise[lag : lag + candles] for lag in range(HORIZON)]).mean(axis=0) * np.sqrt(HORIZON)
    known = random.standard_normal((candles, len(SYMBOLS)))
    returns = 0.01 * (strength * known + shared)
    return norm.cdf(strength * known), returns


def predictions(
    model: str, probability: np.ndarray, returns: np.ndarray, folds: int = 4, first: int = START
) -> pd.DataFrame:
    """A frame of out-of-fold predictions, sorted by symbol and time."""
    candles = len(probability)
    open_time = first + HOUR * np.arange(candles)
    parts = [
        pd.DataFrame(
            {
                "model": model,
                "fold": np.arange(candles) * folds // candles,
                "symbol": symbol,
                "open_time": from_milliseconds(open_time),
                "close_time": from_milliseconds(open_time + HOUR),
                "probability": probability[:, column],
                "expected_return": probability[:, column] - 0.5,
                "forward_return": returns[:, column],
                "known_at": from_milliseconds(open_time + HOUR * (HORIZON + 1)),
            }
        )
        for column, symbol in enumerate(SYMBOLS)
    ]
    return pd.concat(parts, ignore_index=True)


def shaky(probability: np.ndarray, noise: float, seed: int) -> np.ndarray:
    """The same probabilities, seen less well."""
    random = np.random.default_rng(seed)
    return expit(logit(np.clip(probability, 1e-3, 1 - 1e-3)) + noise * random.standard_normal(probability.shape))


def folds_of(frame: pd.DataFrame) -> tuple[Fold, ...]:
    """The folds that a frame of predictions was made in."""
    made = []
    for index, own in frame.groupby("fold"):
        opened = own["open_time"].astype("int64") // (1 if own["open_time"].dtype.unit == "ms" else 1_000_000)
        start, end = int(opened.min()), int(opened.max()) + HOUR
        made.append(Fold(int(index), START - 1000 * HOUR, start - 2 * HOUR, start, end))
    return tuple(made)
