"""Pages bring the same candles from exchanges that page in very different ways, and holes only where there are some."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from algotrade.data.exchange.pager import Page, next_with_candles, pages
from algotrade.data.exchange.rows import Rows
from algotrade.data.exchange.settling import MOST_ANSWERS, Settler
from algotrade.data.intervals import Interval
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import VenueUnavailable

MINUTE = Timeframe("1m")
STEP = MINUTE.milliseconds
PAGE = 20
MISSING = {50, 51, 52, 53, 54, 55, 61}
EVERYTHING = [minute for minute in range(20, 200) if minute not in MISSING]
SPAN = (10 * STEP, 190 * STEP)


def rows(minutes: Sequence[int]) -> Rows:
    """Candles whose prices tell their minute."""
    price = np.array(minutes, dtype=float).reshape(-1, 1) + 1.0
    return Rows.of([minute * STEP for minute in minutes], np.repeat(price, 5, axis=1))


def from_since(since: int) -> list[int]:
    """The first rows at or after ``since``, as Binance does."""
    return [minute for minute in EVERYTHING if minute * STEP >= since][:PAGE]


def window(since: int) -> list[int]:
    """Only what lies in a window from ``since``, as Coinbase does; empty before the listing."""
    return [minute for minute in EVERYTHING if since <= minute * STEP < since + PAGE * STEP]


def latest(since: int) -> list[int]:
    """The latest rows whatever is asked for, as Kraken does."""
    return [minute for minute in EVERYTHING[-120:] if minute * STEP >= since]


def repeats_the_row_before(since: int) -> list[int]:
    return [minute for minute in EVERYTHING if minute * STEP >= since - STEP][:PAGE]


def newest_first(since: int) -> list[int]:
    return from_since(since)[::-1]


def says_it_twice(since: int) -> list[int]:
    return [minute for minute in from_since(since) for _ in range(2)]


def one_by_one(since: int) -> list[int]:
    return from_since(since)[:1]


def half_pages(since: int) -> list[int]:
    return from_since(since)[: PAGE // 2]


def collected(
    answer: Callable[[int], list[int]], span: Interval = SPAN, absent: Sequence[Interval] = ()
) -> tuple[list[int], list[Interval], list[int]]:
    """Minutes and holes (in minutes) that the pages bring, and the minutes that were asked from."""
    asked: list[int] = []

    def ask(since: int) -> Rows:
        asked.append(since // STEP)
        return rows(answer(since))

    found: list[Page] = list(pages(Settler("here", ask, MINUTE, PAGE, absent), span, STEP))
    minutes = [int(time) // STEP for page in found for time in page.rows.time_ms]
    assert [page.rows.numbers[0, 0] for page in found if len(page.rows)] == [
        page.rows.time_ms[0] / STEP + 1 for page in found if len(page.rows)
    ]
    return minutes, [(start // STEP, stop // STEP) for page in found for start, stop in page.holes], asked


@pytest.mark.parametrize(
    "answer", [from_since, window, repeats_the_row_before, newest_first, says_it_twice, one_by_one, half_pages]
)
def test_every_candle_of_the_span_once_and_in_order(answer):
    minutes, holes, _ = collected(answer)

    assert minutes == [minute for minute in EVERYTHING if 10 <= minute < 190]
    assert holes == [(10, 20), (50, 56), (61, 62)]


def test_what_an_exchange_no_longer_sends_is_a_hole():
    minutes, holes, asked = collected(latest)

    assert minutes == [minute for minute in EVERYTHING[-120:] if minute < 190]
    assert holes == [(10, EVERYTHING[-120])]
    assert len(asked) == 2


def test_a_whole_page_is_believed_at_once_and_one_with_gaps_is_asked_for_again():
    _, _, asked = collected(from_since, (70 * STEP, 190 * STEP))
    assert len(asked) == 6

    _, holes, asked = collected(from_since, (41 * STEP, 70 * STEP))
    assert holes == [(50, 56), (61, 62)]
    assert asked == [41, 41, 68]


def test_known_holes_arouse_no_suspicion():
    absent = [(start * STEP, stop * STEP) for start, stop in ((0, 20), (50, 56), (61, 62))]

    minutes, holes, asked = collected(from_since, absent=absent)

    assert minutes == [minute for minute in EVERYTHING if 10 <= minute < 190]
    assert holes == []
    assert len(asked) == len(set(asked))


def test_a_row_that_is_left_out_once_is_no_hole():
    answers: list[int] = []

    def forgetful(since: int) -> list[int]:
        answers.append(since)
        left_out = {75, 76, 90} if len(answers) == 1 else set()
        return [minute for minute in from_since(since) if minute not in left_out]

    minutes, holes, _ = collected(forgetful, (70 * STEP, 190 * STEP))

    assert minutes == list(range(70, 190))
    assert holes == []


def test_a_single_candle_is_asked_for_among_others_before_it_is_given_up():
    """Of an answer with one row, a lost row leaves no trace; among others it does."""
    _, _, asked = collected(lambda since: [m for m in from_since(since) if m < 189], (189 * STEP, SPAN[1]))

    assert asked == [189, 186, 186]


def test_the_end_may_still_come():
    _, holes, _ = collected(lambda since: [m for m in from_since(since) if m < 150], (100 * STEP, 190 * STEP))

    assert holes == []


def test_what_is_different_each_time_is_not_believed():
    random = Random(7)

    with pytest.raises(VenueUnavailable, match=f"other candles in each of {MOST_ANSWERS} answers"):
        collected(lambda since: sorted(random.sample(from_since(since), 4)), (70 * STEP, 190 * STEP))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 10), st.integers(0, 12), st.sampled_from([from_since, window]))
def test_lost_rows_never_become_holes(seed, count, answers, answer):
    """Whatever rows the first answers lack: the candles are complete, or the venue is said not to be reliable."""
    random, lost = Random(seed), [set[int]()]

    def faulty(since: int) -> list[int]:
        sent = answer(since)
        kept = random.sample(sent, max(0, len(sent) - count)) if len(lost) <= answers else sent
        lost.append({minute for minute in sent if minute not in kept and minute < max(kept, default=0)})
        return kept

    try:
        minutes, holes, _ = collected(faulty, (70 * STEP, 190 * STEP))
    except VenueUnavailable:
        return
    # Two answers that leave out the very same rows cannot be told from a hole.
    assume(not any(again and again <= before for before, again in pairwise(lost)))
    assert minutes == list(range(70, 190))
    assert holes == []


@pytest.mark.parametrize("answer", [lambda since: [], lambda since: EVERYTHING[:3]])
def test_an_exchange_that_never_brings_anything_new_comes_to_an_end(answer):
    minutes, holes, asked = collected(answer, (70 * STEP, 190 * STEP))

    assert (minutes, holes) == ([], [])
    assert len(asked) <= 3 * 8


def test_an_empty_span_asks_nothing():
    assert collected(lambda since: pytest.fail("asked"), (STEP, STEP)) == ([], [], [])


class TestRejected:
    def test_a_row_that_is_wrong_once_is_asked_for_again(self):
        calls: list[int] = []

        def ask(since: int) -> Rows:
            calls.append(since)
            sent = rows(from_since(since))
            if len(calls) == 1:
                sent.numbers[3] = np.nan
            return sent

        found = list(pages(Settler("here", ask, MINUTE, PAGE), (70 * STEP, 80 * STEP), STEP))

        assert [len(page.rows) for page in found] == [10]
        assert sum(len(page.rejected) for page in found) == 0

    def test_a_row_that_stays_wrong_is_handed_on_as_such(self):
        def ask(since: int) -> Rows:
            sent = rows(from_since(since))
            sent.numbers[sent.time_ms == 75 * STEP, 1] = 1.0
            sent.numbers[sent.time_ms == 76 * STEP, 0] = np.inf
            return sent

        (page,) = pages(Settler("here", ask, MINUTE, PAGE), (70 * STEP, 80 * STEP), STEP)

        assert (page.rows.time_ms // STEP).tolist() == [70, 71, 72, 73, 74, 77, 78, 79]
        assert (page.rejected.time_ms // STEP).tolist() == [75, 76]
        assert page.holes == [(75 * STEP, 77 * STEP)]

    def test_two_rows_of_one_candle_that_differ_are_both_wrong(self):
        def ask(since: int) -> Rows:
            sent = rows([*from_since(since), 75])
            sent.numbers[-1] = 7.0
            return sent

        (page,) = pages(Settler("here", ask, MINUTE, PAGE), (70 * STEP, 80 * STEP), STEP)

        assert 75 * STEP not in page.rows.time_ms
        assert set(page.rejected.time_ms) == {75 * STEP}


class TestLeaps:
    DAY = 86_400_000

    def test_the_day_of_the_next_candles(self):
        assert next_with_candles(lambda day: rows([3 * 1440, 4 * 1440]), 1_000, 9 * self.DAY, 100) == 3 * self.DAY

    def test_the_same_day(self):
        assert next_with_candles(lambda day: rows([0, 1440]), 1_000, 9 * self.DAY, 100) == 1_000

    def test_nothing_at_all(self):
        asked: list[int] = []

        def nothing(day: int) -> Rows:
            asked.append(day)
            return Rows.none()

        assert next_with_candles(nothing, 1_000, 9 * self.DAY, 4) == 9 * self.DAY
        assert asked == [0, 0, 4 * self.DAY, 4 * self.DAY, 8 * self.DAY, 8 * self.DAY]

    def test_of_two_answers_the_earlier_day_counts(self):
        answers = iter([rows([5 * 1440]), rows([2 * 1440, 5 * 1440])])

        assert next_with_candles(lambda day: next(answers), 0, 9 * self.DAY, 100) == 2 * self.DAY
