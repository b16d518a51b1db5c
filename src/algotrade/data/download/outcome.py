"""What a download did."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import pandas as pd

from algotrade.data.store import UpsertCount

_NOTHING = UpsertCount(0, 0, 0)


@dataclass(frozen=True)
class SeriesOutcome:
    """What was done for one series.

    Attributes
    ----------
    exchange, symbol, timeframe : str
    asked : int
        Candles that were asked for.
    count : UpsertCount
    holes : int
        Candles that the exchange turned out not to have.
    quarantined : int
        Rows that are no candles.
    """

    exchange: str
    symbol: str
    timeframe: str
    asked: int
    count: UpsertCount = _NOTHING
    holes: int = 0
    quarantined: int = 0


@dataclass(frozen=True)
class DownloadReport:
    """What was done for all series of an order."""

    series: tuple[SeriesOutcome, ...]

    @property
    def count(self) -> UpsertCount:
        """What the store took, all series together."""
        return sum((outcome.count for outcome in self.series), _NOTHING)

    def symbols(self, exchange: str) -> list[str]:
        """Symbols of an exchange that were brought up to date."""
        return [outcome.symbol for outcome in self.series if outcome.exchange == exchange]

    @property
    def frame(self) -> pd.DataFrame:
        """One row a series."""
        rows: Sequence[dict[str, object]] = [{**asdict(outcome), **asdict(outcome.count)} for outcome in self.series]
        columns = ["exchange", "symbol", "timeframe", "asked", "new", "changed", "unchanged", "holes", "quarantined"]
        return pd.DataFrame(rows, columns=columns)

    def __str__(self) -> str:
        count = self.count
        text = f"{len(self.series)} series: {count.new:,} new candles, {count.changed:,} changed"
        holes, bad = (sum(getattr(one, name) for one in self.series) for name in ("holes", "quarantined"))
        text += f", {holes:,} that the exchange does not have" if holes else ""
        return text + (f", {bad:,} rows in quarantine" if bad else "")
