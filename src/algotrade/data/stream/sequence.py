"""The rule by which a series leaves the stream: each closed candle once, in order."""

from algotrade.data.stream.closed_candle import ClosedCandle

_MOST_WAITING = 5_000


class SeriesSequence:
    """Puts the candles of one series in order, however often and in whatever order they arrive.

    Parameters
    ----------
    expected_ms : int
        Open time of the first candle to deliver.
    step_ms : int
        Length of a candle.

    Examples
    --------
    >>> from functools import partial
    >>> candle = partial(ClosedCandle, "BTC/USDT", numbers=(), origin="stream")
    >>> sequence = SeriesSequence(expected_ms=60, step_ms=60)
    >>> [each.open_time_ms for each in sequence.offer(candle(120))]
    []
    >>> [each.open_time_ms for each in sequence.offer(candle(60))]
    [60, 120]
    >>> sequence.offer(candle(60))
    []
    """

    def __init__(self, expected_ms: int, step_ms: int) -> None:
        self._expected_ms = expected_ms
        self._step_ms = step_ms
        self._waiting: dict[int, ClosedCandle] = {}

    @property
    def expected_ms(self) -> int:
        """Open time of the next candle to deliver."""
        return self._expected_ms

    @property
    def expected_close_ms(self) -> int:
        """When that candle closes."""
        return self._expected_ms + self._step_ms

    @property
    def has_gap(self) -> bool:
        """Whether a later candle is here already."""
        return bool(self._waiting)

    def offer(self, candle: ClosedCandle) -> list[ClosedCandle]:
        """Candles that can be delivered now that this one is here; none for one that was here before."""
        opened = candle.open_time_ms
        new = opened >= self._expected_ms and opened not in self._waiting
        # What does not fit is asked for again when its turn comes.
        if new and (opened == self._expected_ms or len(self._waiting) < _MOST_WAITING):
            self._waiting[opened] = candle
        return self._ready()

    def skip(self, open_time_ms: int) -> list[ClosedCandle]:
        """Go on without the next candle, if that is the one: the exchange does not have it."""
        if open_time_ms == self._expected_ms:
            self._expected_ms += self._step_ms
        return self._ready()

    def _ready(self) -> list[ClosedCandle]:
        ready = []
        while self._expected_ms in self._waiting:
            ready.append(self._waiting.pop(self._expected_ms))
            self._expected_ms += self._step_ms
        return ready
