"""Pages that can be trusted: a candle that is missing from an answer is asked for again before it is given up."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from algotrade.data.exchange.rows import Rows, sorted_out, stacked
from algotrade.data.intervals import Interval, gaps, without
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import VenueUnavailable

MOST_ANSWERS = 8
"""After so many answers of which no two agree, the exchange is not to be relied on."""

_FAR_AWAY = 2**62

Ask = Callable[[int], Rows]
"""Rows from an open time on, as many as the exchange likes, in any order; only of candles that have closed."""


@dataclass(frozen=True)
class SettledPage:
    """Candles from an open time to ``until``, and nothing else is there.

    Attributes
    ----------
    rows : Rows
        In order, each once; may go on beyond what was asked for.
    rejected : Rows
        What the exchange sent again and again though it cannot be a candle.
    until : int
        Open time up to which the page tells the truth.
    """

    rows: Rows
    rejected: Rows
    until: int


@dataclass(frozen=True)
class _Seen:
    """What some answers said together.

    Attributes
    ----------
    rows, rejected : Rows
    agreed : int
        How many of the latest answers said nothing else than those before.
    verified : int
        How far all of them reach.
    """

    rows: Rows
    rejected: Rows
    agreed: int = 0
    verified: int = _FAR_AWAY


class Settler:
    """Asks for a page until the answers agree.

    A page without gaps is believed at once. Where rows are missing, it is asked for again, together with some rows
    before it when it has few of its own. An answer that lacks a row that another one had proves nothing; only one
    that has all of them and still lacks the missing ones does. Without any row to go by, three answers have to agree.

    Parameters
    ----------
    name : str
        Of the exchange.
    ask : callable
    timeframe : Timeframe
    page_rows : int
        How many candles an answer covers.
    absent : sequence of intervals
        Holes that are known already and arouse no suspicion.
    """

    def __init__(
        self, name: str, ask: Ask, timeframe: Timeframe, page_rows: int, absent: Sequence[Interval] = ()
    ) -> None:
        self._name = name
        self._ask = ask
        self._timeframe = timeframe
        self._step = timeframe.milliseconds
        self._page_rows = page_rows
        self._absent = absent

    def page(self, since: int, stop: int) -> SettledPage:
        """The candles from ``since`` on, at least one page of them or up to ``stop``.

        Raises
        ------
        VenueUnavailable
            If the exchange sends something else each time.
        """
        seen = _Seen(*self._answer(since))
        until = self._end(seen.rows, since)
        if self.missing(seen.rows, since, min(until, stop)):
            seen, until = self._settled(seen, since, stop)
        return SettledPage(seen.rows.between(since, until), _never_good(seen).between(since, min(until, stop)), until)

    def missing(self, rows: Rows, start: int, stop: int) -> list[Interval]:
        """Stretches without candles that are not known to be holes."""
        return without(gaps(rows.time_ms, start, stop, self._step), self._absent)

    def _settled(self, seen: _Seen, since: int, stop: int) -> tuple[_Seen, int]:
        """What is known once the answers agree, or nothing is missing any more; and up to where."""
        context = 0 if len(seen.rows) >= self._page_rows // 2 else self._page_rows // 2 - 7
        for _ in range(MOST_ANSWERS - 1):
            start = since - context * self._step
            good, bad = self._answer(start)
            seen = self._together(seen, good, bad, start, since)
            until = min(self._end(seen.rows, since), seen.verified if seen.agreed else _FAR_AWAY)
            if not self.missing(seen.rows, since, min(self._end(seen.rows, since), stop)):
                return seen, self._end(seen.rows, since)
            if seen.agreed >= (1 if len(good) else 2) and until > since:
                return seen, until
            if self._fell_short(good, seen.rows, since):
                context //= 2
        raise VenueUnavailable(
            f"{self._name} sent other candles in each of {MOST_ANSWERS} answers to the same question. "
            "Nothing of that page was kept; try again later."
        )

    def _together(self, seen: _Seen, good: Rows, bad: Rows, start: int, since: int) -> _Seen:
        """What is known after one more answer."""
        reach = start + self._page_rows * self._step
        if len(good) and good.time_ms[-1] + self._step != since:
            reach = int(good.time_ms[-1]) + self._step
        lost = not np.isin(seen.rows.between(start, reach).time_ms, good.time_ms).all()
        new = not np.isin(good.time_ms, seen.rows.time_ms).all()
        rows, rejected = seen.rows.with_rows(good), stacked([seen.rejected, bad])
        if lost or new:
            return _Seen(rows, rejected)
        return _Seen(rows, rejected, seen.agreed + 1, min(seen.verified, reach))

    def _fell_short(self, good: Rows, seen: Rows, since: int) -> bool:
        """Whether an answer has the rows before only, because the exchange sends shorter pages than it says."""
        if not len(good) or good.time_ms[-1] >= since:
            return False
        return bool(good.time_ms[-1] + self._step < since or seen.time_ms[-1] >= since)

    def _answer(self, since: int) -> tuple[Rows, Rows]:
        good, bad = sorted_out(self._ask(since), self._timeframe)
        return good[good.time_ms >= since], bad

    def _end(self, rows: Rows, since: int) -> int:
        """End of what the rows tell about: the last of them, or the page that turned out to be empty."""
        known = rows.time_ms[rows.time_ms >= since]
        return int(known[-1]) + self._step if len(known) else since + self._page_rows * self._step


def _never_good(seen: _Seen) -> Rows:
    """Bad rows of candles that no answer had right, each time once."""
    bad = seen.rejected[~np.isin(seen.rejected.time_ms, seen.rows.time_ms)]
    _, first = np.unique(bad.time_ms, return_index=True)
    return bad[np.sort(first)]
