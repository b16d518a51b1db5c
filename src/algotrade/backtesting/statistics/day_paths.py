"""What an account went through from day to day, told so that days can be put in another order."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from algotrade.domain.candles import FloatArray
from algotrade.domain.performance import daily_returns
from algotrade.validation.resampling import IndexArray


class DayPaths(NamedTuple):
    """Days of an account, each relative to the close before it; arrays of one shape, days along the last axis.

    Attributes
    ----------
    returns : ndarray
        Simple return of the day.
    low, high : ndarray
        Lowest and highest equity at a close of the day, over the equity at the close before the day.
    inner : ndarray
        Deepest drawdown from a peak within the day, a positive fraction.
    """

    returns: FloatArray
    low: FloatArray
    high: FloatArray
    inner: FloatArray

    @classmethod
    def of_returns(cls, returns: FloatArray) -> "DayPaths":
        """Days of which only the ends are known."""
        return cls(returns, 1.0 + returns, 1.0 + returns, np.zeros_like(returns))

    @classmethod
    def of_equity(cls, equity: pd.Series, initial_equity: float) -> "DayPaths":
        """Days of an account from its equity at candle closes, as :func:`~algotrade.domain.performance.daily_returns`.

        A day that begins in ruin has nothing left to lose: it stays where it is.
        """
        returns = daily_returns(equity, initial_equity)
        label = (pd.DatetimeIndex(equity.index) - pd.Timedelta(1, unit="ms")).floor("D")
        days = pd.Series(equity.to_numpy(dtype=np.float64)).groupby(label.to_numpy())
        opening = np.concatenate([[initial_equity], days.last().to_numpy()[:-1]])
        alive = opening > 0.0
        scale = np.where(alive, opening, 1.0)
        peak = days.cummax().to_numpy()
        fallen = np.where(peak > 0.0, 1.0 - equity.to_numpy() / np.where(peak > 0.0, peak, 1.0), 0.0)
        inner = pd.Series(fallen).groupby(label.to_numpy()).max().to_numpy()
        return cls(
            returns.to_numpy(dtype=np.float64),
            np.where(alive, days.min().to_numpy() / scale, 1.0),
            np.where(alive, days.max().to_numpy() / scale, 1.0),
            np.where(alive, inner, 0.0),
        )

    def taken(self, rows: IndexArray) -> "DayPaths":
        """The days at these places, shape of ``rows``."""
        return DayPaths(*(part[rows] for part in self))

    def deepest_drawdowns(self) -> FloatArray:
        """Deepest drawdown of each sequence of days: within a day, or from the peak of an earlier one; at most 1."""
        growth = np.cumprod(np.maximum(1.0 + self.returns, 0.0), axis=-1)
        before = np.concatenate([np.ones_like(growth[..., :1]), growth[..., :-1]], axis=-1)
        peak = np.maximum(np.maximum.accumulate(before * self.high, axis=-1), 1.0)
        earlier = np.concatenate([np.ones_like(peak[..., :1]), peak[..., :-1]], axis=-1)
        depth = np.maximum(1.0 - before * self.low / earlier, self.inner)
        return np.asarray(np.minimum(depth.max(axis=-1), 1.0))
