"""Feature engineering: the feature frame of the run, and the latest vectors online."""

from algotrade.pipelines.feature_engineering.pipeline import create_pipeline

__all__ = ["create_pipeline"]
