"""Valid candles that are worth a look: extreme returns, extreme volumes, prices that stand still.

None of them is quarantined: an extreme that a market really reached is data.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from algotrade.data.quality.runs import runs
from algotrade.data.quality.series import SeriesRows
from algotrade.domain.candles import SERIES_COLUMNS, BoolArray, FloatArray, from_milliseconds
from algotrade.domain.timeframe import IntArray
from algotrade.errors import ConfigurationError

RETURN, VOLUME, STALE, DIVERGENCE = "return", "volume", "stale", "divergence"
KINDS = (RETURN, VOLUME, STALE, DIVERGENCE)
"""What can be odd about a candle; a divergence is found where exchanges are compared."""
ANOMALY_COLUMNS = (*SERIES_COLUMNS, "kind", "open_time", "candles", "score")
_NORMAL = 1.4826
"""Times the median absolute deviation is the standard deviation of normal numbers."""
_NORMAL_MEAN = 1.2533
"""The same for the mean absolute deviation."""


@dataclass(frozen=True)
class AnomalySettings:
    """From where on a candle is worth a look.

    Attributes
    ----------
    return_z : float
        Robust standard deviations of the log return. A year of hourly BTC has five beyond 20.
    volume_z : float
        Robust standard deviations of the log volume. A year of hourly BTC has a dozen beyond 6.
    stale_candles : int
        Candles in a row without a trade and with the close of the one before.

    Raises
    ------
    ConfigurationError
        If one is not above zero.
    """

    return_z: float = 20.0
    volume_z: float = 6.0
    stale_candles: int = 3

    def __post_init__(self) -> None:
        for name in ("return_z", "volume_z", "stale_candles"):
            if not getattr(self, name) > 0:
                raise ConfigurationError(
                    f"ingestion.anomalies.{name} is {getattr(self, name)!r}; accepted is a number above 0. "
                    "Change it in conf/base/parameters_ingestion.yml or with --params."
                )


def anomalies(rows: SeriesRows, settings: AnomalySettings | None = None) -> pd.DataFrame:
    r"""One row an anomaly, sorted by series, kind and time.

    A return or a volume is scored by its robust z over its whole series

    .. math:: z_t = \frac{x_t - \operatorname{median} x}{1.4826 \operatorname{median} |x - \operatorname{median} x|}

    of the log return from candle to adjacent candle, and of the log volume where there is any. Where more than
    half of the values are the same, the mean absolute deviation stands in. The score of a stale run is its length.

    Parameters
    ----------
    rows : SeriesRows
    settings : AnomalySettings, optional

    Returns
    -------
    DataFrame
        Columns ``ANOMALY_COLUMNS``; ``open_time`` is that of the first of ``candles`` candles.
    """
    chosen = settings or AnomalySettings()
    close, volume = (rows.candles[name].to_numpy(dtype=np.float64) for name in ("close", "volume"))
    follows = rows.follows
    returns = np.full(len(close), np.nan)
    returns[1:] = np.diff(np.log(close))
    returns[~follows] = np.nan
    with np.errstate(divide="ignore"):
        log_volume = np.where(volume > 0, np.log(volume), np.nan)
    found = [
        _beyond(rows, RETURN, returns, chosen.return_z),
        _beyond(rows, VOLUME, log_volume, chosen.volume_z),
        _stale(rows, (returns == 0) & (volume == 0), chosen.stale_candles),
    ]
    frame = pd.concat(found, ignore_index=True)
    return frame.sort_values([*SERIES_COLUMNS, "kind", "open_time"], ignore_index=True)


def robust_z(values: FloatArray) -> FloatArray:
    """Distance from the median in robust standard deviations; NaN where a value is, and 0 if all are the same.

    >>> robust_z(np.array([1.0, 2.0, 3.0, 4.0, 100.0])).round(1).tolist()
    [-1.3, -0.7, 0.0, 0.7, 65.4]
    """
    known = values[~np.isnan(values)]
    if not len(known):
        return values
    middle = np.median(known)
    distance = np.abs(known - middle)
    scale = _NORMAL * np.median(distance) or _NORMAL_MEAN * distance.mean()
    return np.asarray((values - middle) / scale if scale > 0 else values - middle)


def _beyond(rows: SeriesRows, kind: str, values: FloatArray, bound: float) -> pd.DataFrame:
    scores = np.concatenate([robust_z(values[start:stop]) for start, stop in rows.bounds])
    places = np.flatnonzero(np.abs(scores) > bound)
    return _frame(rows, kind, places).assign(candles=1, score=scores[places])


def _stale(rows: SeriesRows, still: BoolArray, least: int) -> pd.DataFrame:
    found = runs(still, rows.follows).longer_than(least - 1)
    return _frame(rows, STALE, found.first).assign(candles=found.length, score=found.length.astype(np.float64))


def _frame(rows: SeriesRows, kind: str, places: IntArray) -> pd.DataFrame:
    return rows.keys(places).assign(kind=kind, open_time=from_milliseconds(rows.time_ms[places]))
