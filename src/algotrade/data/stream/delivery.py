"""Candles on their way to one sink: kept until the sink has taken them."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

from algotrade.data.quality.faults import Fault
from algotrade.data.stream.background import in_background
from algotrade.data.stream.closed_candle import ClosedCandle, frame_of
from algotrade.data.stream.settings import StreamSettings
from algotrade.data.stream.sinks import CandleSink
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import StoreError

_FIRST_PAUSE_SECONDS = 0.25
_MOST_AT_ONCE = 20_000
_SAY_AGAIN_AFTER = 10

logger = logging.getLogger(__name__)

OnTaken = Callable[[str, Sequence[ClosedCandle]], None]
"""Told the name of a sink and the candles that it has taken."""
OnFailure = Callable[[str], None]
"""Told the name of a sink that could not take candles."""


class Delivery:
    """The outbox of one sink; a sink that fails is asked again until it takes what it is given, in order.

    Parameters
    ----------
    sink : CandleSink
    exchange : str
        Name under which the candles are filed.
    timeframe : Timeframe
    settings : StreamSettings
    on_taken, on_failure : callable
    """

    def __init__(
        self,
        sink: CandleSink,
        exchange: str,
        timeframe: Timeframe,
        settings: StreamSettings,
        *,
        on_taken: OnTaken,
        on_failure: OnFailure,
    ) -> None:
        self.name = sink.name
        self._sink = sink
        self._exchange = exchange
        self._timeframe = timeframe
        self._settings = settings
        self._on_taken = on_taken
        self._on_failure = on_failure
        self._outbox: deque[ClosedCandle] = deque()
        self._arrived = asyncio.Event()
        self._changed = asyncio.Event()

    def __len__(self) -> int:
        return len(self._outbox)

    async def put(self, candle: ClosedCandle) -> None:
        """Take charge of a candle; waits while the outbox is full."""
        while len(self._outbox) >= self._settings.most_waiting:
            self._changed.clear()
            await self._changed.wait()
        self._outbox.append(candle)
        self._arrived.set()

    async def run(self) -> None:
        """Hand over whatever arrives, until cancelled; a hand-over that has begun is not cut short."""
        while True:
            await self._arrived.wait()
            # Candles of several symbols close together: they are one transaction.
            await asyncio.sleep(self._settings.linger_seconds)
            self._arrived.clear()
            while self._outbox:
                await self._hand_over([self._outbox[k] for k in range(min(len(self._outbox), _MOST_AT_ONCE))])

    async def emptied(self) -> None:
        """Return when the sink has taken everything."""
        while self._outbox:
            self._changed.clear()
            await self._changed.wait()

    async def _hand_over(self, batch: Sequence[ClosedCandle]) -> None:
        attempt, pause = 0, _FIRST_PAUSE_SECONDS
        while (error := await asyncio.shield(asyncio.create_task(self._taken(batch)))) is not None:
            self._on_failure(self.name)
            if attempt % _SAY_AGAIN_AFTER == 0:
                logger.warning(
                    "%s takes no candles, %d wait and nothing is lost: %s Trying again.", self.name, len(self), error
                )
            attempt += 1
            await asyncio.sleep(pause)
            pause = min(2 * pause, self._settings.longest_pause_seconds)
        if attempt:
            logger.info("%s takes candles again; %d had waited for it.", self.name, len(self) + len(batch))

    async def _taken(self, batch: Sequence[ClosedCandle]) -> StoreError | None:
        """None once the sink has taken a batch, which then leaves the outbox; else why it has not."""
        try:
            await in_background(partial(self._write, batch))
        except StoreError as error:
            return error
        for _ in batch:
            self._outbox.popleft()
        self._changed.set()
        self._on_taken(self.name, batch)
        return None

    def _write(self, batch: Sequence[ClosedCandle]) -> None:
        good = [candle for candle in batch if candle.fault is Fault.NONE]
        faulty = [candle for candle in batch if candle.fault is not Fault.NONE]
        if good:
            self._sink.write(frame_of(good, self._exchange, self._timeframe))
        if faulty:
            rows = frame_of(faulty, self._exchange, self._timeframe)
            self._sink.reject(rows.assign(reason=[candle.fault.reason for candle in faulty]))
