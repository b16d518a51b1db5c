"""Training: labels, purged walk-forward, out-of-fold scores, and the champion's bundle."""

from algotrade.pipelines.training.pipeline import create_pipeline

__all__ = ["create_pipeline"]
