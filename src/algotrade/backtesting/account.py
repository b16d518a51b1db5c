"""How a simulated account behaves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from algotrade.domain.candles import FloatArray
from algotrade.domain.instrument import Instrument
from algotrade.errors import ConfigurationError

Market = Literal["spot", "perpetual"]
Engine = Literal["kernel", "vectorbt"]


@dataclass(frozen=True)
class SimulationSettings:
    """How the simulated account behaves; by default a spot account that follows weights at the next open.

    Parameters
    ----------
    initial_cash : float
        In the quote currency.
    rebalance_band : float in [0, 1)
        A position is adjusted only when it is off its target by more than this fraction of the
        target. Opening and closing are never held back.
    market : "spot" or "perpetual"
        A spot account cannot be short or borrow. A perpetual one can, pays funding, and is liquidated
        when its equity falls to the maintenance margin of what it holds (cross margin).
    leverage : float
        Largest value of all positions as a multiple of equity at which positions are still opened, and
        the largest gross weight; 1 for spot.
    maintenance_margin : float in [0, 1)
        Fraction of the positions' value below which equity must not fall; perpetual accounts only.
    delay : int
        Candles between a decision and the open that it would otherwise be filled at.
    rebalance_every : int
        Candles from one decision to the next, counted from the first row; those between are not looked at.
    limit_offset_bps : float, optional
        Orders rest this much below (buys) or above (sells) the last close, good for one candle, instead of
        taking the open. Exits by a stop or a halt always take.
    stop_loss, take_profit, trailing_stop : float, optional
        Fractions of the entry price (of the best price since entry) at which a position is closed inside
        a candle. The symbol then stays flat until the strategy's own target has left that side.
    halt_drawdown : float in (0, 1], optional
        Drawdown at whose close the account sells everything at the next open and stops for good.
    derisk_drawdown : float, optional
        Drawdown from which targets shrink, in a line, to nothing at ``halt_drawdown``.
    delist_after : int, optional
        A held symbol that had no candle for so many rows is closed out at its last price; never by
        default: it keeps its last price.
    volatility_span : int
        Candles of the exponentially weighted volatility that slippage is counted in.
    funding_interval_hours : int
        Hours between settlements of funding, counted from midnight UTC.
    engine : "kernel" or "vectorbt"
        What simulates. vectorbt knows few of these rules and refuses the others.

    Raises
    ------
    ConfigurationError
        If a number is out of range, or rules contradict each other.
    """

    initial_cash: float = 100_000.0
    rebalance_band: float = 0.2
    market: Market = "spot"
    leverage: float = 1.0
    maintenance_margin: float = 0.01
    delay: int = 0
    rebalance_every: int = 1
    limit_offset_bps: float | None = None
    stop_loss: float | None = None
    take_profit: float | None = None
    trailing_stop: float | None = None
    halt_drawdown: float | None = None
    derisk_drawdown: float | None = None
    delist_after: int | None = None
    volatility_span: int = 48
    funding_interval_hours: int = 8
    engine: Engine = "kernel"

    def __post_init__(self) -> None:
        for name, (low, high, accepted) in _RANGES.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise ConfigurationError(f"{name} must be {accepted}; found {value!r}.")
        for name, known in _NAMES.items():
            if getattr(self, name) not in known:
                raise ConfigurationError(f"{name} must be one of {', '.join(known)}; found {getattr(self, name)!r}.")
        if self.market == "spot" and self.leverage != 1.0:
            raise ConfigurationError(
                f"A spot account has no leverage; found {self.leverage:g}. Use market: perpetual, or leverage: 1."
            )
        if self.market == "perpetual" and self.maintenance_margin * self.leverage >= 1.0:
            raise ConfigurationError(
                f"With a maintenance margin of {self.maintenance_margin:g} a leverage of {self.leverage:g} is "
                f"liquidated at once; it must stay below {1.0 / self.maintenance_margin:g}."
            )
        if self.derisk_drawdown is not None and not self.derisk_drawdown < (self.halt_drawdown or 0.0):
            raise ConfigurationError(
                f"derisk_drawdown {self.derisk_drawdown:g} needs a larger halt_drawdown at which nothing is left; "
                f"found {self.halt_drawdown!r}."
            )


_NAMES = {"market": ("spot", "perpetual"), "engine": ("kernel", "vectorbt")}
_TINY = np.nextafter(0.0, 1.0)
_RANGES: dict[str, tuple[float, float, str]] = {
    "initial_cash": (_TINY, 1e300, "a positive amount"),
    "rebalance_band": (0.0, np.nextafter(1.0, 0.0), "a fraction of the target weight from 0 to below 1"),
    "leverage": (1.0, 200.0, "a multiple of equity from 1 to 200"),
    "maintenance_margin": (0.0, np.nextafter(1.0, 0.0), "a fraction from 0 to below 1"),
    "delay": (0, 10_000, "a number of candles from 0"),
    "rebalance_every": (1, 1_000_000, "a number of candles from 1"),
    "limit_offset_bps": (0.0, 9_999.0, "a number of basis points from 0, or none"),
    "stop_loss": (_TINY, 1.0, "a fraction above 0 up to 1, or none"),
    "take_profit": (_TINY, 1e6, "a fraction above 0, or none"),
    "trailing_stop": (_TINY, 1.0, "a fraction above 0 up to 1, or none"),
    "halt_drawdown": (_TINY, 1.0, "a fraction above 0 up to 1, or none"),
    "derisk_drawdown": (0.0, 1.0, "a fraction from 0 to 1, or none"),
    "delist_after": (1, 1_000_000, "a number of candles from 1, or none"),
    "volatility_span": (1, 1_000_000, "a number of candles from 1"),
    "funding_interval_hours": (1, 24, "a number of hours from 1 to 24"),
}


@dataclass(frozen=True, eq=False)
class MarketData:
    """What is known about the instruments beside their candles.

    Parameters
    ----------
    instruments : mapping of str to Instrument
        By symbol; the others have no steps.
    funding : ndarray of shape (n, symbols), optional
        Sum of the funding rates that were settled within each candle, 0 where none was. By default it
        follows from the panel's last settled rates; see :func:`~algotrade.backtesting.market.settled_funding`.
    """

    instruments: Mapping[str, Instrument] = field(default_factory=dict)
    funding: FloatArray | None = None
