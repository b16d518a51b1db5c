"""The pager brings the same rows from exchanges that page in very different ways."""

from collections.abc import Callable

import pytest

from algotrade.data.exchange.pager import Row, Span, fetch_all

EVERYTHING = [
    [float(time), 1.0, 1.0, 1.0, 1.0, 1.0]
    for time in range(200, 1_000, 10)
    if time not in (500, 510, 520, 530, 540, 550)
]
SPAN = Span(100, 900, 10)


def from_since(since: int) -> list[Row]:
    """The first rows at or after ``since``, as Binance does."""
    return [row for row in EVERYTHING if row[0] >= since][:7]


def window(since: int) -> list[Row]:
    """Only what lies in a window from ``since``, as Coinbase does; empty before the listing."""
    return [row for row in EVERYTHING if since <= row[0] < since + 50]


def repeats_the_row_before(since: int) -> list[Row]:
    return [row for row in EVERYTHING if row[0] >= since - 10][:7]


def newest_first(since: int) -> list[Row]:
    return from_since(since)[::-1]


def says_it_twice(since: int) -> list[Row]:
    return [row for row in from_since(since) for _ in range(2)]


def one_by_one(since: int) -> list[Row]:
    return from_since(since)[:1]


@pytest.mark.parametrize("page", [from_since, window, repeats_the_row_before, newest_first, says_it_twice, one_by_one])
def test_every_row_of_the_span_once_and_in_order(page: Callable[[int], list[Row]]):
    counts: list[int] = []

    rows = fetch_all(page, SPAN, 5, counts.append)

    assert rows == [row for row in EVERYTHING if 100 <= row[0] < 900]
    assert counts == sorted(counts)
    assert counts[-1] == len(rows)


@pytest.mark.parametrize("page", [lambda since: [], lambda since: EVERYTHING[:3]])
def test_a_page_that_never_brings_anything_new_comes_to_an_end(page):
    calls: list[int] = []

    def counted(since: int) -> list[Row]:
        calls.append(since)
        return page(since)

    fetch_all(counted, SPAN, 5, lambda count: None)

    assert len(calls) <= 16 + 1


def test_an_empty_span_asks_nothing():
    assert fetch_all(lambda since: pytest.fail("asked"), Span(100, 100, 10), 5, lambda count: None) == []
