"""Panels that the feature tests share."""

from dataclasses import fields, replace

import numpy as np
import pytest

from algotrade.domain.candles import VALUE_COLUMNS, Panel
from algotrade.domain.timeframe import Timeframe
from algotrade.simulation.market import MarketSettings, simulate_market

SYMBOLS = ("BTC/USDT", "ETH/USDT", "SOL/USDT", "XRP/USDT")


@pytest.fixture(scope="session")
def panel() -> Panel:
    """Four symbols without gaps."""
    settings = MarketSettings(symbols=SYMBOLS, candles=1_300, seed=11)
    return Panel.from_frame(simulate_market(settings), Timeframe("1h"))


@pytest.fixture(scope="session")
def ragged(panel: Panel) -> Panel:
    """The same with a late listing, gaps and a source that does not tell taker volume; read-only."""
    blocks = {name: getattr(panel, name).copy() for name in VALUE_COLUMNS}
    for block in blocks.values():
        block[:450, 2] = np.nan
        block[700:721, 1] = np.nan
        block[[650, 900, 1100], 3] = np.nan
    blocks["taker_buy_volume"][:, 3] = np.nan
    blocks["quote_volume"][:, 3] = np.nan
    frozen = replace(panel, **blocks)
    for field in fields(frozen):
        value = getattr(frozen, field.name)
        if isinstance(value, np.ndarray):
            value.setflags(write=False)
    return frozen
