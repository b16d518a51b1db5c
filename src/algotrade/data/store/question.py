"""What a reader asks of the candles: which, of what span, in which columns, in which timeframe."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from algotrade.data.store.frames import long_frame
from algotrade.data.store.queries import Span, StoredSeries, candle_query
from algotrade.data.store.resampling import complete_span, resampling_query
from algotrade.domain.resampling import parts
from algotrade.domain.timeframe import Timeframe


@dataclass(frozen=True)
class CandleQuestion:
    """A question that is the same for every series; refused if the candles do not add up to ``resample``.

    Attributes
    ----------
    timeframe : Timeframe
        Of the stored candles.
    span : (start, end)
        Of the open times of the answer, milliseconds since the epoch.
    columns : tuple of str
        Value columns.
    resample : Timeframe or None
    """

    timeframe: Timeframe
    span: Span
    columns: tuple[str, ...]
    resample: Timeframe | None

    def __post_init__(self) -> None:
        if self.resample is not None:
            parts(self.timeframe, self.resample)

    @property
    def answered_in(self) -> Timeframe:
        """Timeframe of the answer."""
        return self.resample or self.timeframe

    def covered(self, series: StoredSeries) -> Span:
        """The part of the span for which the series has an answer."""
        if self.resample is not None:
            return complete_span(series, self.span, self.timeframe, self.resample)
        after = series.last_ms + self.timeframe.milliseconds
        return max(self.span[0], series.first_ms), min(self.span[1], after)

    def pages(self, series: StoredSeries, rows: int) -> list[Span]:
        """The covered span in parts of at most so many rows."""
        first, stop = self.covered(series)
        length = rows * self.answered_in.milliseconds
        return [(start, min(stop, start + length)) for start in range(first, stop, length)]

    def text(self, series: StoredSeries, span: Span) -> str:
        """The question for one series and a part of its covered span, in SQL."""
        if self.resample is not None:
            return resampling_query(series.series_id, span, self.columns, (self.timeframe, self.resample))
        return candle_query(series.series_id, span, self.columns)

    def frame(self, exchange: str, series: Sequence[StoredSeries], answers: Sequence[pa.Table]) -> pd.DataFrame:
        """Long candle frame of the answers."""
        return long_frame((exchange, self.answered_in.name), [one.symbol for one in series], answers, self.columns)
