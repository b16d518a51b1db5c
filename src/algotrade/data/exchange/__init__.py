"""Public candles of any exchange that ccxt knows."""

from algotrade.data.exchange.gateway import ExchangeGateway, OnProgress
from algotrade.data.exchange.patience import Patience

__all__ = ["ExchangeGateway", "OnProgress", "Patience"]
