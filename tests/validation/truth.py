"""Markets whose truth is known: where nothing is to be found, and where one family finds what the others do not."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from algotrade.domain.candles import Panel, from_milliseconds
from algotrade.domain.timeframe import Timeframe
from algotrade.models import build_model
from algotrade.validation import (
    FoldSettings,
    TrainingData,
    auc_interval,
    forward_returns,
    training_data,
    walk_forward,
    walk_forward_folds,
)

HOUR = Timeframe("1h")
START = 1_700_006_400_000
HISTORY = 8
HORIZON = 8
FAMILIES: Mapping[str, Mapping[str, Any]] = {
    "logistic": {},
    "ridge": {},
    "lightgbm": {"min_data_in_leaf": 50, "max_rounds": 60, "num_threads": 1, "learning_rate": 0.05},
    "lstm": {"history": HISTORY, "units": 4, "epochs": 2, "batch_size": 512, "learning_rate": 0.01, "num_threads": 1},
}
Signal = Callable[[np.ndarray], np.ndarray]
"""What the features of shape ``(rows, symbols, 4)`` say of the move right after each row, in deviations."""


def past_sums(values: np.ndarray, window: int) -> np.ndarray:
    """Sum of the last ``window`` values along the first axis, over what is there at the beginning."""
    total = np.cumsum(values, axis=0)
    total[window:] -= total[:-window].copy()
    return total / np.sqrt(window)


def nothing(rows: int = 900, symbols: int = 3, horizon: int = HORIZON, seed: int = 0) -> TrainingData:
    """No return can be told, but all that makes it seem so is there.

    Labels overlap, features remember up to a day, symbols move together, and volatility clusters.
    """
    random = np.random.default_rng(seed)
    calm = np.exp(0.5 * past_sums(random.standard_normal((rows, 1)), 48))
    moves = 0.01 * calm * (random.standard_normal((rows, 1)) + random.standard_normal((rows, symbols)))
    features = np.stack(
        [
            past_sums(moves, 8),
            past_sums(moves, 24),
            past_sums(np.abs(moves), 12),
            past_sums(random.standard_normal((rows, symbols)), 24),
        ],
        axis=2,
    )
    return _joined(moves, features, horizon)


def planted(signal: Signal, rows: int = 1500, symbols: int = 2, horizon: int = 1, seed: int = 0) -> TrainingData:
    """Each move after a row is noise, and what the features of the symbol say of it."""
    random = np.random.default_rng(seed)
    features = random.standard_normal((rows, symbols, 4))
    moves = 0.01 * random.standard_normal((rows, symbols))
    # The label of a row is the move from the open of the next candle to that of the one after it.
    moves[2:] += 0.01 * signal(features)[:-2]
    return _joined(moves, features, horizon)


def _joined(moves: np.ndarray, features: np.ndarray, horizon: int) -> TrainingData:
    rows, symbols = moves.shape
    opens, unknown = 100 * np.exp(np.cumsum(moves, axis=0)), np.full(moves.shape, np.nan)
    names = tuple(f"C{number}/USDT" for number in range(symbols))
    times = START + HOUR.milliseconds * np.arange(rows, dtype=np.int64)
    panel = Panel(HOUR, names, times, *[opens] * 4, np.ones_like(opens), *[unknown] * 3)
    frame = pd.DataFrame(
        features.transpose(1, 0, 2).reshape(-1, 4), columns=["log_return_8", "log_return_24", "rough", "smooth"]
    )
    frame.insert(0, "symbol", np.repeat(names, rows))
    frame.insert(1, "open_time", from_milliseconds(np.tile(times, symbols)))
    return training_data(frame, forward_returns(panel, horizon), HOUR, HISTORY)


def out_of_fold(model: str, data: TrainingData, folds: int = 2, **settings: Any) -> pd.DataFrame:
    """Walk-forward predictions of a family, and its name in them."""
    cut = walk_forward_folds(data.open_time, data.known_at, HOUR.milliseconds, FoldSettings(folds=folds))
    return walk_forward(build_model(model, {**FAMILIES.get(model, {}), **settings}), data, cut).predictions


def significant(predictions: pd.DataFrame) -> bool:
    """Whether the 95 % interval of the AUC leaves out one half."""
    interval = auc_interval(predictions)
    return not interval.low <= 0.5 <= interval.high
