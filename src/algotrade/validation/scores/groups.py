"""How often a model was right, by how sure it was, by symbol and by regime of the market."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from algotrade.domain.candles import FloatArray
from algotrade.domain.timeframe import IntArray
from algotrade.validation.scores.blocks import Resampling, ratio
from algotrade.validation.scores.calibration import equal_bins
from algotrade.validation.scores.intervals import Interval
from algotrade.validation.scores.points import hits

BUCKETS = 5
"""Steps of confidence, each with as many forecasts."""
COLUMNS = ("by", "bucket", "rows", "hit_rate", "low", "high", "confidence", "rise_share", "coverage")
_FLOATS = dict.fromkeys(COLUMNS, "float64")


def hit_rates(predictions: pd.DataFrame, resampling: Resampling, confidence: float = 0.95) -> pd.DataFrame:
    """Share of forecasts of one model that leaned the right way, in groups of rows, with intervals.

    How sure a forecast was is the probability of the way it leaned, at least one half.

    Parameters
    ----------
    predictions : DataFrame
        Out-of-fold predictions of one model, those that ``resampling`` is of; a column ``regime`` is optional.
    resampling : Resampling
    confidence : float
        Of the intervals.

    Returns
    -------
    DataFrame
        ``by`` (confidence, symbol or regime), ``bucket``, ``rows``, ``hit_rate`` with ``low`` and ``high``,
        ``confidence`` (what the forecasts said their hit rate would be), ``rise_share``, ``coverage`` of the interval.
    """
    probability, direction = predictions["probability"].to_numpy(), predictions["forward_return"].to_numpy() > 0
    right, sure = hits(probability, direction), np.maximum(probability, 1 - probability)
    covered = covers(predictions)
    rows = []
    for by, names, group_of in _groupings(predictions, sure):
        inside = group_of[:, None] == np.arange(len(names))
        drawn = ratio(resampling.sums(inside * right[:, None]), resampling.sums(inside.astype(np.float64)))
        for position, name in enumerate(names):
            own = inside[:, position]
            found = Interval.of_draws(float(right[own].mean()), drawn[:, position], resampling.blocks, confidence)
            share = [float(values[own].mean()) for values in (sure, direction)]
            rows.append((by, name, int(own.sum()), found.value, found.low, found.high, *share, _mean(covered[own])))
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({**_FLOATS, "by": "str", "bucket": "str", "rows": "int64"})


def covers(predictions: pd.DataFrame) -> FloatArray:
    """One where the interval holds the return that came, zero where not, NaN where there is none, shape ``(n,)``."""
    if "lower" not in predictions:
        return np.full(len(predictions), np.nan)
    lower, upper, came = (predictions[name].to_numpy() for name in ("lower", "upper", "forward_return"))
    return np.where(np.isfinite(lower), (lower <= came) & (came <= upper), np.nan)


def _groupings(predictions: pd.DataFrame, sure: FloatArray) -> Iterator[tuple[str, list[str], IntArray]]:
    if len(predictions) == 0:
        return
    bucket_of = equal_bins(sure, BUCKETS)
    spans = pd.Series(sure).groupby(bucket_of).agg(["min", "max"])
    yield "confidence", [f"{100 * low:.1f} to {100 * high:.1f} %" for low, high in spans.to_numpy()], bucket_of
    for by in ("symbol", "regime"):
        if by in predictions:
            codes, names = pd.factorize(predictions[by], sort=True)
            yield by, [str(name) for name in names], np.asarray(codes, dtype=np.int64)


def _mean(values: FloatArray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")
