"""What each fold does with the rows of each symbol: counted, and laid out on calendar time."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from algotrade.domain.candles import BoolArray, from_milliseconds
from algotrade.validation.folds import Fold, train_rows
from algotrade.validation.training_data import TrainingData
from algotrade.validation.training_rows import TrainingSettings, fitting_masks, joined, rows_tested

LAYOUT_COLUMNS = ("fold", "symbol", "part", "before", "rows", "start", "end")
"""Columns of the layout of the folds."""
PARTS = ("training", "early stopping", "purged", "embargo", "not joined", "test")
"""What a row of a symbol can be to a fold; in the order of a fold's time."""


def fold_layout(data: TrainingData, folds: Sequence[Fold], training: TrainingSettings) -> pd.DataFrame:
    """Rows by fold, symbol and part, where there are any, before thinning.

    Parameters
    ----------
    data : TrainingData
    folds : sequence of Fold
    training : TrainingSettings
        The same that the models are fitted with.

    Returns
    -------
    DataFrame
        ``fold``, ``symbol``, ``part`` (of ``PARTS``), ``before`` (what a part is left out in front of: ``early
        stopping``, ``test`` or nothing), ``rows``, ``start`` (open time of the first row), ``end`` (close of the last).
        A row is *purged* if its label is known only when what follows has begun, *embargoed* if not long enough
        before; *not joined* are rows of symbols with too few to be trained on.

    Raises
    ------
    TooFewCandles
        If a fold has too few rows to train on and to stop early on.
    """
    parts = [
        _counted(data, fold.index, part, before, rows)
        for fold in folds
        for (part, before), rows in _parts(data, fold, training).items()
    ]
    frame = pd.concat(parts, ignore_index=True)
    order = frame["part"].map(PARTS.index)
    return frame.iloc[np.lexsort((frame["start"], order, frame["symbol"], frame["fold"]))].reset_index(drop=True)


def _parts(data: TrainingData, fold: Fold, training: TrainingSettings) -> dict[tuple[str, str], BoolArray]:
    here, (fit, stop) = joined(data, fold, training), fitting_masks(data, fold, training)
    window = (data.open_time >= fold.train_start) & (data.open_time < fold.test_end)
    before_test = window & here & (data.open_time < fold.test_start) & (data.known_at > fold.train_until)
    left = train_rows(fold, data.open_time, data.known_at) & here & ~fit & ~stop
    stop_start = data.open_time[stop].min()
    return {
        ("training", ""): fit,
        ("early stopping", ""): stop,
        ("purged", "early stopping"): left & (data.known_at > stop_start),
        ("embargo", "early stopping"): left & (data.known_at <= stop_start),
        ("purged", "test"): before_test & (data.known_at > fold.test_start),
        ("embargo", "test"): before_test & (data.known_at <= fold.test_start),
        ("not joined", ""): window & ~here,
        ("test", ""): rows_tested(data, fold, training),
    }


def _counted(data: TrainingData, fold: int, part: str, before: str, rows: BoolArray) -> pd.DataFrame:
    times = pd.DataFrame({"code": data.symbol_codes[rows], "time": data.open_time[rows]}).groupby("code")["time"]
    found = times.agg(["size", "min", "max"])
    return pd.DataFrame(
        {
            "fold": fold,
            "symbol": pd.Index(data.symbols).take(found.index.to_numpy(dtype=np.int64)),
            "part": part,
            "before": before,
            "rows": found["size"].to_numpy(dtype=np.int64),
            "start": from_milliseconds(found["min"].to_numpy(dtype=np.int64)),
            "end": from_milliseconds(found["max"].to_numpy(dtype=np.int64) + data.timeframe.milliseconds),
        },
        columns=list(LAYOUT_COLUMNS),
    )
