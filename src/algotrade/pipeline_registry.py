"""The pipelines by name, and all of them in order as the default."""

from importlib import import_module

from kedro.pipeline import Pipeline

PIPELINES = ("ingestion", "feature_engineering", "training", "backtesting", "reporting")


def register_pipelines() -> dict[str, Pipeline]:
    """Every pipeline under its name, and their sum as ``__default__``."""
    pipelines = {name: import_module(f"algotrade.pipelines.{name}").create_pipeline() for name in PIPELINES}
    return {**pipelines, "__default__": sum(pipelines.values(), Pipeline([]))}
