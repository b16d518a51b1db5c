"""Whether the market was calm or not when a forecast was made, by what was known then."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from algotrade.domain.candles import from_milliseconds
from algotrade.models.intervals import volatility_feature
from algotrade.validation.folds import Fold
from algotrade.validation.training_data import TrainingData

REGIMES = ("calm", "medium", "wild")
"""Thirds of the moments before a test span, by the volatility of the market; sorted by name they are in order."""


def market_regimes(data: TrainingData, folds: Sequence[Fold]) -> pd.DataFrame | None:
    """Regime of the market at each moment of the test spans: ``open_time``, ``regime``.

    The volatility of the market is the mean over symbols of a feature that measures it. What counts as calm or
    wild in a fold is read off the moments before its test span, so a regime is known when its candle closes; a
    test span that is wilder than all before is wild throughout.

    Parameters
    ----------
    data : TrainingData
    folds : sequence of Fold

    Returns
    -------
    DataFrame or None
        None if no feature measures volatility.
    """
    name = volatility_feature(data.feature_names)
    if not name:
        return None
    samples = data.labelled.samples
    values = samples.features[samples.ends, data.feature_names.index(name)]
    known = np.isfinite(values)
    times, place = np.unique(data.open_time[known], return_inverse=True)
    market = np.bincount(place, weights=values[known]) / np.bincount(place)
    parts = []
    for fold in folds:
        here = (times >= fold.test_start) & (times < fold.test_end)
        earlier = market[times < fold.test_start]
        if here.any() and len(earlier):
            bounds = np.quantile(earlier, np.arange(1, len(REGIMES)) / len(REGIMES))
            names = np.array(REGIMES)[np.searchsorted(bounds, market[here], side="right")]
            parts.append(pd.DataFrame({"open_time": from_milliseconds(times[here]), "regime": names}))
    return pd.concat(parts, ignore_index=True) if parts else None
