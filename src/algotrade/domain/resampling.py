"""Longer candles out of shorter ones."""

from typing import Any

import numpy as np
import pandas as pd

from algotrade.domain.candles import SERIES_COLUMNS, VALUE_COLUMNS, Candles, from_milliseconds, to_milliseconds
from algotrade.domain.timeframe import IntArray, Timeframe
from algotrade.errors import BadCandles, ConfigurationError

_KEYS = SERIES_COLUMNS[:2]
_SUMS = ("volume", "quote_volume", "trades", "taker_buy_volume")


def resample(candles: Candles, source: Timeframe, target: Timeframe, *, incomplete: bool = False) -> Candles:
    """Candles of the longer timeframe, each made of every shorter candle that it spans.

    The first open, the highest high, the lowest low, the last close and the sums of volumes and trades. A sum
    is NaN where one of its terms is.

    Parameters
    ----------
    candles : Candles
        Strictly increasing, on the grid of ``source``; gaps are allowed.
    source, target : Timeframe
        Of the candles, and of the result; every candle of ``target`` has to hold whole candles of ``source``.
    incomplete : bool, default False
        Also give the candles of which a part is missing: in a gap, before the first candle, after the last one
        (the forming candle of a series that still grows).

    Raises
    ------
    ConfigurationError
        If ``target`` is not made of whole candles of ``source``.
    BadCandles
        If the open times do not increase or are off the grid.

    >>> minutes = Candles(60_000 * np.arange(7), *(np.arange(7.0) for _ in range(8)))
    >>> resample(minutes, Timeframe("1m"), Timeframe("5m")).volume.tolist()
    [10.0]
    >>> resample(minutes, Timeframe("1m"), Timeframe("5m"), incomplete=True).open_time.tolist()
    [0, 300000]
    """
    per_target = parts(source, target)
    _refuse_disorder(candles.open_time, source)
    if not len(candles) or per_target == 1:
        return candles
    first = target.floor(int(candles.open_time[0]))
    bucket = (candles.open_time - first) // target.milliseconds
    starts = np.flatnonzero(np.concatenate(([True], bucket[1:] != bucket[:-1])))
    stops = np.append(starts[1:], len(candles))
    resampled = Candles(
        open_time=first + bucket[starts] * target.milliseconds,
        open=candles.open[starts],
        high=np.maximum.reduceat(candles.high, starts),
        low=np.minimum.reduceat(candles.low, starts),
        close=candles.close[stops - 1],
        **{name: np.add.reduceat(getattr(candles, name), starts) for name in _SUMS},
    )
    if incomplete:
        return resampled
    whole = np.flatnonzero(stops - starts == per_target)
    return Candles(resampled.open_time[whole], *(getattr(resampled, name)[whole] for name in VALUE_COLUMNS))


def resample_frame(
    frame: pd.DataFrame, source: Timeframe, target: Timeframe, *, incomplete: bool = False
) -> pd.DataFrame:
    """Long candle frame of the longer timeframe, each series for itself.

    Parameters
    ----------
    frame : DataFrame
        Valid candles: ``open_time``, the candle's numbers, and whichever of ``exchange``, ``symbol`` and
        ``timeframe`` there are; they stay, and ``timeframe`` becomes the target's. Other columns are left out.
    source, target, incomplete
        As in :func:`resample`.
    """
    keys = [name for name in _KEYS if name in frame]
    groups = frame.groupby(keys, sort=False, dropna=False) if keys else [((), frame)]
    series = [_series(dict(zip(keys, key, strict=True)), rows, source, target, incomplete) for key, rows in groups]
    columns = [name for name in frame if name in {*_KEYS, "timeframe", "open_time", *VALUE_COLUMNS}]
    if not series:
        return frame[columns]
    return pd.concat(series, ignore_index=True).assign(timeframe=target.name)[columns]


def candles_of(frame: pd.DataFrame) -> Candles:
    """Arrays of one series' frame, oldest first; NaN for the numbers that it does not have."""
    rows = frame.sort_values("open_time")
    missing = np.full(len(rows), np.nan)
    values = [rows[name].to_numpy(np.float64, na_value=np.nan) if name in rows else missing for name in VALUE_COLUMNS]
    return Candles(to_milliseconds(rows["open_time"]), *values)


def parts(source: Timeframe, target: Timeframe) -> int:
    """How many candles of ``source`` make one of ``target``.

    Raises
    ------
    ConfigurationError
        If it is not a whole number of them, or the two grids do not meet.

    >>> parts(Timeframe("15m"), Timeframe("1d"))
    96
    """
    whole, rest = divmod(target.milliseconds, source.milliseconds)
    if rest or not whole or source.off_grid(np.array([target.floor(0)])).any():
        raise ConfigurationError(
            f"Candles of {target} cannot be made of candles of {source}. Choose a timeframe that is a multiple of "
            f"{source}, or start from shorter candles."
        )
    return whole


def _series(
    keys: dict[str, Any], rows: pd.DataFrame, source: Timeframe, target: Timeframe, incomplete: bool
) -> pd.DataFrame:
    longer = resample(candles_of(rows), source, target, incomplete=incomplete)
    values = {name: getattr(longer, name) for name in VALUE_COLUMNS}
    return pd.DataFrame({"open_time": from_milliseconds(longer.open_time), **values}).assign(**keys)


def _refuse_disorder(open_time: IntArray, source: Timeframe) -> None:
    if (np.diff(open_time) <= 0).any():
        raise BadCandles("Candles to resample have to be in order, each once. Run the ingestion pipeline again.")
    if source.off_grid(open_time).any():
        raise BadCandles(f"Some candles to resample are not on the {source} grid. Run the ingestion pipeline again.")
