"""Public candles of any exchange that ccxt knows."""

from algotrade.data.exchange.gateway import ExchangeGateway, OnProgress

__all__ = ["ExchangeGateway", "OnProgress"]
