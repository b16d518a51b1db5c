"""Labels over several horizons at once, each known when the longest of them is."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from algotrade.domain.candles import FloatArray, Panel
from algotrade.validation.labels import forward_returns

_KEYS = ["symbol", "open_time"]
_COLUMN = "forward_return_"


def with_further_horizons(labels: pd.DataFrame, panel: Panel, horizons: Sequence[int]) -> pd.DataFrame:
    """Labels with a column ``forward_return_<h>`` for each further horizon, in candles.

    A row stays if it has a label over every horizon, and its ``known_at`` is the latest of them. What is purged by
    it is purged for each: no horizon is trained on prices of a test span, and all are trained on the same rows.

    Parameters
    ----------
    labels : DataFrame
        As a :class:`~algotrade.validation.labels.Label` gives them.
    panel : Panel
        That they were made of.
    horizons : sequence of int

    Raises
    ------
    TooFewCandles
        If the history is too short for a single label.
    """
    for horizon in horizons:
        further = forward_returns(panel, horizon)[[*_KEYS, "known_at", "forward_return"]].rename(
            columns={"forward_return": f"{_COLUMN}{horizon}", "known_at": "further_known_at"}
        )
        labels = labels.merge(further, on=_KEYS, how="inner")
        labels["known_at"] = labels[["known_at", "further_known_at"]].max(axis=1)
        labels = labels.drop(columns="further_known_at")
    return labels


def further_returns(labels: pd.DataFrame) -> dict[int, FloatArray]:
    """Log returns over each further horizon of a label frame, shape ``(n,)`` each.

    >>> further_returns(pd.DataFrame({"forward_return": [0.1], "forward_return_24": [0.2]}))
    {24: array([0.2])}
    """
    columns = [name for name in labels.columns if name.startswith(_COLUMN)]
    return {int(name.removeprefix(_COLUMN)): labels[name].to_numpy(dtype=np.float64) for name in columns}
