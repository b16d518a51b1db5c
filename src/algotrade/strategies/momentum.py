"""Time-series momentum: own what has been rising, in inverse proportion to how much it moves."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from algotrade.domain.candles import FloatArray
from algotrade.strategies.base import STRATEGIES, Strategy, starting_weights
from algotrade.strategies.history import returns_over, volatility
from algotrade.strategies.holding import Signals, hold_long_and_short, hold_until_exit
from algotrade.strategies.parameters import parameter
from algotrade.strategies.sizing import equal_shares, volatility_cap
from algotrade.strategies.thresholds import check_thresholds
from algotrade.strategies.view import MarketView


@STRATEGIES.register("momentum")
@dataclass(frozen=True)
class Momentum(Strategy):
    r"""Long while the trend, measured in its own noise, is up; sized to a volatility target.

    .. math:: s_t = \frac{\log(c_t / c_{t-w})}{\sigma_t \sqrt{w}}, \qquad
              w_t = \frac{1}{N_t} \min\left(1, \frac{\sigma^*}{\sigma_t \sqrt{m}}\right)

    with :math:`\sigma` the standard deviation of one-candle log returns, :math:`m` candles a year
    and :math:`N_t` the symbols with a defined score. A position opens when the score exceeds
    ``entry_score``, keeps its weight, and closes when the score falls below ``exit_score``.

    Parameters
    ----------
    window : int
        Candles of the trend.
    volatility_window : int
        Candles of the volatility.
    entry_score, exit_score : float
        In standard deviations of a driftless walk; entry must not lie below exit.
    target_volatility : float
        Annual volatility at which a symbol gets its full equal share.

    long_short : bool
        Whether the mirror image is traded, too: symbols that fall are sold short. Needs an account that may be short.

    References
    ----------
    .. [1] Moskowitz, T., Ooi, Y. H., Pedersen, L. H. (2012). Time series momentum. JFE 104(2).
    """

    name: ClassVar[str] = "momentum"

    window: int = parameter(168, between=(2, 100_000), search=(24, 72, 168, 336))
    volatility_window: int = parameter(168, between=(2, 100_000))
    entry_score: float = parameter(1.0, between=(-10.0, 10.0), search=(0.5, 1.0, 1.5))
    exit_score: float = parameter(0.0, between=(-10.0, 10.0))
    target_volatility: float = parameter(0.6, between=(0.01, 10.0))
    long_short: bool = parameter(False)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_thresholds(self.name, ("entry_score", self.entry_score), ("exit_score", self.exit_score))

    @property
    def lookback(self) -> int:
        """Rows before a decision that its score reads."""
        return max(self.window, self.volatility_window)

    @property
    def shorts(self) -> bool:
        """Whether falling symbols are sold."""
        return self.long_short

    def target_weights(self, view: MarketView, initial_weights: FloatArray | None = None) -> FloatArray:
        """Weights of shape ``(len(view), symbols)``, negative ones with ``long_short`` only; see the base class."""
        noise = volatility(view.panel, self.volatility_window) * np.sqrt(self.window)
        score = (returns_over(view.panel, self.window) / noise)[view.warmup :]
        cap = volatility_cap(view, self.volatility_window, self.target_volatility)
        size, held = cap * equal_shares(np.isfinite(score)), starting_weights(view, initial_weights)

        def following(trend: FloatArray) -> Signals:
            return Signals(trend > self.entry_score, trend < self.exit_score, size, trend)

        if self.long_short:
            return hold_long_and_short(following(score), following(-score), held)
        return hold_until_exit(following(score), held)
