"""The return over a fixed horizon."""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import pandas as pd
from pydantic import PositiveInt
from pydantic.dataclasses import dataclass as settings_dataclass

from algotrade.domain.candles import FloatArray, Panel
from algotrade.domain.timeframe import IntArray
from algotrade.models.configuration import STRICT
from algotrade.models.manifest import LABEL
from algotrade.validation.labels.base import LABELS, Label, Outcomes, build_label


@settings_dataclass(frozen=True, config=STRICT)
class ForwardReturnSettings:
    """Settings of the forward return.

    Attributes
    ----------
    horizon : int
        Candles.
    """

    horizon: PositiveInt = 8


@LABELS.register("forward_return")
@dataclass(frozen=True)
class ForwardReturn(Label):
    r"""Log return that a decision on each row earns, from the first fill to the fill ``horizon`` candles later.

    .. math:: r_t = \log \frac{open_{t+1+h}}{open_{t+1}}, \qquad known\_at_t = \text{open time of row } t+1+h

    A row has a label if it has a candle itself and both opens exist; candles missing in between do not matter. The last
    ``horizon + 1`` rows have none. Its sign is the direction that classifiers learn; unit: log return.

    References
    ----------
    .. [1] Campbell, J., Lo, A., MacKinlay, A. C. (1997). The econometrics of financial markets, section 1.4.
    """

    settings: ForwardReturnSettings = field(default_factory=ForwardReturnSettings)

    name: ClassVar[str] = "forward_return"
    settings_type: ClassVar[type[ForwardReturnSettings]] = ForwardReturnSettings

    @property
    def formula(self) -> str:
        """What is forecast."""
        return LABEL

    def outcomes(self, panel: Panel) -> Outcomes:
        """The return of every row whose exit is there."""
        known_row, returns = held_to_horizon(panel, self.horizon)
        return Outcomes(known_row, returns, returns)


def held_to_horizon(panel: Panel, horizon: int) -> tuple[IntArray, FloatArray]:
    """Row of the exit and log return of positions held for the whole horizon, shape ``(n, symbols)`` each."""
    rows = len(panel)
    opened = panel.present.copy()
    opened[:-1] &= np.isfinite(panel.open[1:])
    opened[-1:] = False
    exits = np.arange(rows, dtype=np.int64)[:, None] + 1 + horizon
    returns = np.full(panel.open.shape, np.nan)
    last = max(rows - 1 - horizon, 0)
    returns[:last] = np.log(panel.open[1 + horizon :] / panel.open[1 : last + 1])
    returns[~opened] = np.nan
    return np.where(opened, exits, -1), returns


def forward_returns(panel: Panel, horizon: int) -> pd.DataFrame:
    """Labels of the kind ``forward_return``.

    Raises
    ------
    ConfigurationError
        If the horizon is shorter than one candle.
    TooFewCandles
        If the history is too short for a single label.
    """
    return build_label({"kind": ForwardReturn.name, "horizon": horizon}).of(panel)
