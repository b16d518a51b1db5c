"""From pages to the store: what has arrived is inspected and written in one piece, again and again."""

import time
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from algotrade.data.exchange import ExchangeGateway
from algotrade.data.exchange.pager import Page
from algotrade.data.exchange.rows import Rows, stacked
from algotrade.data.intervals import Interval, length, without
from algotrade.data.quality import inspect_candles
from algotrade.data.store import CandleStore, UpsertCount
from algotrade.domain.candles import SERIES_COLUMNS, from_milliseconds, to_milliseconds
from algotrade.domain.timeframe import IntArray, Timeframe

BATCH_ROWS = 5_000
_BATCH_SECONDS = 5.0


@dataclass
class SeriesWriter:
    """Collects the pages of one series and writes them to the store in batches.

    A batch is one transaction: it is there as a whole or not at all. Bad rows go to the quarantine, and the exchange
    is not asked for their candles again; neither for holes, once the candles after them are stored.

    Attributes
    ----------
    store : CandleStore
    gateway : ExchangeGateway
        Names the exchange.
    symbol : str
    timeframe : Timeframe
    known : sequence of intervals
        Holes that were known before.
    count : UpsertCount
    holes, quarantined : int
        Candles that the exchange does not have, and rows that are none, so far.
    """

    store: CandleStore
    gateway: ExchangeGateway
    symbol: str
    timeframe: Timeframe
    known: tuple[Interval, ...] = ()
    count: UpsertCount = field(default_factory=lambda: UpsertCount(0, 0, 0))
    holes: int = 0
    quarantined: int = 0
    _rows: list[Rows] = field(default_factory=list)
    _holes: list[Interval] = field(default_factory=list)
    _since: float = field(default_factory=time.monotonic)

    def add(self, page: Page) -> None:
        """Take a page; write what has been collected if that is enough."""
        self._rows += [page.rows, page.rejected]
        self._holes += page.holes
        if sum(map(len, self._rows)) >= BATCH_ROWS or time.monotonic() - self._since > _BATCH_SECONDS:
            self.write()

    def write(self) -> None:
        """Write what has been collected."""
        rows = stacked(self._rows) if self._rows else Rows.none()
        if len(rows):
            raw = self.gateway.frame(self.symbol, self.timeframe, rows).assign(origin=self.gateway.name)
            inspected = inspect_candles(raw, self.timeframe)
            self.count += self.store.upsert(inspected.candles)
            self.quarantined += self.store.add_quarantine(inspected.quarantine)
            self._reopen(to_milliseconds(inspected.candles["open_time"]))
            self._remember_bad(inspected.quarantine)
        if self._holes:
            self._remember(self._holes, self.gateway.reason_of_holes())
        self._rows, self._holes, self._since = [], [], time.monotonic()

    def _remember_bad(self, quarantine: pd.DataFrame) -> None:
        step = self.timeframe.milliseconds
        times = quarantine.dropna(subset="open_time").drop_duplicates("open_time")
        on_grid = times[~self.timeframe.off_grid(to_milliseconds(times["open_time"]))]
        for reason, rows in on_grid.groupby("reason", sort=True):
            bad = [(int(at), int(at) + step) for at in to_milliseconds(rows["open_time"])]
            # A page counts them as holes, too; this is the better reason.
            self._holes = without(self._holes, bad)
            self._remember(bad, f"{self.gateway.exchange_id} sent a row that went to quarantine: {reason}")

    def _remember(self, holes: list[Interval], reason: str) -> None:
        keys = dict(zip(SERIES_COLUMNS, (self.gateway.name, self.symbol, self.timeframe.name), strict=True))
        starts, ends = (from_milliseconds(times) for times in np.array(holes, dtype=np.int64).T)
        self.store.add_holes(pd.DataFrame({**keys, "start": starts, "end": ends, "reason": reason}))
        self.holes += length(holes) // self.timeframe.milliseconds

    def _reopen(self, times_ms: IntArray) -> None:
        """Take candles that have come after all out of the holes that were known."""
        step = self.timeframe.milliseconds
        filled = [hole for hole in self.known if ((times_ms >= hole[0]) & (times_ms < hole[1])).any()]
        for hole in filled:
            span = from_milliseconds(list(hole))
            old = self.store.holes(self.gateway.name, self.timeframe, [self.symbol], *span)
            self.store.forget_holes(self.gateway.name, self.timeframe, [self.symbol], *span)
            left = without([hole], [(int(at), int(at) + step) for at in times_ms])
            if left:
                self._remember(left, str(old["reason"].iloc[0]) if len(old) else self.gateway.reason_of_holes())
            self.known = tuple(other for other in self.known if other != hole) + tuple(left)
