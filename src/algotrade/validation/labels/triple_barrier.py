"""The return until a profit is taken, a loss is stopped or time is up."""

from dataclasses import dataclass, field
from typing import Annotated, ClassVar

import numba
import numpy as np
from pydantic import Field, PositiveFloat, PositiveInt
from pydantic.dataclasses import dataclass as settings_dataclass

from algotrade.domain.candles import FloatArray, Panel
from algotrade.domain.timeframe import IntArray
from algotrade.models.configuration import STRICT
from algotrade.validation.labels.base import LABELS, Label, Outcomes
from algotrade.validation.labels.volatility import causal_volatility, fewest_returns


@settings_dataclass(frozen=True, config=STRICT)
class TripleBarrierSettings:
    """Settings of the triple barrier.

    Attributes
    ----------
    horizon : int
        Candles after which a position is closed that touched no barrier.
    profit, loss : float, optional
        Distance of the upper and lower barrier from the entry, in standard deviations of the log return over the
        horizon; null takes that barrier away.
    window : int
        Candles whose returns make the volatility.
    """

    horizon: PositiveInt = 8
    profit: PositiveFloat | None = 1.0
    loss: PositiveFloat | None = 1.0
    window: Annotated[int, Field(ge=2)] = 96


@LABELS.register("triple_barrier")
@dataclass(frozen=True)
class TripleBarrier(Label):
    r"""Log return from the first fill to the first barrier touched: a profit, a loss, or the end of the horizon.

    .. math:: r_t = \log \frac{exit_t}{open_{t+1}}, \qquad
        upper_t = open_{t+1} e^{p\,\sigma_t \sqrt h}, \quad lower_t = open_{t+1} e^{-l\,\sigma_t \sqrt h}

    Row *t* + 1 to *t* + *h* are watched. The exit is the open of the first one that opens beyond a barrier, known at
    that open; or the barrier that its low or high touches, known at its close, and the lower one if both are touched:
    which came first is not in a candle, so the loss is taken. Without a touch it is the open of row *t* + 1 + *h*,
    known then. A missing candle cannot be watched: the position stays, and the next candle counts with its open
    first, as when an exchange was down. Where the open of *t* + 1 or, without a touch, that of *t* + 1 + *h* is
    missing, there is no label, and none in a row without volatility; see
    :func:`~algotrade.validation.labels.volatility.causal_volatility`. Unit: log return.

    Near the end of a history only positions that were closed early have labels; purging by ``known_at`` makes the
    same choice in training as time makes for whoever trains live.

    References
    ----------
    .. [1] López de Prado, M. (2018). Advances in financial machine learning, section 3.4.
    """

    settings: TripleBarrierSettings = field(default_factory=TripleBarrierSettings)

    name: ClassVar[str] = "triple_barrier"
    settings_type: ClassVar[type[TripleBarrierSettings]] = TripleBarrierSettings

    @property
    def lookback(self) -> int:
        """The window of returns, and the close before it."""
        return self.settings.window + 1

    @property
    def warm_up(self) -> int:
        """Half of a window of returns."""
        return fewest_returns(self.settings.window)

    @property
    def fewest_candles(self) -> int:
        """A barrier may be touched in the very next candle."""
        return self.warm_up + 2

    @property
    def formula(self) -> str:
        """What is forecast."""
        own = self.settings
        barriers = [f"+{own.profit:g}"] if own.profit else []
        barriers += [f"-{own.loss:g}"] if own.loss else []
        return (
            f"log(exit / open[t+1]), the exit at {' or '.join(barriers) or 'no'} standard deviations (volatility of "
            f"the last {own.window} candles) or the open of t+1+horizon, known at the exit"
        )

    def outcomes(self, panel: Panel) -> Outcomes:
        """The return of every row whose exit is there."""
        own = self.settings
        width = causal_volatility(np.asfortranarray(panel.close), own.window) * np.sqrt(self.horizon)
        # A width of zero is no barrier: times infinity it is none, either.
        with np.errstate(invalid="ignore"):
            upper = width * (np.inf if own.profit is None else own.profit)
            lower = width * (np.inf if own.loss is None else own.loss)
        opens, low, high = (np.asfortranarray(block) for block in (panel.open, panel.low, panel.high))
        known_row, returns = _first_touch(opens, (low, high), (lower, upper), self.horizon)
        return Outcomes(known_row, returns, returns)


@numba.njit(cache=True)
def _first_touch(
    opens: FloatArray, ranges: tuple[FloatArray, FloatArray], widths: tuple[FloatArray, FloatArray], horizon: int
) -> tuple[IntArray, FloatArray]:
    """Row at whose open each position was closed, -1 where none was opened, and its log return."""
    rows, columns = opens.shape
    (lows, highs), (lower, upper) = ranges, widths
    known_row = np.full((rows, columns), -1, dtype=np.int64)
    returns = np.full((rows, columns), np.nan)
    for column in range(columns):
        for row in range(rows - 1):
            entry = opens[row + 1, column]
            # Wide barriers may be infinitely far; a width of zero or NaN is no barrier to trade with.
            if np.isnan(entry) or not (lower[row, column] > 0 and upper[row, column] > 0):
                continue
            floor, ceiling = entry * np.exp(-lower[row, column]), entry * np.exp(upper[row, column])
            known, leave = row + 1 + horizon, np.nan
            for later in range(row + 1, min(row + 1 + horizon, rows)):
                at_open = opens[later, column]
                if later > row + 1 and (at_open <= floor or at_open >= ceiling):
                    known, leave = later, at_open
                    break
                if lows[later, column] <= floor or highs[later, column] >= ceiling:
                    known, leave = later + 1, floor if lows[later, column] <= floor else ceiling
                    break
            if np.isnan(leave) and known < rows:
                leave = opens[known, column]
            known_row[row, column] = known
            returns[row, column] = np.log(leave / entry)
    return known_row, returns
