"""The pipelines by name, and those of the main job in order as the default."""

from importlib import import_module

from kedro.pipeline import Pipeline

MAIN_JOB = ("ingestion", "feature_engineering", "training", "backtesting", "reporting")
ON_REQUEST = ("audit", "drift", "retraining")
"""Run by their own name only, on what the main job has left."""


def register_pipelines() -> dict[str, Pipeline]:
    """Every pipeline under its name, and the sum of the main job's as ``__default__``."""
    pipelines = {
        name: import_module(f"algotrade.pipelines.{name}").create_pipeline() for name in (*MAIN_JOB, *ON_REQUEST)
    }
    return {**pipelines, "__default__": sum((pipelines[name] for name in MAIN_JOB), Pipeline([]))}
