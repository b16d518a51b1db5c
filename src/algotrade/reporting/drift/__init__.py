"""What a drift check tells its reader: tables, figures and one self-contained page."""

from algotrade.reporting.drift.figures import DRIFT_FIGURES, drift_figures
from algotrade.reporting.drift.page import render_drift_page
from algotrade.reporting.drift.tables import family_table, feature_table

__all__ = ["DRIFT_FIGURES", "drift_figures", "family_table", "feature_table", "render_drift_page"]
