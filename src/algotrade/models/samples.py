"""What a model sees: rows of features, where each sample ends, and what came of it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from algotrade.domain.candles import BoolArray, FloatArray
from algotrade.domain.timeframe import IntArray
from algotrade.errors import ModelError

_Rows = IntArray | BoolArray
Prepare = Callable[[FloatArray], FloatArray]
"""Feature rows of shape ``(..., F)`` to what a model sees of them, row by row, shape ``(..., K)``."""


@dataclass(frozen=True)
class Samples:
    """Samples that share one block of feature rows, so that overlapping windows are stored once.

    Attributes
    ----------
    features : ndarray of float64, shape ``(rows, F)``
        Sorted by symbol, then time.
    ends : ndarray of int64, shape ``(n,)``
        The row on which each sample ends: the last thing its prediction may see.
    prepare : callable, optional
        What becomes of each row when it is read; nothing by default.
    names : tuple of str
        Of the columns that are read; empty where they are not known.
    history : int, optional
        Rows up to each end that are known to be of one symbol and without a gap; no longer window is given.

    >>> samples = Samples(np.arange(4.0)[:, None], np.array([1, 3]))
    >>> samples.last().ravel().tolist()
    [1.0, 3.0]
    >>> samples.windows(2)[..., 0].tolist()
    [[0.0, 1.0], [2.0, 3.0]]
    """

    features: FloatArray
    ends: IntArray
    prepare: Prepare | None = None
    names: tuple[str, ...] = ()
    history: int | None = None

    def __len__(self) -> int:
        return len(self.ends)

    def last(self) -> FloatArray:
        """Feature row on which each sample ends, shape ``(n, F)``."""
        return self._prepared(self.features[self.ends])

    def windows(self, history: int) -> FloatArray:
        """The last ``history`` feature rows of each sample, oldest first, shape ``(n, history, F)``.

        Raises
        ------
        ModelError
            If the rows before a sample do not reach back that far, or may belong to another symbol or time.
        """
        rows, places = self.window_rows(history)
        return rows[places]

    def window_rows(self, history: int) -> tuple[FloatArray, IntArray]:
        """Rows that the windows are made of, each once, and where each window has its own.

        Windows overlap: what is done to every row is done to far fewer here than in the windows.

        Returns
        -------
        rows : ndarray, shape ``(rows, F)``
        places : ndarray of int64, shape ``(n, history)``

        Raises
        ------
        ModelError
            As ``windows``.
        """
        reach = int(self.ends.min()) + 1 if len(self) else history
        known = reach if self.history is None else min(self.history, reach)
        if history > known:
            raise ModelError(
                f"These samples have {known} rows of one symbol without a gap behind them, a window of {history} was "
                "asked for. Make the samples with the longest history of all models (`longest_history`)."
            )
        wanted = self.ends[:, None] + np.arange(1 - history, 1)
        read = np.zeros(len(self.features), dtype=np.bool_)
        read[wanted] = True
        return self._prepared(self.features[read]), (np.cumsum(read) - 1)[wanted]

    def take(self, rows: _Rows) -> "Samples":
        """Some of the samples, on the same feature rows."""
        return replace(self, ends=self.ends[rows])

    def batches(self, size: int) -> Iterator["Samples"]:
        """The samples in order, at most ``size`` at a time: what is cut into windows need not all fit in memory."""
        for start in range(0, len(self), size):
            yield replace(self, ends=self.ends[start : start + size])

    def _prepared(self, rows: FloatArray) -> FloatArray:
        return rows if self.prepare is None else self.prepare(rows)

    @classmethod
    def of_windows(cls, windows: FloatArray) -> "Samples":
        """One sample for each window of shape ``(history, F)`` in ``windows``, shape ``(n, history, F)``."""
        count, history, width = windows.shape
        ends = np.arange(1, count + 1) * history - 1
        return cls(windows.reshape(count * history, width), ends, history=history)


@dataclass(frozen=True)
class Targets:
    """What came of the samples.

    Attributes
    ----------
    direction : ndarray of bool, shape ``(n,)``
        Whether the forward return was positive.
    forward_return : ndarray of float64, shape ``(n,)``
        Log return from the first fill to the exit of the label.
    target : ndarray of float64, shape ``(n,)``
        What a regression learns; the forward return, unless the label scales it.
    weight : ndarray of float64, shape ``(n,)``
        How much each sample counts when a model is fitted; all of them about one on average.
    further : mapping of int to ndarray, shape ``(n,)`` each
        Log return over further horizons, by their number of candles; usually none.
    """

    direction: BoolArray
    forward_return: FloatArray
    target: FloatArray
    weight: FloatArray
    further: Mapping[int, FloatArray] = field(default_factory=dict)

    @classmethod
    def of_returns(
        cls, forward_return: FloatArray, weight: FloatArray | None = None, target: FloatArray | None = None
    ) -> "Targets":
        """Targets of log returns, by default unscaled and of equal weight; a return of exactly zero is not a rise."""
        weights = np.ones(len(forward_return)) if weight is None else weight
        return cls(forward_return > 0, forward_return, forward_return if target is None else target, weights)

    @property
    def base_rate(self) -> float:
        """Weighted share of rises."""
        return float(np.average(self.direction, weights=self.weight))

    def take(self, rows: _Rows) -> "Targets":
        """Some of the targets."""
        further = {horizon: returns[rows] for horizon, returns in self.further.items()}
        return Targets(self.direction[rows], self.forward_return[rows], self.target[rows], self.weight[rows], further)


@dataclass(frozen=True)
class LabelledSamples:
    """Samples with what came of them, in the same order."""

    samples: Samples
    targets: Targets

    def __len__(self) -> int:
        return len(self.samples)

    def take(self, rows: _Rows) -> "LabelledSamples":
        """Some of the samples with their targets."""
        return LabelledSamples(self.samples.take(rows), self.targets.take(rows))

    def counting(self) -> "LabelledSamples":
        """Those that count when a model is fitted: a sample of weight zero is as if it were not there."""
        counts = self.targets.weight > 0
        return self if counts.all() else self.take(counts)

    def thinned(self, limit: int) -> "LabelledSamples":
        """At most ``limit`` samples, taken in even steps so that every symbol and season stays represented."""
        return self if len(self) <= limit else self.take(even_steps(len(self), limit))


@dataclass(frozen=True)
class Forecast:
    """What a model says of each sample.

    Attributes
    ----------
    probability : ndarray of float64, shape ``(n,)``
        Of a positive forward return.
    expected_return : ndarray of float64, shape ``(n,)``
        Expected log return over the horizon.
    """

    probability: FloatArray
    expected_return: FloatArray


def even_steps(count: int, limit: int) -> IntArray:
    """``limit`` of ``count`` positions, first and last included, as evenly spread as whole numbers can be.

    >>> even_steps(9, 3).tolist()
    [0, 4, 8]
    """
    return np.linspace(0, count - 1, limit).astype(np.int64)


def usable_rows(features: FloatArray, required: BoolArray) -> BoolArray:
    """Rows that are warmed up: every required feature is finite, shape ``(rows,)``.

    A feature that is not required (its source gives no trade counts, or gave none for a while) does not spoil a row;
    the models treat it as missing. Whether a row is usable depends on that row alone.

    Parameters
    ----------
    features : ndarray, shape ``(rows, F)``
    required : ndarray of bool, shape ``(F,)``
        As :func:`algotrade.features.naming.required_features` tells.
    """
    finite = np.isfinite(features)
    return np.asarray((finite | ~required).all(axis=1) & finite.any(axis=1))


def sample_ends(
    symbol_codes: IntArray, open_time_ms: IntArray, step_ms: int, usable: npt.NDArray[np.bool_], history: int
) -> IntArray:
    """Rows that end ``history`` usable rows of one symbol without a gap between them.

    Parameters
    ----------
    symbol_codes, open_time_ms : ndarray of int64, shape ``(rows,)``
        Sorted by symbol, then time.
    step_ms : int
        Length of a candle.
    usable : ndarray of bool, shape ``(rows,)``
    history : int
        Feature rows of one prediction.

    >>> hours = np.array([0, 1, 2, 4, 5, 0, 1])
    >>> symbols = np.array([0, 0, 0, 0, 0, 1, 1])
    >>> sample_ends(symbols, hours, 1, np.ones(7, dtype=bool), history=2).tolist()
    [1, 2, 4, 6]
    """
    rows = np.arange(len(usable))
    starts = np.ones(len(usable), dtype=np.bool_)
    starts[1:] = (np.diff(symbol_codes) != 0) | (np.diff(open_time_ms) != step_ms) | ~usable[:-1]
    starts |= ~usable
    run_start = np.maximum.accumulate(np.where(starts, rows, 0)) if len(rows) else rows
    return np.flatnonzero(usable & (rows - run_start + 1 >= history))
