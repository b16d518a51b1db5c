"""Moving-average cross: own what trades above its own past, smoothed twice."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from algotrade.domain.candles import FloatArray
from algotrade.errors import ConfigurationError
from algotrade.strategies.base import STRATEGIES, Strategy, starting_weights
from algotrade.strategies.history import mean_price
from algotrade.strategies.holding import Signals, hold_long_and_short, hold_until_exit
from algotrade.strategies.parameters import parameter
from algotrade.strategies.sizing import equal_shares, volatility_cap
from algotrade.strategies.view import MarketView


@STRATEGIES.register("moving_average_cross")
@dataclass(frozen=True)
class MovingAverageCross(Strategy):
    r"""Long while the fast moving average of the close lies above the slow one; sized to a volatility target.

    .. math:: x_t = \frac{\operatorname{mean}_f(c)}{\operatorname{mean}_s(c)} - 1

    A position opens when :math:`x_t` exceeds ``band_bps``, keeps its weight, and closes when :math:`x_t` falls below
    0. Each symbol gets an equal share, less where it is more volatile than the target.

    Parameters
    ----------
    fast, slow : int
        Candles of the averages, the current one included.
    band_bps : float
        Distance in basis points that has to be between them before a position opens: averages that lie on each other
        cross many times, and each time costs.
    volatility_window : int
        Candles of the volatility.
    target_volatility : float
        Annual volatility at which a symbol gets its full equal share.

    long_short : bool
        Whether the mirror image is traded, too: short where the fast average lies below the slow one. Needs an account
        that may be short.

    References
    ----------
    .. [1] Brock, W., Lakonishok, J., LeBaron, B. (1992). Simple technical trading rules and the stochastic
       properties of stock returns. Journal of Finance 47(5).
    """

    name: ClassVar[str] = "moving_average_cross"

    fast: int = parameter(24, between=(1, 100_000), search=(12, 24, 48))
    slow: int = parameter(168, between=(2, 100_000), search=(96, 168, 336))
    band_bps: float = parameter(50.0, between=(0.0, 10_000.0))
    volatility_window: int = parameter(168, between=(2, 100_000))
    target_volatility: float = parameter(0.6, between=(0.01, 10.0))
    long_short: bool = parameter(False)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.fast >= self.slow:
            raise ConfigurationError(
                f"moving_average_cross: fast {self.fast} is not below slow {self.slow}, so there is nothing to cross. "
                "Lower fast or raise slow."
            )

    @property
    def lookback(self) -> int:
        """Rows before a decision that its averages and the volatility read."""
        return max(self.slow - 1, self.volatility_window)

    @property
    def shorts(self) -> bool:
        """Whether falling symbols are sold."""
        return self.long_short

    def target_weights(self, view: MarketView, initial_weights: FloatArray | None = None) -> FloatArray:
        """Weights of shape ``(len(view), symbols)``, negative ones with ``long_short`` only; see the base class."""
        fast, slow = mean_price(view.panel, self.fast), mean_price(view.panel, self.slow)
        distance = (fast / slow - 1.0)[view.warmup :]
        distance = np.where(view.decided.present, distance, np.nan)
        cap = volatility_cap(view, self.volatility_window, self.target_volatility)
        size, held = cap * equal_shares(np.isfinite(distance)), starting_weights(view, initial_weights)

        def following(trend: FloatArray) -> Signals:
            return Signals(trend > self.band_bps / 1e4, trend < 0.0, size, trend)

        if self.long_short:
            return hold_long_and_short(following(distance), following(-distance), held)
        return hold_until_exit(following(distance), held)
