"""Ingestion: candles from a source, inspected, stored once, and snapshot for the run."""

from algotrade.pipelines.ingestion.pipeline import create_pipeline

__all__ = ["create_pipeline"]
