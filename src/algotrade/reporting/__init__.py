"""What a run tells its reader: the scorecard for the terminal, the figures, and one self-contained page."""

from algotrade.reporting.context import ReportContext
from algotrade.reporting.figures import ReportFrames, report_figures
from algotrade.reporting.page import render_report
from algotrade.reporting.scorecard import TARGETS, Target, judge, verdict
from algotrade.reporting.scorecard_text import scorecard_markdown

__all__ = [
    "TARGETS",
    "ReportContext",
    "ReportFrames",
    "Target",
    "judge",
    "render_report",
    "report_figures",
    "scorecard_markdown",
    "verdict",
]
