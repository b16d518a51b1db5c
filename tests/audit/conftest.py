"""Candles to probe on."""

import pytest

from algotrade.domain.candles import Panel
from algotrade.domain.timeframe import Timeframe
from algotrade.simulation.market import MarketSettings, simulate_market

SYMBOLS = ("BTC/USDT", "ETH/USDT", "SOL/USDT", "XRP/USDT")


def market(candles: int, symbols: tuple[str, ...] = SYMBOLS, seed: int = 11) -> Panel:
    settings = MarketSettings(symbols=symbols, candles=candles, seed=seed, signal=0.2)
    return Panel.from_frame(simulate_market(settings), Timeframe("1h"))


@pytest.fixture(scope="session")
def panel() -> Panel:
    """Four symbols, 700 hours, nothing missing."""
    return market(700)


@pytest.fixture(scope="session")
def long_panel() -> Panel:
    """Long enough for the neediest feature of the registry, with a perpetual beside its spot market."""
    return market(1_500, ("BTC/USDT", "BTC/USDT:USDT", "ETH/USDT", "SOL/USDT"))
