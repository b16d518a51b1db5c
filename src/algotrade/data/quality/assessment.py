"""The assessment: what there is to say about the candles that a run reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from algotrade.data.quality.anomalies import DIVERGENCE, RETURN, STALE, VOLUME, AnomalySettings, anomalies
from algotrade.data.quality.coverage import coverage, joined_coverage
from algotrade.data.quality.gaps import gaps
from algotrade.data.quality.report import RAW_COUNTS, REPORT_COLUMNS, series_report
from algotrade.data.quality.series import SeriesRows
from algotrade.domain.candles import SERIES_COLUMNS
from algotrade.domain.timeframe import IntArray, Timeframe

ANOMALY_COUNTS = {
    RETURN: "return_anomalies",
    VOLUME: "volume_anomalies",
    STALE: "stale_candles",
    DIVERGENCE: "divergent_candles",
}
"""Column of the report for each kind of anomaly; it counts candles."""
AGE_COLUMN = "last_candle_age_seconds"
QUALITY_COLUMNS = (*REPORT_COLUMNS, *ANOMALY_COUNTS.values(), "known_missing_candles", AGE_COLUMN)
_KEYS = list(SERIES_COLUMNS)


@dataclass(frozen=True)
class Assessment:
    """Valid candles, described.

    Attributes
    ----------
    report : DataFrame
        One row a series, columns ``QUALITY_COLUMNS``: those of `algotrade.data.quality.report.series_report`,
        candles by kind of anomaly, ``known_missing_candles`` (in gaps that a known hole explains), and
        ``last_candle_age_seconds`` (NaN where age means nothing).
    gaps, anomalies, coverage : DataFrame
        One row a gap, an anomaly, a stretch of time; see the functions of these names.
    """

    report: pd.DataFrame
    gaps: pd.DataFrame
    anomalies: pd.DataFrame
    coverage: pd.DataFrame

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Several assessments as one, in the order given."""
        tables = {
            name: pd.concat([getattr(part, name) for part in parts], ignore_index=True)
            for name in ("report", "gaps", "anomalies")
        }
        return cls(**tables, coverage=joined_coverage([part.coverage for part in parts]))


def assess_candles(
    candles: pd.DataFrame,
    timeframe: Timeframe,
    inspected: pd.DataFrame,
    holes: pd.DataFrame,
    settings: AnomalySettings | None = None,
) -> Assessment:
    """Describe valid candles of one exchange.

    Parameters
    ----------
    candles : DataFrame
        Sorted by symbol and open time, at least one.
    timeframe : Timeframe
    inspected : DataFrame
        Report of the inspection, of which the ``RAW_COUNTS`` are taken where it knows the series.
    holes : DataFrame
        Spans that the exchange itself does not have: see `algotrade.data.quality.gaps.gaps`.
    settings : AnomalySettings, optional
    """
    rows = SeriesRows.of_frame(candles, timeframe)
    keys = rows.keys(rows.first)
    raw = keys.merge(inspected[[*_KEYS, *RAW_COUNTS]], on=_KEYS, how="left")
    counted = {name: raw[name].fillna(0).to_numpy(dtype=np.int64) for name in RAW_COUNTS}
    found_gaps, found = gaps(rows, holes), anomalies(rows, settings)
    report = series_report(rows, counted)
    known = found_gaps[found_gaps["reason"] != ""]
    report = report.assign(
        **dict.fromkeys(ANOMALY_COUNTS.values(), 0),
        known_missing_candles=_summed(known, report),
        **{AGE_COLUMN: np.nan},
    )
    report = with_anomalies(report, found)
    return Assessment(report[list(QUALITY_COLUMNS)], found_gaps, found, coverage(rows))


def with_anomalies(report: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """The report with the candles of these anomalies added to its counts."""
    added = {
        column: report[column] + _summed(found[found["kind"] == kind], report)
        for kind, column in ANOMALY_COUNTS.items()
    }
    return report.assign(**added)


def with_quarantined(report: pd.DataFrame, reasons: pd.DataFrame) -> pd.DataFrame:
    """The report with these rows (as `reason_counts` gives them) as the quarantined ones."""
    return report.assign(quarantined=_summed(reasons.rename(columns={"rows": "candles"}), report))


def reason_counts(quarantine: pd.DataFrame) -> pd.DataFrame:
    """How many rows each series has in quarantine for each reason: exchange, symbol, timeframe, reason, rows."""
    return quarantine.groupby([*_KEYS, "reason"], as_index=False).size().rename(columns={"size": "rows"})


def with_age(report: pd.DataFrame, timeframe: Timeframe, now: pd.Timestamp) -> pd.DataFrame:
    """The report with the time since the last candle of each series closed."""
    closed = report["end"] + pd.Timedelta(milliseconds=timeframe.milliseconds)
    return report.assign(**{AGE_COLUMN: (now - closed).dt.total_seconds()})


def _summed(rows: pd.DataFrame, report: pd.DataFrame) -> IntArray:
    """The ``candles`` of some rows by series, in the order of the report."""
    sums = rows.groupby(_KEYS, as_index=False)["candles"].sum()
    merged = report[_KEYS].merge(sums, on=_KEYS, how="left")["candles"]
    return np.asarray(merged.fillna(0), dtype=np.int64)
