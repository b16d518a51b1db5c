"""Reporting: metrics, figures, the page and the scorecard."""

from algotrade.pipelines.reporting.pipeline import create_pipeline

__all__ = ["create_pipeline"]
