"""What the report knows besides the metrics: where the run came from and what it assumed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from algotrade.models.preparation import Preparation
from algotrade.reporting.findings import Findings


@dataclass(frozen=True)
class ReportContext:
    """Provenance and assumptions of a run, as the page shows them; what is left empty is not shown.

    Attributes
    ----------
    run_id : str
        Of the tracking server, or any name by which the run is found again.
    commit : str
        Git commit of the code, ``+dirty`` appended if it was changed.
    created_time : datetime
        Aware UTC.
    quality : DataFrame
        One row a series: ``exchange``, ``symbol``, ``timeframe``, ``start``, ``end``, ``rows``, ``duplicates``,
        ``gaps``, ``missing_candles``, ``longest_gap_candles``, ``quarantined``, ``zero_volume``, and what else the
        assessment of the candles says.
    gaps : DataFrame
        One row a gap: ``exchange``, ``symbol``, ``start``, ``end``, ``candles``, ``reason``.
    stability : DataFrame
        One row a feature: what it was worth over the folds, the most important first.
    hit_rates : DataFrame
        ``model``, ``by``, ``bucket``, ``rows``, ``hit_rate``, ``low``, ``high``, and more.
    preparation : Preparation, optional
        What the final fit did to the features.
    findings : Findings
        About the strategies.
    notes : tuple of str
        Remarks on the data, one sentence each.
    planted_signal : str
        For a simulated market: what was planted, such as ``a planted signal of 6 % correlation``.
    cost_assumptions : mapping
        As configured; a key ending in ``_bps`` is shown with that unit.
    horizon : int, optional
        Candles over which the label looks forward.
    parameters_hash, library_versions
        What else is needed to repeat the run.
    """

    run_id: str
    commit: str = ""
    created_time: datetime = field(default_factory=lambda: datetime.now(UTC))
    quality: pd.DataFrame = field(default_factory=pd.DataFrame)
    gaps: pd.DataFrame = field(default_factory=pd.DataFrame)
    stability: pd.DataFrame = field(default_factory=pd.DataFrame)
    hit_rates: pd.DataFrame = field(default_factory=pd.DataFrame)
    preparation: Preparation | None = None
    findings: Findings = field(default_factory=Findings)
    notes: tuple[str, ...] = ()
    planted_signal: str = ""
    cost_assumptions: Mapping[str, Any] = field(default_factory=dict)
    horizon: int | None = None
    parameters_hash: str = ""
    library_versions: Mapping[str, str] = field(default_factory=dict)
