"""Time-series momentum: own what has been rising, in inverse proportion to how much it moves."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from algotrade.domain.candles import FloatArray
from algotrade.errors import ConfigurationError
from algotrade.strategies.base import STRATEGIES, Strategy, starting_weights
from algotrade.strategies.holding import Signals, hold_until_exit
from algotrade.strategies.parameters import parameter
from algotrade.strategies.view import MarketView
from algotrade.strategies.windows import log_returns, window_mean_std


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

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.entry_score < self.exit_score:
            raise ConfigurationError(
                f"momentum: entry_score {self.entry_score:g} lies below exit_score {self.exit_score:g}; "
                "a position would close where it opens. Raise entry_score or lower exit_score."
            )

    @property
    def lookback(self) -> int:
        """Rows before a decision that its score reads."""
        return max(self.window, self.volatility_window)

    def target_weights(self, view: MarketView, initial_weights: FloatArray | None = None) -> FloatArray:
        """Weights of shape ``(len(view), symbols)`` in [0, 1]; see :meth:`Strategy.target_weights`."""
        close = view.panel.close
        _, volatility = window_mean_std(log_returns(close), self.volatility_window)
        volatility = np.where(volatility > 0.0, volatility, np.nan)[view.warmup :]
        score = log_returns(close, self.window)[view.warmup :] / (volatility * np.sqrt(self.window))
        scored = np.maximum(np.isfinite(score).sum(axis=1, keepdims=True), 1)
        annual_volatility = volatility * np.sqrt(view.panel.timeframe.candles_per_year)
        signals = Signals(
            enter=score > self.entry_score,
            leave=score < self.exit_score,
            size=np.minimum(1.0, self.target_volatility / annual_volatility) / scored,
            priority=score,
        )
        return hold_until_exit(signals, starting_weights(view, initial_weights))
