"""Retraining: whether to train again, and why; where that is so, the training pipeline runs as part of it."""

from algotrade.pipelines.retraining.pipeline import create_pipeline

__all__ = ["create_pipeline"]
