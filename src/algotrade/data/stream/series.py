"""One series of a stream: what it waits for, when it asks for it, and when it goes on without."""

import logging
from collections import Counter

from algotrade.data.quality.faults import Fault
from algotrade.data.stream.closed_candle import ClosedCandle
from algotrade.data.stream.sequence import SeriesSequence
from algotrade.data.stream.settings import StreamSettings
from algotrade.domain.candles import from_milliseconds
from algotrade.domain.timeframe import Timeframe

_FIRST_PAUSE_SECONDS = 0.1

logger = logging.getLogger(__name__)


class LiveSeries:
    """The closed candles of one symbol, each once and in order, from the socket and from fetched answers.

    Parameters
    ----------
    symbol : str
    timeframe : Timeframe
    expected_ms : int
        Open time of the first candle to deliver.
    settings : StreamSettings
    """

    def __init__(self, symbol: str, timeframe: Timeframe, expected_ms: int, settings: StreamSettings) -> None:
        self.symbol = symbol
        self._timeframe = timeframe
        self._settings = settings
        self._sequence = SeriesSequence(expected_ms, timeframe.milliseconds)
        self._lacking: Counter[int] = Counter()
        self._fruitless = 0
        self._not_before = 0.0
        self._doubted = False

    @property
    def expected_ms(self) -> int:
        """Open time of the next candle to deliver."""
        return self._sequence.expected_ms

    @property
    def expected_close_ms(self) -> int:
        """When that candle closes."""
        return self._sequence.expected_close_ms

    def seconds_until_due(self, exchange_ms: float, now: float, patience_seconds: float) -> float:
        """How long until the next candle is to be fetched; 0 or less means now.

        Parameters
        ----------
        exchange_ms : float
            The exchange's time.
        now : float
            Of the monotonic clock, seconds.
        patience_seconds : float
            How long after its close the candle may take to come by itself.
        """
        at_once = self._doubted or self._sequence.has_gap
        overdue = 0.0 if at_once else (self.expected_close_ms - exchange_ms) / 1_000 + patience_seconds
        return max(overdue, self._not_before - now)

    def doubt(self) -> None:
        """Ask at once, whatever the clock says: candles may have been missed."""
        self._doubted, self._fruitless, self._not_before = True, 0, 0.0

    def heard(self, candle: ClosedCandle) -> list[ClosedCandle]:
        """Candles to deliver now that the socket has told of one; a faulty one is fetched instead."""
        if candle.fault is not Fault.NONE:
            logger.warning("%s %s: not taken, %s", self.symbol, self._shown(candle.open_time_ms), candle.fault.reason)
            return []
        return self._delivered(self._sequence.offer(candle))

    def answered(self, candles: list[ClosedCandle], now: float) -> list[ClosedCandle]:
        """Candles to deliver now that the exchange was asked for everything from the expected one on.

        A candle that several answers lack although they have a later one does not exist; one that is faulty in
        several answers is delivered with its fault.
        """
        self._doubted = False
        found = {candle.open_time_ms: candle for candle in candles}
        ready: list[ClosedCandle] = []
        self._note_what_lacks(found)
        for candle in found.values():
            if candle.fault is Fault.NONE:
                ready += self._sequence.offer(candle)
        while self._lacking[self.expected_ms] >= self._settings.confirmations:
            ready += self._without(found.get(self.expected_ms))
        self._pause(now)
        return self._delivered(ready)

    def _note_what_lacks(self, found: dict[int, ClosedCandle]) -> None:
        last = max((opened for opened, candle in found.items() if candle.fault is Fault.NONE), default=0)
        faulty = [opened for opened, candle in found.items() if candle.fault is not Fault.NONE]
        missing = range(self.expected_ms, last, self._timeframe.milliseconds)
        self._lacking.update({*faulty, *(opened for opened in missing if opened not in found)})

    def _without(self, faulty: ClosedCandle | None) -> list[ClosedCandle]:
        opened = self.expected_ms
        if faulty is not None:
            return self._sequence.offer(faulty)
        logger.warning(
            "%s %s: the exchange has no candle of %s; it was asked %d times and has later ones. Going on without.",
            self.symbol,
            self._timeframe,
            self._shown(opened),
            self._lacking[opened],
        )
        return self._sequence.skip(opened)

    def _delivered(self, ready: list[ClosedCandle]) -> list[ClosedCandle]:
        if ready:
            self._fruitless, self._not_before = 0, 0.0
            self._lacking = Counter({key: n for key, n in self._lacking.items() if key >= self.expected_ms})
        return ready

    def _pause(self, now: float) -> None:
        """Ask later and later while nothing comes of it; an answer with candles makes up for it."""
        self._not_before = now + min(_FIRST_PAUSE_SECONDS * 2**self._fruitless, self._settings.longest_pause_seconds)
        self._fruitless += 1

    def _shown(self, open_time_ms: int) -> str:
        return f"{from_milliseconds([open_time_ms])[0]:%Y-%m-%d %H:%M}"
