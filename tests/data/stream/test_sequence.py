"""Whatever order candles arrive in, each leaves once and in order."""

from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from algotrade.data.stream.closed_candle import ClosedCandle
from algotrade.data.stream.sequence import SeriesSequence

candle = partial(ClosedCandle, "BTC/USDT", numbers=(), origin="stream")


def opened(candles: list[ClosedCandle]) -> list[int]:
    return [each.open_time_ms for each in candles]


@given(st.permutations(list(range(12)) * 2), st.sets(st.integers(0, 11)))
def test_any_order_any_repetition_any_hole(order: list[int], absent: set[int]) -> None:
    sequence = SeriesSequence(0, 1)
    delivered = [each for time in order if time not in absent for each in sequence.offer(candle(time))]
    for hole in sorted(absent):
        delivered += sequence.skip(hole)

    assert opened(delivered) == [time for time in range(12) if time not in absent]
    assert sequence.expected_ms == 12
    assert not sequence.has_gap


def test_it_says_what_it_waits_for() -> None:
    sequence = SeriesSequence(60, 60)

    assert not opened(sequence.offer(candle(180)))
    assert sequence.has_gap
    assert (sequence.expected_ms, sequence.expected_close_ms) == (60, 120)
    assert opened(sequence.skip(60)) == []
    assert opened(sequence.offer(candle(120))) == [120, 180]


def test_what_lies_before_is_not_delivered_again() -> None:
    assert SeriesSequence(60, 60).offer(candle(0)) == []


def test_only_what_is_waited_for_can_be_skipped() -> None:
    sequence = SeriesSequence(60, 60)

    sequence.skip(120)

    assert sequence.expected_ms == 60


def test_a_flood_of_later_candles_leaves_room_for_the_one_that_is_missing() -> None:
    sequence = SeriesSequence(0, 1)
    for time in range(1, 6_000):
        sequence.offer(candle(time))

    assert opened(sequence.offer(candle(0))) == list(range(5_001))
    assert sequence.expected_ms == 5_001
