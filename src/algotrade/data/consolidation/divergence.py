"""How far the venues were apart, as frames."""

import numpy as np
import pandas as pd

from algotrade.data.consolidation.agreement import Agreement
from algotrade.data.consolidation.venues import Venues
from algotrade.data.quality.runs import runs
from algotrade.domain.candles import SERIES_COLUMNS, BoolArray, from_milliseconds
from algotrade.domain.timeframe import Timeframe

DIVERGENCE_COLUMNS = (
    *SERIES_COLUMNS,
    "candles",
    "compared",
    "median_deviation_bps",
    "max_deviation_bps",
    "left_out",
    "left_out_share",
    "spans",
    "longest_span_candles",
)
SPAN_COLUMNS = (*SERIES_COLUMNS, "start", "end", "candles", "max_deviation_bps")
TIMELINE_COLUMNS = (*SERIES_COLUMNS, "time", "compared", "mean_deviation_bps", "max_deviation_bps", "left_out")
_BUCKETS = 200


def divergence(venues: Venues, found: Agreement, spans: pd.DataFrame, keys: dict[str, str]) -> pd.DataFrame:
    """One row a venue: how often it could be compared, how far it was from the others, how often it was left out.

    ``compared`` counts the candles that another venue has, too; the deviations are those of
    `algotrade.data.consolidation.agreement.agreement` over these candles, NaN where there are none.
    ``left_out_share`` is a share of the venue's ``candles``.
    """
    compared = _compared(venues)
    rows = []
    for venue, name in enumerate(venues.names):
        deviation = found.deviation_bps[venue, compared[venue]]
        own = spans[spans["exchange"] == name]
        candles, left_out = int(venues.present[venue].sum()), int(found.left_out[venue].sum())
        rows.append(
            {
                "exchange": name,
                **keys,
                "candles": candles,
                "compared": len(deviation),
                "median_deviation_bps": float(np.median(deviation)) if len(deviation) else np.nan,
                "max_deviation_bps": float(deviation.max()) if len(deviation) else np.nan,
                "left_out": left_out,
                "left_out_share": left_out / candles,
                "spans": len(own),
                "longest_span_candles": int(own["candles"].max()) if len(own) else 0,
            }
        )
    return pd.DataFrame(rows, columns=list(DIVERGENCE_COLUMNS))


def left_out_spans(venues: Venues, found: Agreement, keys: dict[str, str], timeframe: Timeframe) -> pd.DataFrame:
    """Stretches of consecutive candles in which a venue was left out.

    ``start`` is the first open time, ``end`` the close of the last candle.
    """
    adjacent = np.diff(venues.open_time, prepend=0) == timeframe.milliseconds
    parts = []
    for venue, name in enumerate(venues.names):
        spans = runs(found.left_out[venue], adjacent)
        if not len(spans.first):
            continue
        deviation = np.where(found.left_out[venue], found.deviation_bps[venue], 0.0)
        worst = np.maximum.reduceat(deviation, spans.first)
        columns = {
            "exchange": name,
            **keys,
            "start": from_milliseconds(venues.open_time[spans.first]),
            "end": from_milliseconds(venues.open_time[spans.last] + timeframe.milliseconds),
            "candles": spans.length,
            "max_deviation_bps": worst,
        }
        parts.append(pd.DataFrame(columns))
    return joined(parts, SPAN_COLUMNS)


def timeline(venues: Venues, found: Agreement, keys: dict[str, str], timeframe: Timeframe) -> pd.DataFrame:
    """The deviations in at most 200 equal stretches of time, for a figure; ``time`` is where a stretch begins."""
    time_ms = venues.open_time
    candles = int(time_ms[-1] - time_ms[0]) // timeframe.milliseconds + 1
    length = -(-candles // _BUCKETS) * timeframe.milliseconds
    bucket = (time_ms - time_ms[0]) // length
    starts = np.flatnonzero(np.diff(bucket, prepend=-1))
    compared = _compared(venues)
    parts = []
    for venue, name in enumerate(venues.names):
        deviation = np.where(compared[venue], found.deviation_bps[venue], 0.0)
        counts = np.add.reduceat(compared[venue], starts, dtype=np.int64)
        columns = {
            "exchange": name,
            **keys,
            "time": from_milliseconds(time_ms[0] + bucket[starts] * length),
            "compared": counts,
            "mean_deviation_bps": np.add.reduceat(deviation, starts) / np.maximum(counts, 1),
            "max_deviation_bps": np.maximum.reduceat(deviation, starts),
            "left_out": np.add.reduceat(found.left_out[venue], starts, dtype=np.int64),
        }
        parts.append(pd.DataFrame(columns)[counts > 0])
    return joined(parts, TIMELINE_COLUMNS)


def joined(parts: list[pd.DataFrame], columns: tuple[str, ...]) -> pd.DataFrame:
    """One frame with exactly these columns, also where there is nothing to join."""
    filled = [part for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True)[list(columns)] if filled else pd.DataFrame(columns=list(columns))


def _compared(venues: Venues) -> BoolArray:
    return np.asarray(venues.present & (venues.present.sum(axis=0) > 1))
