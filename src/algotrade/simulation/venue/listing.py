"""What the venue says about an instrument: its names, its tick and its lot."""

from dataclasses import dataclass
from math import floor, log10

import numpy as np
import pandas as pd

from algotrade.domain.candles import PRICE_COLUMNS, Candles, FloatArray
from algotrade.errors import ConfigurationError

DECIMALS = 8
"""Digits after the point of every number on the wire, and the finest that the venue knows."""
UNIT = 10**DECIMALS
ENOUGH_TRADES = 9
"""So many trades can tell any candle, whatever its shape."""


@dataclass(frozen=True)
class Listing:
    """A listed instrument.

    Attributes
    ----------
    symbol : str
        ``BASE/QUOTE``.
    price_decimals, quantity_decimals : int
        Digits after the point that prices and quantities may have; the tick and the lot.
    notional_decimals : int
        Digits after the point of prices times quantities.

    >>> listing = Listing("BTC/USDT", price_decimals=2, quantity_decimals=5, notional_decimals=7)
    >>> listing.id, listing.tick, listing.lot
    ('BTCUSDT', 1000000, 1000)
    """

    symbol: str
    price_decimals: int
    quantity_decimals: int
    notional_decimals: int

    def __post_init__(self) -> None:
        if self.symbol.count("/") != 1 or ":" in self.symbol:
            raise ConfigurationError(f"venue: {self.symbol!r} is no spot symbol; accepted is one like BTC/USDT.")

    @property
    def base(self) -> str:
        """What is traded."""
        return self.symbol.split("/")[0]

    @property
    def quote(self) -> str:
        """What it is paid with."""
        return self.symbol.split("/")[1]

    @property
    def id(self) -> str:
        """The exchange's name for it."""
        return self.base + self.quote

    @property
    def tick(self) -> int:
        """Smallest step of a price, in units of 1e-8."""
        return int(10 ** (DECIMALS - self.price_decimals))

    @property
    def lot(self) -> int:
        """Smallest step of a quantity, in units of 1e-8."""
        return int(10 ** (DECIMALS - self.quantity_decimals))


def printed(units: int) -> str:
    """Number on the wire of a whole number of 1e-8.

    >>> printed(150_000_000)
    '1.50000000'
    """
    whole, rest = divmod(units, UNIT)
    return f"{whole}.{rest:08d}"


def units(number: float) -> int:
    """Whole number of 1e-8 that is printed for a number.

    >>> units(0.1 + 0.2)
    30000000
    """
    return int(f"{number:.{DECIMALS}f}".replace(".", ""))


def listing_of(symbol: str, candles: Candles) -> Listing:
    """Listing with the coarsest tick and lot on which all the candles lie."""
    prices = _decimals_in_use(*(getattr(candles, name) for name in PRICE_COLUMNS))
    quantities = _decimals_in_use(candles.volume, candles.taker_buy_volume)
    given = np.isfinite(candles.quote_volume).any()
    return Listing(
        symbol,
        prices,
        quantities,
        _decimals_in_use(candles.quote_volume) if given else min(DECIMALS, prices + quantities),
    )


def on_exchange_grid(candles: pd.DataFrame) -> pd.DataFrame:
    """The candles as an exchange would have them: prices on a tick, volumes on a lot, more than a few trades.

    The tick has five to seven significant digits, a lot is worth about one of the quote currency. Where
    rounding would put the average price outside the candle, the quote volume gives way.
    """
    return pd.concat([_on_grid(rows) for _, rows in candles.groupby("symbol", sort=False)], ignore_index=True)


def _on_grid(rows: pd.DataFrame) -> pd.DataFrame:
    magnitude = floor(log10(float(rows["close"].median())))
    price_decimals = min(max(4 - magnitude, 2), DECIMALS)
    quantity_decimals = min(max(magnitude + 1, 0), DECIMALS - price_decimals)
    tick, lot = 10.0**-price_decimals, 10.0**-quantity_decimals
    prices = {name: rows[name].round(price_decimals).clip(lower=tick) for name in PRICE_COLUMNS}
    volume = rows["volume"].round(quantity_decimals).clip(lower=lot)
    quote = rows["quote_volume"].clip(volume * prices["low"], volume * prices["high"])
    taker = rows["taker_buy_volume"].round(quantity_decimals).clip(upper=volume)
    decimals = price_decimals + quantity_decimals
    trades = rows["trades"].clip(lower=ENOUGH_TRADES)
    return rows.assign(
        **prices, volume=volume, quote_volume=quote.round(decimals), trades=trades, taker_buy_volume=taker
    )


def _decimals_in_use(*numbers: FloatArray) -> int:
    known = np.concatenate(numbers)
    rounded = np.round(known[np.isfinite(known)], DECIMALS)
    coarser = (places for places in range(DECIMALS) if np.array_equal(np.round(rounded, places), rounded))
    return next(coarser, DECIMALS)
