"""Cross-sectional momentum: own those that rose more than the others."""

from dataclasses import dataclass
from typing import ClassVar

import numba
import numpy as np

from algotrade.domain.candles import BoolArray, FloatArray
from algotrade.errors import ConfigurationError
from algotrade.strategies.base import STRATEGIES, Strategy, starting_weights
from algotrade.strategies.history import grid_places, returns_over
from algotrade.strategies.holding import NEGLIGIBLE_WEIGHT
from algotrade.strategies.parameters import parameter
from algotrade.strategies.view import MarketView


@STRATEGIES.register("cross_sectional_momentum")
@dataclass(frozen=True)
class CrossSectionalMomentum(Strategy):
    """Long in the symbols with the highest past return, as long as it is positive; chosen anew at fixed intervals.

    At each interval the best ``maximum_positions`` symbols are owned in equal parts. One that is already owned stays
    until it has fallen out of the best ``maximum_positions + tolerance``: ranks change places all the time, and each
    exchange costs a round trip. One that has lost ``minimum_return`` is not owned at all, where an account that may be
    short would sell the worst. In between, and where a symbol has no candle, weights stay.

    Parameters
    ----------
    window : int
        Candles of the past return.
    rebalance_every : int
        Candles between two choices, counted on the clock and not from the first candle.
    maximum_positions : int
        Each position gets one part of equity in so many (or in the number of symbols if smaller).
    tolerance : int
        Ranks beyond the best that a position may slip.
    minimum_return : float
        Log return over the window that a symbol must exceed.

    long_short : bool
        Whether as many of those that fell most are sold short, half of the equity on each side. Needs an account that
        may be short, and a ``minimum_return`` not below 0: nothing rises and falls at once.

    References
    ----------
    .. [1] Jegadeesh, N., Titman, S. (1993). Returns to buying winners and selling losers. Journal of Finance 48(1).
    .. [2] Antonacci, G. (2014). Dual Momentum Investing. McGraw-Hill.
    """

    name: ClassVar[str] = "cross_sectional_momentum"

    window: int = parameter(336, between=(1, 100_000), search=(72, 168, 336))
    rebalance_every: int = parameter(24, between=(1, 100_000))
    maximum_positions: int = parameter(3, between=(1, 10_000), search=(2, 3))
    tolerance: int = parameter(1, between=(0, 10_000))
    minimum_return: float = parameter(0.0, between=(-10.0, 10.0))
    long_short: bool = parameter(False)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.long_short and self.minimum_return < 0.0:
            raise ConfigurationError(
                f"cross_sectional_momentum: with long_short a minimum_return of {self.minimum_return:g} would buy and "
                "sell the same symbol. Raise minimum_return to 0 or more."
            )

    @property
    def lookback(self) -> int:
        """Rows before a decision that its return reads."""
        return self.window

    @property
    def shorts(self) -> bool:
        """Whether the worst symbols are sold."""
        return self.long_short

    def target_weights(self, view: MarketView, initial_weights: FloatArray | None = None) -> FloatArray:
        """Weights of shape ``(len(view), symbols)``, negative ones with ``long_short`` only; see the base class."""
        score = np.ascontiguousarray(returns_over(view.panel, self.window)[view.warmup :])
        present = np.ascontiguousarray(view.decided.present)
        due = grid_places(view.decided) % self.rebalance_every == 0
        held = starting_weights(view, initial_weights)
        if not self.long_short:
            return self._chosen((score, present, due), held, min(self.maximum_positions, len(held)))
        slots = min(self.maximum_positions, max(len(held) // 2, 1))
        best = self._chosen((score, present, due), 2.0 * np.maximum(held, 0.0), slots)
        worst = self._chosen((-score, present, due), 2.0 * np.maximum(-held, 0.0), slots)
        return 0.5 * (best - worst)

    def _chosen(self, rows: tuple[FloatArray, BoolArray, BoolArray], held: FloatArray, slots: int) -> FloatArray:
        """Weights of one side as of the whole equity, from its scores and where it has candles and is due."""
        return np.asarray(_choose(rows, held, slots, slots + self.tolerance, self.minimum_return))


@numba.njit(cache=True)
def _choose(
    rows: tuple[FloatArray, BoolArray, BoolArray], held: FloatArray, slots: int, kept_ranks: int, least: float
) -> FloatArray:
    score, present, due = rows
    weights, waiting = np.empty(score.shape), np.zeros(len(held), dtype=np.bool_)
    for row in range(len(score)):
        if due[row]:
            taken = 0
            for column in range(len(held)):
                own, better = score[row, column], 0
                for other in range(len(held)):
                    better += score[row, other] > own
                # A comparison with NaN is false: without a score nothing opens and nothing closes.
                if present[row, column] and (better >= kept_ranks or own <= least):
                    held[column] = 0.0
                waiting[column] = present[row, column] and own > least and held[column] == 0.0
                taken += held[column] != 0.0
            _fill(waiting, score[row], held, slots, taken)
        for column in range(len(held)):
            weights[row, column] = held[column]
    return weights


@numba.njit(cache=True)
def _fill(waiting: BoolArray, score: FloatArray, held: FloatArray, slots: int, taken: int) -> None:
    """Give the free slots to the best that wait, as long as free equity gives them half of their part."""
    free, part = 1.0, 1.0 / slots
    for column in range(len(held)):
        free -= held[column]
    # Positions opened under other parameters may be larger than a part.
    while taken < slots and free >= 0.5 * part:
        first = -1
        for column in range(len(held)):
            if waiting[column] and (first < 0 or score[column] > score[first]):
                first = column
        if first < 0:
            return
        waiting[first], held[first] = False, part if free > part - NEGLIGIBLE_WEIGHT else free
        free -= held[first]
        taken += 1
