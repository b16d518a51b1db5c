"""Equal weight: the yardstick that takes no view on symbols, and sells what has risen."""

from dataclasses import dataclass
from typing import ClassVar

from algotrade.domain.candles import FloatArray
from algotrade.strategies.base import STRATEGIES, Strategy, starting_weights
from algotrade.strategies.drifting import LONGEST_GAP, drifting_shares, growth_factors
from algotrade.strategies.history import grid_places
from algotrade.strategies.parameters import parameter
from algotrade.strategies.view import MarketView


@STRATEGIES.register("equal_weight")
@dataclass(frozen=True)
class EqualWeight(Strategy):
    """An equal share of the equity in every symbol that has a candle, made equal again at fixed intervals.

    In between weights drift with prices, as of :class:`~algotrade.strategies.buy_and_hold.BuyAndHold`, and nothing is
    traded but what is newly listed. The intervals are counted on the clock, not from the first candle, so they are the
    same wherever the history begins. How far a share has to be off before it is traded is the simulation's rebalance
    band.

    Parameters
    ----------
    rebalance_every : int
        Candles between two rebalancings.

    References
    ----------
    .. [1] DeMiguel, V., Garlappi, L., Uppal, R. (2009). Optimal versus naive diversification: how inefficient is the
       1/N portfolio strategy? Review of Financial Studies 22(5).
    """

    name: ClassVar[str] = "equal_weight"

    rebalance_every: int = parameter(168, between=(1, 100_000))

    @property
    def lookback(self) -> int:
        """Rows that the previous price may lie back."""
        return LONGEST_GAP + 1

    def target_weights(self, view: MarketView, initial_weights: FloatArray | None = None) -> FloatArray:
        """Weights of shape ``(len(view), symbols)`` in [0, 1]; see :meth:`Strategy.target_weights`."""
        held = starting_weights(view, initial_weights)
        due = grid_places(view.decided) % self.rebalance_every == 0
        return drifting_shares(growth_factors(view), view.decided.present, due, held)
