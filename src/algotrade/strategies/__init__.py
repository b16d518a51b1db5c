"""Strategies: where to be, as target weights, from what was knowable at the close of each candle.

One file a strategy; dropping a file into this package is all it takes to add one.
"""

from algotrade.strategies.base import STRATEGIES, Strategy, build_strategy
from algotrade.strategies.view import MarketView

__all__ = ["STRATEGIES", "MarketView", "Strategy", "build_strategy"]
