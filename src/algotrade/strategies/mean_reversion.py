"""Mean reversion: buy what has fallen unusually far below its recent mean, and wait."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from algotrade.domain.candles import FloatArray
from algotrade.strategies.base import STRATEGIES, Strategy, starting_weights
from algotrade.strategies.history import log_close, log_price_moments
from algotrade.strategies.holding import Signals, hold_until_exit
from algotrade.strategies.parameters import parameter
from algotrade.strategies.thresholds import check_thresholds
from algotrade.strategies.view import MarketView


@STRATEGIES.register("mean_reversion")
@dataclass(frozen=True)
class MeanReversion(Strategy):
    r"""Long from a deep dip of the price below its rolling mean until it has come back.

    .. math:: z_t = \frac{\log c_t - \operatorname{mean}_w(\log c)}{\operatorname{std}_w(\log c)}

    A position opens when :math:`z_t < -` ``entry_deviation`` and closes when :math:`z_t > -`
    ``exit_deviation``; in between it stays as it is. The deepest dips come first when there are
    more of them than positions.

    Parameters
    ----------
    window : int
        Candles of the rolling mean and deviation, the current one included.
    entry_deviation, exit_deviation : float
        Standard deviations below the mean; entry must not be the shallower one.
    maximum_positions : int
        Each position gets one part of equity in so many (or in the number of symbols if smaller).

    References
    ----------
    .. [1] Poterba, J., Summers, L. (1988). Mean reversion in stock prices. JFE 22(1).
    """

    name: ClassVar[str] = "mean_reversion"

    window: int = parameter(72, between=(2, 100_000), search=(24, 72, 168))
    entry_deviation: float = parameter(2.0, between=(-10.0, 10.0), search=(1.5, 2.0, 2.5, 3.0))
    exit_deviation: float = parameter(0.5, between=(-10.0, 10.0))
    maximum_positions: int = parameter(8, between=(1, 10_000))

    def __post_init__(self) -> None:
        super().__post_init__()
        entry, leave = ("entry_deviation", self.entry_deviation), ("exit_deviation", self.exit_deviation)
        check_thresholds(self.name, entry, leave)

    @property
    def lookback(self) -> int:
        """Rows before a decision that its deviation reads."""
        return self.window - 1

    def target_weights(self, view: MarketView, initial_weights: FloatArray | None = None) -> FloatArray:
        """Weights of shape ``(len(view), symbols)`` in [0, 1]; see :meth:`Strategy.target_weights`."""
        mean, deviation = log_price_moments(view.panel, self.window)
        depth = ((mean - log_close(view.panel)) / np.where(deviation > 0.0, deviation, np.nan))[view.warmup :]
        size = 1.0 / min(self.maximum_positions, len(view.panel.symbols))
        signals = Signals(
            enter=depth > self.entry_deviation,
            leave=depth < self.exit_deviation,
            size=np.full(depth.shape, size),
            priority=depth,
        )
        return hold_until_exit(signals, starting_weights(view, initial_weights))
