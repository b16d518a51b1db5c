"""Wiring of the drift pipeline."""

from kedro.pipeline import Pipeline, node

from algotrade.pipelines.drift import nodes
from algotrade.reporting.drift import DRIFT_FIGURES


def create_pipeline() -> Pipeline:
    """Features and the champion → reference → comparison → verdict, tables, figures, page and metrics."""
    figures = [f"figure_{name}" for name in DRIFT_FIGURES]
    return Pipeline(
        [
            node(
                nodes.keep_reference,
                inputs=["features", "feature_spec", "universe", "champion", "kept_drift_reference", "params:drift"],
                outputs="drift_reference",
                name="keep_drift_reference",
            ),
            node(
                nodes.compare_newest,
                inputs=["drift_reference", "features", "feature_spec"],
                outputs="drift_comparison",
                name="compare_newest_features",
            ),
            node(
                nodes.judge,
                inputs="drift_comparison",
                outputs=["drift", "drift_features", "drift_families", "drift_metrics"],
                name="judge_drift",
            ),
            node(nodes.draw, inputs="drift_comparison", outputs=figures, name="draw_drift_figures"),
            node(
                nodes.write_page,
                inputs=["drift", "drift_features", "drift_families", *figures],
                outputs="drift_report",
                name="write_drift_report",
            ),
        ],
        tags="drift",
    )
