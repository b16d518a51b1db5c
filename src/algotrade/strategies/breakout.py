"""Breakout: follow a price that leaves the range it has been in."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from algotrade.domain.candles import FloatArray
from algotrade.strategies.base import STRATEGIES, Strategy, starting_weights
from algotrade.strategies.history import highest_high, lowest_low
from algotrade.strategies.holding import Signals, hold_long_and_short, hold_until_exit
from algotrade.strategies.parameters import parameter
from algotrade.strategies.sizing import equal_shares, volatility_cap
from algotrade.strategies.view import MarketView


@STRATEGIES.register("breakout")
@dataclass(frozen=True)
class Breakout(Strategy):
    """Long from a close above the highest high of its Donchian channel to one below the lowest low of a shorter one.

    Both channels end with the candle before the deciding one. Each symbol gets an equal share, less where it is more
    volatile than the target; where equity is short, the widest breakouts come first.

    Parameters
    ----------
    entry_window, exit_window : int
        Candles of the channels.
    volatility_window : int
        Candles of the volatility.
    target_volatility : float
        Annual volatility at which a symbol gets its full equal share.

    long_short : bool
        Whether the mirror image is traded, too: short from a close below the lowest low of the one channel to one
        above the highest high of the other. Needs an account that may be short.

    References
    ----------
    .. [1] Donchian, R. (1960). High finance in copper. Financial Analysts Journal 16(6).
    .. [2] Faith, C. (2007). Way of the Turtle. McGraw-Hill.
    """

    name: ClassVar[str] = "breakout"

    entry_window: int = parameter(168, between=(2, 100_000), search=(48, 168, 336))
    exit_window: int = parameter(84, between=(2, 100_000), search=(24, 84))
    volatility_window: int = parameter(168, between=(2, 100_000))
    target_volatility: float = parameter(0.6, between=(0.01, 10.0))
    long_short: bool = parameter(False)

    @property
    def lookback(self) -> int:
        """Rows before a decision that its channels and the volatility read."""
        return max(self.entry_window, self.exit_window, self.volatility_window)

    @property
    def shorts(self) -> bool:
        """Whether falling symbols are sold."""
        return self.long_short

    def target_weights(self, view: MarketView, initial_weights: FloatArray | None = None) -> FloatArray:
        """Weights of shape ``(len(view), symbols)``, negative ones with ``long_short`` only; see the base class."""
        panel, close, held = view.panel, view.decided.close, starting_weights(view, initial_weights)
        top = _row_before(highest_high(panel, self.entry_window))[view.warmup :]
        floor = _row_before(lowest_low(panel, self.exit_window))[view.warmup :]
        cap = volatility_cap(view, self.volatility_window, self.target_volatility)
        size = cap * equal_shares(np.isfinite(top))
        rising = Signals(enter=close > top, leave=close < floor, size=size, priority=close / top)
        if not self.long_short:
            return hold_until_exit(rising, held)
        bottom = _row_before(lowest_low(panel, self.entry_window))[view.warmup :]
        ceiling = _row_before(highest_high(panel, self.exit_window))[view.warmup :]
        falling = Signals(enter=close < bottom, leave=close > ceiling, size=size, priority=bottom / close)
        return hold_long_and_short(rising, falling, held)


def _row_before(values: FloatArray) -> FloatArray:
    before = np.full_like(values, np.nan)
    before[1:] = values[:-1]
    return before
