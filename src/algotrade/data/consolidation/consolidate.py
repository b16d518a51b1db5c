"""The consolidated series and what it took to make it."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

import pandas as pd

from algotrade.data.consolidation.agreement import agreement
from algotrade.data.consolidation.divergence import (
    DIVERGENCE_COLUMNS,
    SPAN_COLUMNS,
    TIMELINE_COLUMNS,
    divergence,
    joined,
    left_out_spans,
    timeline,
)
from algotrade.data.consolidation.names import consolidated_name
from algotrade.data.consolidation.settings import ConsolidationSettings
from algotrade.data.consolidation.venues import Venues
from algotrade.data.consolidation.weighting import combined
from algotrade.domain.candles import SERIES_COLUMNS, VALUE_COLUMNS, from_milliseconds
from algotrade.domain.timeframe import Timeframe

_CANDLE_COLUMNS = (*SERIES_COLUMNS, "open_time", *VALUE_COLUMNS)


@dataclass(frozen=True)
class Consolidated:
    """A consolidated series, and how its venues compare.

    Attributes
    ----------
    candles : DataFrame
        Long candle frame, sorted by symbol and open time, its exchange named by `consolidated_name`.
    divergence : DataFrame
        One row a symbol and venue: see `algotrade.data.consolidation.divergence.divergence`.
    left_out : DataFrame
        One row a stretch of candles of which a venue was left out.
    timeline : DataFrame
        The deviations over time, in at most 200 rows a symbol and venue.
    """

    candles: pd.DataFrame
    divergence: pd.DataFrame
    left_out: pd.DataFrame
    timeline: pd.DataFrame

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """The series of several symbols as one value; of no symbols, empty frames with their columns."""
        columns = (_CANDLE_COLUMNS, DIVERGENCE_COLUMNS, SPAN_COLUMNS, TIMELINE_COLUMNS)
        return cls(
            *(
                joined([getattr(part, field.name) for part in parts], names)
                for field, names in zip(fields(cls), columns, strict=True)
            )
        )


def consolidate(
    candles: pd.DataFrame,
    timeframe: Timeframe,
    settings: ConsolidationSettings | None = None,
    exchanges: Sequence[str] | None = None,
) -> Consolidated:
    """Make one series of each symbol's candles on several exchanges.

    Parameters
    ----------
    candles : DataFrame
        Valid candles of one timeframe, each once; any order.
    timeframe : Timeframe
    settings : ConsolidationSettings, optional
    exchanges : sequence of str, optional
        Of which the result is named; by default those of the candles. A symbol that only one of them has is in
        the result as that exchange has it.

    Notes
    -----
    Symbols are done one after the other; the arrays of one take ``venues * 8 * n`` numbers, a few times over.
    """
    chosen = settings or ConsolidationSettings()
    name = consolidated_name(exchanges if exchanges is not None else candles["exchange"].unique())
    parts = [
        _of_symbol(rows, str(symbol), timeframe, chosen, name) for symbol, rows in candles.groupby("symbol", sort=True)
    ]
    return Consolidated.joined(parts)


def _of_symbol(
    rows: pd.DataFrame, symbol: str, timeframe: Timeframe, settings: ConsolidationSettings, name: str
) -> Consolidated:
    venues = Venues.of_frame(rows)
    found = agreement(venues, settings)
    kept = venues.present & ~found.left_out
    made = kept.sum(axis=0) >= settings.min_venues
    numbers = combined(venues.numbers, kept) if made.all() else combined(venues.numbers[:, :, made], kept[:, made])
    keys = {"symbol": symbol, "timeframe": timeframe.name}
    frame = pd.DataFrame(numbers.T, columns=list(VALUE_COLUMNS), copy=False)
    frame = frame.assign(open_time=from_milliseconds(venues.open_time[made]), exchange=name, **keys)
    spans = left_out_spans(venues, found, keys, timeframe)
    return Consolidated(
        candles=frame[list(_CANDLE_COLUMNS)],
        divergence=divergence(venues, found, spans, keys),
        left_out=spans,
        timeline=timeline(venues, found, keys, timeframe),
    )
