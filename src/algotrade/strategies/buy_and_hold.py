"""Buy and hold: the yardstick every other strategy is measured against."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from algotrade.domain.candles import FloatArray
from algotrade.strategies.base import STRATEGIES, Strategy, starting_weights
from algotrade.strategies.drifting import LONGEST_GAP, drifting_shares, growth_factors
from algotrade.strategies.view import MarketView


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
        held = starting_weights(view, initial_weights)
        never = np.zeros(len(view), dtype=np.bool_)
        return drifting_shares(growth_factors(view), view.decided.present, never, held)
