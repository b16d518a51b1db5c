"""Wiring of the retraining pipeline."""

from kedro.pipeline import Node, Pipeline, node

from algotrade.pipelines import feature_engineering, ingestion
from algotrade.pipelines.retraining import nodes


def create_pipeline() -> Pipeline:
    """Ingestion and features → what each trigger says → plan (→ training, by a hook) → what came of it."""
    decision = Pipeline([*_triggers(), *_decision()], tags="retraining")
    return ingestion.create_pipeline() + feature_engineering.create_pipeline() + decision


def _triggers() -> list[Node]:
    return [
        node(
            nodes.watch_drift,
            inputs=[
                "features",
                "feature_spec",
                "universe",
                "reigning",
                "kept_drift_reference",
                "params:drift",
                "params:retraining",
            ],
            outputs="retraining_drift",
            name="watch_drift",
        ),
        node(
            nodes.watch_performance,
            inputs=[
                "candles",
                "features",
                "feature_spec",
                "universe",
                "reigning",
                "params:training",
                "params:retraining",
            ],
            outputs="retraining_performance",
            name="watch_performance",
        ),
    ]


def _decision() -> list[Node]:
    return [
        node(
            nodes.decide,
            inputs=[
                "universe",
                "feature_spec",
                "candles",
                "reigning",
                "last_run_record",
                "retraining_drift",
                "retraining_performance",
                "params:training",
                "params:retraining",
            ],
            outputs="retraining_plan",
            name="decide_on_training",
        ),
        node(
            nodes.conclude,
            inputs=["retraining_plan", "last_decision"],
            outputs=["retraining", "retraining_history"],
            name="conclude_retraining",
        ),
    ]
