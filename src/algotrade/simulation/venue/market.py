"""Every instrument of the venue, made from a frame of candles."""

from collections.abc import Iterator, Mapping
from functools import cached_property

import pandas as pd

from algotrade.domain.candles import PRICE_COLUMNS, Candles, to_milliseconds
from algotrade.domain.resampling import candles_of
from algotrade.domain.symbol import unified_symbol
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import BadCandles, ConfigurationError
from algotrade.simulation.venue.instrument import TradedInstrument

# Binance's own; each is offered where the base candles can make it.
INTERVALS = ("1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w")


class VenueMarket(Mapping[str, TradedInstrument]):
    """The instruments by the exchange's names ("BTCUSDT").

    Parameters
    ----------
    candles : DataFrame
        Long candle frame of one exchange and one timeframe, gaps allowed.
    trades_per_candle : int
        How many aggregated trades a candle is made of at most.

    Raises
    ------
    ConfigurationError
        If the frame is empty, or holds several exchanges or timeframes.
    BadCandles
        If candles are there twice, off the grid, without a price, or with a high below the low.
    """

    def __init__(self, candles: pd.DataFrame, trades_per_candle: int) -> None:
        self.timeframe = Timeframe(_the_only(candles, "timeframe"))
        if "exchange" in candles:
            _the_only(candles, "exchange")
        self._instruments: dict[str, TradedInstrument] = {}
        for symbol, rows in candles.groupby("symbol", sort=True):
            arrays = candles_of(rows)
            _refuse_impossible(str(symbol), arrays, self.timeframe)
            instrument = TradedInstrument(unified_symbol(str(symbol)), arrays, self.timeframe, trades_per_candle)
            self._instruments[instrument.listing.id] = instrument

    def __getitem__(self, name: str) -> TradedInstrument:
        return self._instruments[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._instruments)

    def __len__(self) -> int:
        return len(self._instruments)

    @cached_property
    def intervals(self) -> Mapping[str, Timeframe]:
        """Lengths of the candles that the venue sends, by name."""
        some = next(iter(self._instruments.values()))
        return {name: Timeframe(name) for name in INTERVALS if some.offers(Timeframe(name))}


def end_of(candles: pd.DataFrame) -> int:
    """When the last candle of a frame closes, ms since the epoch."""
    return int(to_milliseconds(candles["open_time"]).max()) + Timeframe(_the_only(candles, "timeframe")).milliseconds


def _the_only(candles: pd.DataFrame, column: str) -> str:
    found: list[str] = sorted(candles[column].astype(str).unique()) if column in candles else []
    if len(found) != 1:
        raise ConfigurationError(
            f"venue: the candles have {len(found)} {column}s ({', '.join(found[:5]) or 'none'}); accepted is exactly "
            "one. Choose one of them, or name it in the column."
        )
    return found[0]


def _refuse_impossible(symbol: str, candles: Candles, timeframe: Timeframe) -> None:
    prices = [getattr(candles, name) for name in PRICE_COLUMNS]
    possible = all((price > 0).all() for price in prices) and (candles.volume >= 0).all()
    ordered = (candles.high >= candles.low).all() and (candles.open_time[1:] > candles.open_time[:-1]).all()
    if not possible or not ordered or timeframe.off_grid(candles.open_time).any():
        raise BadCandles(
            f"venue: {symbol} has candles that no market can have: twice, off the {timeframe} grid, without a price or "
            "volume, or with the high below the low. Serve candles that have been inspected."
        )
