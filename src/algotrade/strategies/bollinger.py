"""Bollinger bands: buy below the lower band, sell at the middle."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from algotrade.domain.candles import FloatArray
from algotrade.strategies.base import STRATEGIES, Strategy, starting_weights
from algotrade.strategies.history import price_moments
from algotrade.strategies.holding import Signals, hold_until_exit
from algotrade.strategies.parameters import parameter
from algotrade.strategies.thresholds import check_thresholds
from algotrade.strategies.view import MarketView


@STRATEGIES.register("bollinger")
@dataclass(frozen=True)
class Bollinger(Strategy):
    r"""Long from a close below the lower Bollinger band until the price is back at a place between the bands.

    .. math:: b_t = \frac{c_t - (\mu_t - k \sigma_t)}{2 k \sigma_t}

    with :math:`\mu, \sigma` of the closes of the window: 0 at the lower band, one half in the middle, 1 at the upper
    band. Where the bands are narrower than ``least_width_bps`` of the price nothing opens: a move across them would
    not pay for the round trip. The furthest below their band come first when equity is short.

    Parameters
    ----------
    window : int
        Candles of the bands, the current one included.
    deviations : float
        Standard deviations from the middle to a band.
    entry_place, exit_place : float
        Opens below the one, closes above the other; entry must not lie above exit.
    least_width_bps : float
        Distance from the middle to a band in basis points of the middle.
    maximum_positions : int
        Each position gets one part of equity in so many (or in the number of symbols if smaller).

    References
    ----------
    .. [1] Bollinger, J. (2001). Bollinger on Bollinger Bands. McGraw-Hill.
    """

    name: ClassVar[str] = "bollinger"

    window: int = parameter(48, between=(2, 100_000), search=(24, 48, 96))
    deviations: float = parameter(2.0, between=(0.1, 10.0), search=(2.0, 2.5, 3.0))
    entry_place: float = parameter(0.0, between=(-10.0, 10.0))
    exit_place: float = parameter(0.5, between=(-10.0, 10.0), search=(0.5, 1.0))
    least_width_bps: float = parameter(100.0, between=(0.0, 10_000.0))
    maximum_positions: int = parameter(8, between=(1, 10_000))

    def __post_init__(self) -> None:
        super().__post_init__()
        entry, leave = ("entry_place", self.entry_place), ("exit_place", self.exit_place)
        check_thresholds(self.name, entry, leave, above=False)

    @property
    def lookback(self) -> int:
        """Rows before a decision that its bands read."""
        return self.window - 1

    def target_weights(self, view: MarketView, initial_weights: FloatArray | None = None) -> FloatArray:
        """Weights of shape ``(len(view), symbols)`` in [0, 1]; see :meth:`Strategy.target_weights`."""
        middle, deviation = price_moments(view.panel, self.window)
        half_width = self.deviations * np.where(deviation > 0.0, deviation, np.nan)
        place = ((view.panel.close - middle + half_width) / (2.0 * half_width))[view.warmup :]
        wide = (half_width >= self.least_width_bps / 1e4 * middle)[view.warmup :]
        size = 1.0 / min(self.maximum_positions, len(view.panel.symbols))
        signals = Signals(
            enter=(place < self.entry_place) & wide,
            leave=place > self.exit_place,
            size=np.full(place.shape, size),
            priority=-place,
        )
        return hold_until_exit(signals, starting_weights(view, initial_weights))
