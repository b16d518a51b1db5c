"""Buy and hold: the yardstick every other strategy is measured against."""

from dataclasses import dataclass
from typing import ClassVar

import numba
import numpy as np

from algotrade.domain.candles import BoolArray, FloatArray
from algotrade.strategies.base import STRATEGIES, Strategy, starting_weights
from algotrade.strategies.view import MarketView

LONGEST_GAP = 500


@STRATEGIES.register("buy_and_hold")
@dataclass(frozen=True)
class BuyAndHold(Strategy):
    r"""An equal share of the starting equity in every symbol, bought when first listed, never sold.

    The cash of a symbol that is not listed yet waits for it. Weights then drift with prices, by

    .. math:: w_{t,i} = \frac{w_{t-1,i}\, g_{t,i}}{1 - \sum_j w_{t-1,j} + \sum_j w_{t-1,j}\, g_{t,j}},
              \quad g_{t,i} = \frac{c_{t,i}}{c_{t-1,i}}

    so the target follows what is held and nothing is traded again. Through a gap the price is the
    last one known; after one longer than ``LONGEST_GAP`` candles the growth across it is taken as 1,
    and the position is adjusted once if the price moved by more than the simulation's rebalance band.
    """

    name: ClassVar[str] = "buy_and_hold"

    @property
    def lookback(self) -> int:
        """Rows that the previous price may lie back."""
        return LONGEST_GAP + 1

    def target_weights(self, view: MarketView, initial_weights: FloatArray | None = None) -> FloatArray:
        """Drifting weights of shape ``(len(view), symbols)``; see :meth:`Strategy.target_weights`."""
        close = _last_known(view.panel.close)
        growth = np.ones(close.shape)
        growth[1:] = close[1:] / close[:-1]
        growth = np.where(np.isfinite(growth), growth, 1.0)[view.warmup :]
        weights: FloatArray = _drift(growth, view.decided.present, starting_weights(view, initial_weights))
        return weights


def _last_known(close: FloatArray) -> FloatArray:
    """Close of each row or the last one before it, NaN where that is more than ``LONGEST_GAP`` rows back."""
    rows = np.arange(len(close))[:, None]
    source = np.maximum.accumulate(np.where(np.isnan(close), -1, rows), axis=0)
    known = np.take_along_axis(close, np.maximum(source, 0), axis=0)
    return np.where((source >= 0) & (rows - source <= LONGEST_GAP), known, np.nan)


@numba.njit(cache=True)
def _drift(growth: FloatArray, present: BoolArray, held: FloatArray) -> FloatArray:
    weights = np.empty(growth.shape)
    for row in range(len(growth)):
        cash, grown, unlisted = 1.0, 0.0, 0
        for column in range(len(held)):
            cash -= held[column]
            held[column] *= growth[row, column]
            grown += held[column]
            unlisted += held[column] == 0.0
        total = max(cash, 0.0) + grown
        for column in range(len(held)):
            if held[column] != 0.0:
                held[column] /= total
            elif present[row, column]:
                held[column] = max(cash, 0.0) / total / unlisted
            weights[row, column] = held[column]
    return weights
