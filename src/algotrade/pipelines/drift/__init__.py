"""Drift: the newest features against those that the champion learned from."""

from algotrade.pipelines.drift.pipeline import create_pipeline

__all__ = ["create_pipeline"]
