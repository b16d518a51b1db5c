"""The return over a fixed horizon, in units of how far prices usually move in that time."""

from dataclasses import dataclass, field
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field, PositiveInt
from pydantic.dataclasses import dataclass as settings_dataclass

from algotrade.domain.candles import Panel
from algotrade.models.configuration import STRICT
from algotrade.validation.labels.base import LABELS, Label, Outcomes
from algotrade.validation.labels.forward_return import held_to_horizon
from algotrade.validation.labels.volatility import causal_volatility, fewest_returns


@settings_dataclass(frozen=True, config=STRICT)
class VolatilityScaledSettings:
    """Settings of the volatility-scaled return.

    Attributes
    ----------
    horizon : int
        Candles.
    window : int
        Candles whose returns make the volatility.
    """

    horizon: PositiveInt = 8
    window: Annotated[int, Field(ge=2)] = 96


@LABELS.register("volatility_scaled")
@dataclass(frozen=True)
class VolatilityScaled(Label):
    r"""Forward return over the standard deviation of returns over the horizon, as known at the close of the row.

    .. math:: y_t = \frac{r_t}{\sigma_t \sqrt{h}}, \qquad r_t = \log \frac{open_{t+1+h}}{open_{t+1}},
        \qquad known\_at_t = \text{open time of row } t+1+h

    A regression then learns from calm and wild times, and from calm and wild symbols, alike; unit: standard
    deviations. The forward return that scores and strategies are about stays what it is, and so does its direction. A
    row without volatility (too few candles before it, or prices that never moved) has no label; see
    :func:`~algotrade.validation.labels.volatility.causal_volatility`.

    References
    ----------
    .. [1] Moskowitz, T., Ooi, Y. H., Pedersen, L. H. (2012). Time series momentum. J. Financial Economics 104(2).
    """

    settings: VolatilityScaledSettings = field(default_factory=VolatilityScaledSettings)

    name: ClassVar[str] = "volatility_scaled"
    settings_type: ClassVar[type[VolatilityScaledSettings]] = VolatilityScaledSettings

    @property
    def lookback(self) -> int:
        """The window of returns, and the close before it."""
        return self.settings.window + 1

    @property
    def warm_up(self) -> int:
        """Half of a window of returns."""
        return fewest_returns(self.settings.window)

    @property
    def formula(self) -> str:
        """What is forecast."""
        return (
            "log(open[t+1+horizon] / open[t+1]), learned in units of its standard deviation (volatility of the last "
            f"{self.settings.window} candles), known at the open of t+1+horizon"
        )

    def outcomes(self, panel: Panel) -> Outcomes:
        """The return of every row whose exit is there and whose volatility is known."""
        known_row, returns = held_to_horizon(panel, self.horizon)
        volatility = causal_volatility(np.asfortranarray(panel.close), self.settings.window)
        moving = volatility > 0
        scale = np.where(moving, volatility, np.nan) * np.sqrt(self.horizon)
        return Outcomes(np.where(moving, known_row, -1), np.where(moving, returns, np.nan), returns / scale)
