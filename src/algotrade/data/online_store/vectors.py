"""The newest feature rows of one instrument, and what their columns are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from algotrade.domain.candles import BoolArray, FloatArray, from_milliseconds
from algotrade.domain.timeframe import IntArray
from algotrade.errors import FeatureError


@dataclass(frozen=True)
class FeatureSpec:
    """What the columns of a feature vector are, and where they come from.

    Attributes
    ----------
    names : tuple of str
        In order.
    fingerprint : str
        Of how they are made; equal means interchangeable.
    data_digest : str
        Of the candles that a pipeline computed them from; empty where a live stream did.
    parameters : mapping
        The feature parameters as they were configured.
    """

    names: tuple[str, ...]
    fingerprint: str
    data_digest: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class FeatureVectors:
    """The last rows of one instrument's features, oldest first.

    Attributes
    ----------
    symbol : str
    open_time_ms : ndarray of int64, shape ``(k,)``
        Open times of the candles, strictly increasing.
    values : ndarray of float64, shape ``(k, F)``
        NaN where a feature is still warming up or its data is missing.

    Raises
    ------
    FeatureError
        If the shapes do not fit or the times do not increase.
    """

    symbol: str
    open_time_ms: IntArray
    values: FloatArray

    def __post_init__(self) -> None:
        rows = len(self.open_time_ms)
        if rows == 0 or self.values.ndim != 2 or len(self.values) != rows:
            raise FeatureError(
                f"{self.symbol}: {rows} candle times for feature values of shape {self.values.shape}; "
                "a feature vector needs one row a candle and at least one row."
            )
        if rows > 1 and (self.open_time_ms[1:] <= self.open_time_ms[:-1]).any():
            raise FeatureError(f"{self.symbol}: the candle times of a feature vector must increase; sort by open_time.")

    @property
    def missing(self) -> BoolArray:
        """Features without a value in the newest row, shape ``(F,)``: warming up, or their data is missing."""
        return np.asarray(np.isnan(self.values[-1]))

    def check(self, spec: FeatureSpec) -> None:
        """Raise a FeatureError unless these are columns of ``spec`` with numbers that can be predicted on."""
        width = self.values.shape[1]
        if width != len(spec.names):
            raise FeatureError(f"{self.symbol}: {width} values for {len(spec.names)} feature names.")
        infinite = np.isinf(self.values)
        if infinite.any():
            row, column = np.argwhere(infinite)[0]
            opened = from_milliseconds([self.open_time_ms[row]])[0]
            raise FeatureError(
                f"{self.symbol}: {spec.names[column]} is infinite in the candle of {opened:%Y-%m-%d %H:%M}, one of "
                f"{int(infinite.sum())} infinite values; a feature is finite, or NaN where it warms up or its data is "
                "missing. Nothing was published."
            )
