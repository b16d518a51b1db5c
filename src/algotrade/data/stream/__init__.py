"""Live candles: a stream that tells each closed candle once and in order, and what takes them."""

from algotrade.data.stream.closed_candle import ClosedCandle
from algotrade.data.stream.live import LiveCandles, LiveSummary
from algotrade.data.stream.rest import RestCandles
from algotrade.data.stream.settings import StreamSettings
from algotrade.data.stream.sinks import CandleSink, StoreSink
from algotrade.data.stream.stream import CandleStream

__all__ = [
    "CandleSink",
    "CandleStream",
    "ClosedCandle",
    "LiveCandles",
    "LiveSummary",
    "RestCandles",
    "StoreSink",
    "StreamSettings",
]
