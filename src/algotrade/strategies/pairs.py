"""Pairs: two prices that move together, bet on to close a gap between them."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from algotrade.domain.candles import FloatArray, Panel
from algotrade.domain.timeframe import IntArray
from algotrade.errors import StrategyError
from algotrade.strategies.base import STRATEGIES, Strategy, starting_books
from algotrade.strategies.history import grid_places, kept, log_close, returns_over
from algotrade.strategies.pair_kernels import Bounds, closest_pairs, trade_gaps
from algotrade.strategies.parameters import parameter
from algotrade.strategies.thresholds import check_thresholds
from algotrade.strategies.view import MarketView


@STRATEGIES.register("pairs")
@dataclass(frozen=True)
class Pairs(Strategy):
    r"""Short the dearer and long the cheaper of two symbols that move together, until the gap between them has closed.

    Every ``formation_every`` candles the most correlated symbols of the trailing ``formation_window`` (one-candle log
    returns) become the pairs that are watched, each symbol in one of them. The gap of a pair is the difference of its
    standardised log prices over its own deviation,

    .. math:: z_t = \frac{x_t - y_t}{\sqrt{2 (1 - \rho_t)}}, \qquad
              x_t = \frac{\log a_t - \bar a_t}{s_{a,t}}, \quad y_t = \frac{\log b_t - \bar b_t}{s_{b,t}},

    which is the z-score of the residual of :math:`\log a = \alpha + \beta \log b` with the rolling hedge ratio
    :math:`\beta_t = s_{a,t} / s_{b,t}` (reduced major axis: the same bet whichever of the two is called *a*). One
    part of *a* is held against :math:`\beta` parts of *b*, the ratio of the moment it opened. A position opens where
    the gap exceeds ``entry_deviation`` and closes below ``exit_deviation``, or beyond ``stop_deviation``: what has
    come apart that far may not have belonged together. It also closes where one of the two has had no candle for so
    long that the gap is not known any more.

    Weights are negative: the account has to be one that may be short (``account.market: perpetual``).

    Parameters
    ----------
    window : int
        Candles of the gap and of the hedge ratio, the current one included.
    formation_window, formation_every : int
        Candles whose correlation chooses the pairs, and between two choices (counted on the clock).
    minimum_correlation : float
        Of returns, below which two symbols are no pair.
    entry_deviation, exit_deviation, stop_deviation : float
        In standard deviations of the gap.
    maximum_pairs : int
        Each pair gets one part of equity in so many (or in half the number of symbols if smaller).

    References
    ----------
    .. [1] Gatev, E., Goetzmann, W., Rouwenhorst, K. G. (2006). Pairs trading: performance of a relative-value
       arbitrage rule. Review of Financial Studies 19(3).
    .. [2] Avellaneda, M., Lee, J.-H. (2010). Statistical arbitrage in the US equities market. Quantitative Finance
       10(7).
    """

    name: ClassVar[str] = "pairs"

    window: int = parameter(168, between=(3, 100_000), search=(72, 168, 336))
    formation_window: int = parameter(336, between=(3, 100_000))
    formation_every: int = parameter(168, between=(1, 100_000))
    minimum_correlation: float = parameter(0.5, between=(-1.0, 1.0))
    entry_deviation: float = parameter(2.0, between=(0.0, 10.0), search=(1.5, 2.0, 2.5))
    exit_deviation: float = parameter(0.0, between=(-10.0, 10.0))
    stop_deviation: float = parameter(4.0, between=(0.0, 100.0))
    maximum_pairs: int = parameter(4, between=(1, 1_000))

    def __post_init__(self) -> None:
        super().__post_init__()
        entry = ("entry_deviation", self.entry_deviation)
        check_thresholds(self.name, entry, ("exit_deviation", self.exit_deviation))
        check_thresholds(self.name, entry, ("stop_deviation", self.stop_deviation), above=False)

    @property
    def lookback(self) -> int:
        """Rows before a decision that its gap and the last choice of pairs read."""
        return max(self.window - 1, self.formation_window + self.formation_every - 1)

    @property
    def shorts(self) -> bool:
        """Always: of two symbols one is sold."""
        return True

    @property
    def books(self) -> int:
        """One for each pair: what is held in it tells which pair it is."""
        return self.maximum_pairs

    def target_weights(self, view: MarketView, initial_weights: FloatArray | None = None) -> FloatArray:
        """Weights of shape ``(len(view), symbols)``; ``initial_weights`` are those of the books, a row each."""
        return self.combined(self.book_weights(view, initial_weights))

    def book_weights(self, view: MarketView, initial_books: FloatArray | None = None) -> FloatArray:
        """Weights of each pair; see :meth:`Strategy.book_weights`."""
        held = starting_books(view, self.books, initial_books)
        _check_books(held)
        formation = (self.formation_window, self.formation_every, self.maximum_pairs, self.minimum_correlation)
        watched = _watched_pairs(view.panel, *formation)
        bounds = Bounds(self.entry_deviation, self.exit_deviation, self.stop_deviation, self.window)
        prices = np.ascontiguousarray(log_close(view.panel).T)
        weights: FloatArray = trade_gaps(prices, watched[view.warmup :], held, bounds)
        return weights


@kept
def _watched_pairs(panel: Panel, window: int, every: int, pairs: int, least: float) -> IntArray:
    """See :func:`closest_pairs`: of every row of the panel."""
    returns = np.ascontiguousarray(returns_over(panel, 1).T)
    return np.asarray(closest_pairs(returns, grid_places(panel) % every == 0, window, pairs, least))


def _check_books(held: FloatArray) -> None:
    longs, shorts = (held > 0.0).sum(axis=1), (held < 0.0).sum(axis=1)
    if not (((longs == 1) & (shorts == 1)) | ((longs == 0) & (shorts == 0))).all():
        raise StrategyError(
            f"Each book of 'pairs' holds one symbol long and one short, or nothing; found {held.tolist()}. "
            "Pass the last weights that book_weights returned."
        )
