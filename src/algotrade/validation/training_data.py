"""Features and labels joined into the samples that every model of a run is fitted and scored on."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from algotrade.domain.candles import BoolArray, FloatArray, to_milliseconds
from algotrade.domain.timeframe import IntArray, Timeframe
from algotrade.errors import FeatureError, TooFewCandles
from algotrade.features.naming import required_features
from algotrade.models.samples import LabelledSamples, Samples, Targets, sample_ends, usable_rows

_KEYS = ("symbol", "open_time")
_LATEST_TIME_MS = 10**13  # the year 2286


@dataclass(frozen=True)
class TrainingData:
    """Labelled samples of several symbols, sorted by symbol, then time.

    Attributes
    ----------
    labelled : LabelledSamples
        ``n`` samples.
    symbols : tuple of str
    symbol_codes : ndarray of int64, shape ``(n,)``
        Positions in ``symbols``.
    open_time, known_at : ndarray of int64, shape ``(n,)``
        Milliseconds since the epoch.
    timeframe : Timeframe
    feature_names : tuple of str, length ``F``
    """

    labelled: LabelledSamples
    symbols: tuple[str, ...]
    symbol_codes: IntArray
    open_time: IntArray
    known_at: IntArray
    timeframe: Timeframe
    feature_names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.open_time)

    def take(self, rows: BoolArray) -> "TrainingData":
        """Some of the samples, on the same feature rows."""
        return TrainingData(
            self.labelled.take(rows),
            self.symbols,
            self.symbol_codes[rows],
            self.open_time[rows],
            self.known_at[rows],
            self.timeframe,
            self.feature_names,
        )


def training_data(features: pd.DataFrame, labels: pd.DataFrame, timeframe: Timeframe, history: int) -> TrainingData:
    """Samples of every row that has a label and ``history`` complete feature rows without a gap behind it.

    Parameters
    ----------
    features : DataFrame
        ``symbol``, ``open_time``, then one column for each feature; NaN while warming up.
    labels : DataFrame
        As ``forward_returns`` gives them.
    timeframe : Timeframe
    history : int
        The longest of the models that are to be compared (``models.longest_history``).

    Raises
    ------
    FeatureError
        If a feature row is there twice.
    TooFewCandles
        If no sample is left.
    """
    names = tuple(column for column in features.columns if column not in _KEYS)
    symbols = pd.Index(features["symbol"].unique()).sort_values()
    feature_keys = _Keys.of(features, symbols)
    if not feature_keys.increasing:
        features = features.iloc[np.argsort(feature_keys.numbers, kind="stable")]
        feature_keys = _Keys.of(features, symbols)
    if not feature_keys.increasing:
        raise FeatureError(
            "Some feature rows are there twice; a symbol has one row for each open time. "
            "Run the feature_engineering pipeline again."
        )
    # Rows in one piece: samples are gathered row by row.
    values: FloatArray = np.ascontiguousarray(features[list(names)].to_numpy(dtype=np.float64))
    symbol_codes, open_time = feature_keys.symbol_codes, feature_keys.open_time
    ends = sample_ends(
        symbol_codes, open_time, timeframe.milliseconds, usable_rows(values, required_features(names)), history
    )
    label_of = feature_keys.positions_in(_Keys.of(labels, symbols))[ends]
    ends, label_of = ends[label_of >= 0], label_of[label_of >= 0]
    if len(ends) == 0:
        raise TooFewCandles(
            f"None of {len(features)} feature rows has a label and {history} complete rows without a gap behind it. "
            "Fetch a longer history, or lower the horizon, the feature lookback or the history of the models."
        )
    forward_return = labels["forward_return"].to_numpy(dtype=np.float64)[label_of]
    return TrainingData(
        labelled=LabelledSamples(Samples(values, ends), Targets.of_returns(forward_return)),
        symbols=tuple(str(symbol) for symbol in symbols),
        symbol_codes=symbol_codes[ends],
        open_time=open_time[ends],
        known_at=to_milliseconds(labels["known_at"])[label_of],
        timeframe=timeframe,
        feature_names=names,
    )


@dataclass(frozen=True)
class _Keys:
    """Symbol and open time of each row of a frame as one sortable number, negative for unknown symbols."""

    symbol_codes: IntArray
    open_time: IntArray

    @classmethod
    def of(cls, frame: pd.DataFrame, symbols: "pd.Index[Any]") -> "_Keys":
        codes = np.asarray(symbols.get_indexer(pd.Index(frame["symbol"])), dtype=np.int64)
        return cls(codes, to_milliseconds(frame["open_time"]))

    @property
    def numbers(self) -> IntArray:
        return self.symbol_codes * _LATEST_TIME_MS + self.open_time

    @property
    def increasing(self) -> bool:
        return bool((np.diff(self.numbers) > 0).all())

    def positions_in(self, other: "_Keys") -> IntArray:
        """Row of ``other`` that has each of these increasing keys, -1 where none has."""
        found = np.full(len(self.open_time), -1, dtype=np.int64)
        if len(found) == 0:
            return found
        rows = np.minimum(np.searchsorted(self.numbers, other.numbers), len(found) - 1)
        same = self.numbers[rows] == other.numbers
        found[rows[same]] = np.flatnonzero(same)
        return found
