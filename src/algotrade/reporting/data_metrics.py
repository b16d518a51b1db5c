"""The ``data`` section of ``metrics.json``: what the run read, and how good it is."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from algotrade.data.quality.faults import fault_name
from algotrade.reporting.formats import finite


def data_metrics(
    universe: Mapping[str, Any], quality: pd.DataFrame, reasons: pd.DataFrame, divergence: pd.DataFrame
) -> dict[str, Any]:
    """Numbers about the candles of a run.

    Rows, gaps and anomalies are those of the series that the run trades on; what was quarantined or a duplicate is
    counted over every exchange that it read.

    Parameters
    ----------
    universe : mapping
        ``source``, ``exchange``, ``exchanges``, ``symbols``, ``timeframe``, ``data_digest``.
    quality : DataFrame
        The report of the assessment, one row a series.
    reasons : DataFrame
        ``reason`` and ``rows`` of what was quarantined.
    divergence : DataFrame
        One row a symbol and exchange, where several were compared; else empty.
    """
    own = quality[quality["exchange"] == universe["exchange"]]
    by_reason = reasons.groupby("reason")["rows"].sum().to_dict() if len(reasons) else {}
    return {
        "source": universe["source"],
        "exchange": universe["exchange"],
        "exchanges": universe["exchanges"],
        "symbols": universe["symbols"],
        "timeframe": universe["timeframe"],
        "start": own["start"].min().isoformat(),
        "end": own["end"].max().isoformat(),
        "rows": int(own["rows"].sum()),
        "gaps": int(own["gaps"].sum()),
        "missing_candles": int(own["missing_candles"].sum()),
        "known_missing_candles": int(own["known_missing_candles"].sum()),
        "longest_gap_candles": int(own["longest_gap_candles"].max()),
        "duplicates": int(quality["duplicates"].sum()),
        "quarantined": int(quality["quarantined"].sum()),
        "quarantined_by_reason": {fault_name(str(reason)): int(rows) for reason, rows in by_reason.items()},
        "anomalies": {
            "returns": int(own["return_anomalies"].sum()),
            "volumes": int(own["volume_anomalies"].sum()),
            "stale_candles": int(own["stale_candles"].sum()),
            "divergent_candles": int(quality["divergent_candles"].sum()),
        },
        "last_candle_age_seconds": finite(own["last_candle_age_seconds"].max()),
        "divergence": exchange_divergence(divergence),
        "digest": universe["data_digest"],
    }


def exchange_divergence(divergence: pd.DataFrame) -> dict[str, dict[str, float | None]]:
    """Over all symbols, how far each exchange was from the others, and the share of its candles left out."""
    if divergence.empty:
        return {}
    grouped = divergence.groupby("exchange", sort=True)
    return {
        str(exchange): {
            "median_deviation_bps": finite(_weighted_median(rows)),
            "max_deviation_bps": finite(rows["max_deviation_bps"].max()),
            "left_out_share": float(rows["left_out"].sum() / rows["candles"].sum()),
        }
        for exchange, rows in grouped
    }


def _weighted_median(rows: pd.DataFrame) -> float:
    """The median of the symbols' medians, each counted as often as it was compared."""
    known = rows[rows["compared"] > 0].sort_values("median_deviation_bps")
    if known.empty:
        return np.nan
    weight = known["compared"].cumsum().to_numpy()
    return float(known["median_deviation_bps"].iloc[int(np.searchsorted(weight, weight[-1] / 2))])
