"""Where the money was made, and what took of it."""

from algotrade.backtesting.attribution.market import known_regimes, market_equity, market_returns
from algotrade.backtesting.attribution.profits import CellProfits, cell_profits
from algotrade.backtesting.attribution.shortfall import implementation_shortfall
from algotrade.backtesting.attribution.table import attribute

__all__ = [
    "CellProfits",
    "attribute",
    "cell_profits",
    "implementation_shortfall",
    "known_regimes",
    "market_equity",
    "market_returns",
]
