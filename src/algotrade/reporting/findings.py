"""What is known of the strategies of a run besides their headline figures."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from algotrade.reporting.scorecard import JUDGED_STRATEGY

Ends = Mapping[str, float | None]
"""``low`` and ``high`` of an interval, None where there is none."""


@dataclass(frozen=True, eq=False)
class Findings:
    """Frames and values of the backtesting pipeline; what was not computed is empty.

    Attributes
    ----------
    intervals : mapping
        By strategy and figure: ``low`` and ``high``.
    robustness : mapping
        By strategy: ``monte_carlo``, ``cost_sensitivity``, ``minimum_track_record``, ``reality_check``, ``lo``,
        ``capacity``, ``plateau``, ``shortfall``.
    drawdowns : DataFrame
        ``strategy``, ``peak_time``, ``valley_time``, ``end_time``, ``depth``, ``days``, ``status``.
    attribution : DataFrame
        ``strategy``, ``by``, ``group``, ``pnl``, ``fees``, ``slippage``, ``funding``, ``trades``, ``hit_rate``.
    stress : DataFrame
        ``strategy``, ``scenario``, ``kind``, ``start``, ``end``, ``total_return``, ``max_drawdown``, ``sharpe``,
        ``note``.
    choices, chosen_equity : DataFrame
        Of the walk-forward optimisation: a row a strategy and window, and equity as a long frame.
    grid : DataFrame
        Every swept variant: ``strategy``, ``parameters`` (JSON), ``sharpe`` and more.
    candles, trades, fills : DataFrame
        What was traded, when and at which prices.
    """

    intervals: Mapping[str, Mapping[str, Ends]] = field(default_factory=dict)
    robustness: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    drawdowns: pd.DataFrame = field(default_factory=pd.DataFrame)
    attribution: pd.DataFrame = field(default_factory=pd.DataFrame)
    stress: pd.DataFrame = field(default_factory=pd.DataFrame)
    choices: pd.DataFrame = field(default_factory=pd.DataFrame)
    chosen_equity: pd.DataFrame = field(default_factory=pd.DataFrame)
    grid: pd.DataFrame = field(default_factory=pd.DataFrame)
    candles: pd.DataFrame = field(default_factory=pd.DataFrame)
    trades: pd.DataFrame = field(default_factory=pd.DataFrame)
    fills: pd.DataFrame = field(default_factory=pd.DataFrame)

    def ends(self, figure: str, strategy: str = JUDGED_STRATEGY) -> Ends:
        """The interval of one figure of a strategy, empty where there is none."""
        return self.intervals.get(strategy, {}).get(figure) or {}

    def robust(self, what: str, strategy: str = JUDGED_STRATEGY) -> Mapping[str, Any]:
        """One finding about the robustness of a strategy, empty where it was not computed."""
        return self.robustness.get(strategy, {}).get(what) or {}
