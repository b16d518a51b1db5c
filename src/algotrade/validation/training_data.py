"""Features and labels joined into the samples that every model of a run is fitted and scored on."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from algotrade.domain.candles import BoolArray, FloatArray, to_milliseconds
from algotrade.domain.timeframe import IntArray, Timeframe
from algotrade.errors import FeatureError, TooFewCandles
from algotrade.features.naming import required_features
from algotrade.models.samples import LabelledSamples, Samples, Targets, sample_ends, usable_rows
from algotrade.validation.further_horizons import further_returns
from algotrade.validation.sample_weights import WeightSettings

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
    decay_half_life_days : float, optional
        Age at which a sample counts half in a training set; see ``validation.sample_weights``.
    """

    labelled: LabelledSamples
    symbols: tuple[str, ...]
    symbol_codes: IntArray
    open_time: IntArray
    known_at: IntArray
    timeframe: Timeframe
    feature_names: tuple[str, ...]
    decay_half_life_days: float | None = None

    def __len__(self) -> int:
        return len(self.open_time)

    def take(self, rows: BoolArray) -> "TrainingData":
        """Some of the samples, on the same feature rows."""
        return replace(
            self,
            labelled=self.labelled.take(rows),
            symbol_codes=self.symbol_codes[rows],
            open_time=self.open_time[rows],
            known_at=self.known_at[rows],
        )

    @property
    def symbols_without_samples(self) -> tuple[str, ...]:
        """Symbols that none of the samples is of."""
        there = set(self.symbol_codes.tolist())
        return tuple(symbol for code, symbol in enumerate(self.symbols) if code not in there)


def training_data(
    features: pd.DataFrame,
    labels: pd.DataFrame,
    timeframe: Timeframe,
    history: int,
    weights: WeightSettings | None = None,
) -> TrainingData:
    """Samples of every row that has a label and ``history`` complete feature rows without a gap behind it.

    A row without a single feature is not complete, even of a symbol that never has any.

    Parameters
    ----------
    features : DataFrame
        ``symbol``, ``open_time``, then one column for each feature; NaN while warming up.
    labels : DataFrame
        As a :class:`~algotrade.validation.labels.Label` gives them.
    timeframe : Timeframe
    history : int
        The longest of the models that are to be compared (``models.longest_history``).
    weights : WeightSettings, optional

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
    usable = usable_rows(values, required_features(names)) & np.isfinite(values).any(axis=1)
    ends = sample_ends(symbol_codes, open_time, timeframe.milliseconds, usable, history)
    label_of = feature_keys.positions_in(_Keys.of(labels, symbols))[ends]
    ends, label_of = ends[label_of >= 0], label_of[label_of >= 0]
    if len(ends) == 0:
        raise TooFewCandles(
            f"None of {len(features)} feature rows has a label and {history} complete rows without a gap behind it. "
            "Fetch a longer history, or lower the horizon, the feature lookback or the history of the models."
        )
    options = weights or WeightSettings()
    targets = Targets.of_returns(
        labels["forward_return"].to_numpy(dtype=np.float64)[label_of],
        labels["weight"].to_numpy(dtype=np.float64)[label_of] if options.uniqueness else None,
        labels["target"].to_numpy(dtype=np.float64)[label_of],
    )
    further = {horizon: returns[label_of] for horizon, returns in further_returns(labels).items()}
    samples = Samples(values, ends, names=names, history=history)
    return TrainingData(
        labelled=LabelledSamples(samples, replace(targets, further=further)),
        symbols=tuple(str(symbol) for symbol in symbols),
        symbol_codes=symbol_codes[ends],
        open_time=open_time[ends],
        known_at=to_milliseconds(labels["known_at"])[label_of],
        timeframe=timeframe,
        feature_names=names,
        decay_half_life_days=options.decay_half_life_days,
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
