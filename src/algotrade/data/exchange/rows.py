"""Rows of candles as an exchange sends them, in arrays."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from algotrade.data.quality.faults import Fault, row_faults
from algotrade.domain.candles import VALUE_COLUMNS, BoolArray, FloatArray
from algotrade.domain.timeframe import IntArray, Timeframe

UNKNOWN_CLOSE = np.iinfo(np.int64).min
"""Close time of a candle whose exchange does not send one."""


@dataclass(frozen=True)
class Rows:
    """Candles of one series, in any order.

    Attributes
    ----------
    time_ms : ndarray of int64, shape (n,)
        Open times.
    close_ms : ndarray of int64, shape (n,)
        Last millisecond of each candle as the exchange names it, or ``UNKNOWN_CLOSE``.
    numbers : ndarray of shape (n, 8)
        The value columns; NaN where the exchange does not tell.
    """

    time_ms: IntArray
    close_ms: IntArray
    numbers: FloatArray

    def __len__(self) -> int:
        return len(self.time_ms)

    def __getitem__(self, chosen: "slice | BoolArray | IntArray") -> "Rows":
        return Rows(self.time_ms[chosen], self.close_ms[chosen], self.numbers[chosen])

    @classmethod
    def none(cls) -> "Rows":
        """No rows."""
        return cls(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty((0, len(VALUE_COLUMNS))))

    @classmethod
    def of(cls, times_ms: npt.ArrayLike, numbers: FloatArray, close_ms: npt.ArrayLike | None = None) -> "Rows":
        """Rows of open times and as many of the value columns as there are; the others are unknown."""
        time_ms = np.asarray(times_ms, dtype=np.int64)
        whole = np.full((len(time_ms), len(VALUE_COLUMNS)), np.nan)
        whole[:, : numbers.shape[1]] = numbers
        unknown = np.full(len(time_ms), UNKNOWN_CLOSE, dtype=np.int64)
        return cls(time_ms, unknown if close_ms is None else np.asarray(close_ms, dtype=np.int64), whole)

    def closed(self, now_ms: int) -> "Rows":
        """The rows whose candle has closed by then, as far as their close times tell."""
        return self[self.close_ms < now_ms]

    def between(self, start: int, stop: int) -> "Rows":
        """The rows that open from ``start`` to before ``stop``."""
        return self[(self.time_ms >= start) & (self.time_ms < stop)]

    def newest(self) -> "Rows":
        """The one row that opens last; none of none."""
        return self[np.argsort(self.time_ms, kind="stable")[-1:]]

    def says_the_same(self, other: "Rows") -> bool:
        """Whether both have the same candles, number for number, in the same order."""
        return np.array_equal(self.time_ms, other.time_ms) and np.array_equal(
            self.numbers, other.numbers, equal_nan=True
        )

    def with_rows(self, others: "Rows") -> "Rows":
        """These rows and others, in order; where both have a candle, the other's numbers."""
        kept = self[~np.isin(self.time_ms, others.time_ms)]
        united = stacked([kept, others])
        return united[np.argsort(united.time_ms, kind="stable")]


def stacked(parts: Sequence[Rows]) -> Rows:
    """All rows of one part or more, one part after the other."""
    return Rows(
        np.concatenate([part.time_ms for part in parts]),
        np.concatenate([part.close_ms for part in parts]),
        np.concatenate([part.numbers for part in parts]),
    )


def sorted_out(rows: Rows, timeframe: Timeframe) -> tuple[Rows, Rows]:
    """Candles in order, each once; and what cannot be one, or is there twice with different numbers."""
    rows = rows[np.argsort(rows.time_ms, kind="stable")]
    again = np.zeros(len(rows), dtype=np.bool_)
    again[1:] = rows.time_ms[1:] == rows.time_ms[:-1]
    bad = row_faults(rows.time_ms, rows.numbers, timeframe) != Fault.NONE
    if again.any():
        numbers = np.nan_to_num(rows.numbers, nan=-1.0)
        differs = np.zeros(len(rows), dtype=np.bool_)
        differs[1:] = again[1:] & (numbers[1:] != numbers[:-1]).any(axis=1)
        bad |= np.isin(rows.time_ms, rows.time_ms[differs])
    return rows[~bad & ~again], rows[bad]
