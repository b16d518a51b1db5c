"""Audit: the user's own features, labels, strategies and the whole chain probed for what they see of the future."""

from algotrade.pipelines.audit.pipeline import create_pipeline

__all__ = ["create_pipeline"]
