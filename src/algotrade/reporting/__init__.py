"""What a run tells its reader: the scorecard for the terminal, the figures, and one self-contained page."""

from algotrade.reporting.context import ReportContext
from algotrade.reporting.data_metrics import data_metrics
from algotrade.reporting.feature_metrics import feature_metrics
from algotrade.reporting.figures import QualityFrames, ReportFrames, quality_figures, report_figures, result_figures
from algotrade.reporting.findings import Findings
from algotrade.reporting.gate_tables import gate_metrics
from algotrade.reporting.judgement import verdict
from algotrade.reporting.page import render_report
from algotrade.reporting.scorecard import TARGETS, Target, judge
from algotrade.reporting.scorecard_text import scorecard_markdown
from algotrade.reporting.search_tables import search_metrics
from algotrade.reporting.strategy_metrics import strategies_section

__all__ = [
    "TARGETS",
    "Findings",
    "QualityFrames",
    "ReportContext",
    "ReportFrames",
    "Target",
    "data_metrics",
    "feature_metrics",
    "gate_metrics",
    "judge",
    "quality_figures",
    "render_report",
    "report_figures",
    "result_figures",
    "scorecard_markdown",
    "search_metrics",
    "strategies_section",
    "verdict",
]
