"""Backtesting: every strategy on the out-of-fold span, re-accounted, and judged against luck."""

from algotrade.pipelines.backtesting.pipeline import create_pipeline

__all__ = ["create_pipeline"]
