"""Wiring of the reporting pipeline."""

from kedro.pipeline import Pipeline, node

from algotrade.pipelines.reporting import nodes
from algotrade.reporting.figures import FIGURES, QUALITY_FIGURES, RESULT_FIGURES


def create_pipeline() -> Pipeline:
    """Results of all pipelines → metrics and figures → report and scorecard."""
    return Pipeline(
        [
            node(
                nodes.draw,
                inputs=[
                    "equity",
                    "fold_scores",
                    "importance",
                    "features_by_fold",
                    "calibration",
                    "folds",
                    "strategy_scores",
                    "champion",
                    "universe",
                ],
                outputs=[f"figure_{name}" for name in RESULT_FIGURES],
                name="draw_figures",
            ),
            node(
                nodes.draw_quality,
                inputs=["quality_coverage", "quality_quarantined", "quality_anomalies", "quality_timeline"],
                outputs=[f"figure_{name}" for name in QUALITY_FIGURES],
                name="draw_quality_figures",
            ),
            node(
                nodes.summarise_features,
                inputs=["feature_hygiene", "feature_stability", "importance_agreement", "preparations"],
                outputs="feature_summary",
                name="summarise_features",
            ),
            node(
                nodes.summarise,
                inputs=[
                    "universe",
                    "data_quality",
                    "quality_quarantined",
                    "quality_divergence",
                    "feature_summary",
                    "model_scores",
                    "champion",
                    "strategy_scores",
                    "overfitting",
                    "timings",
                ],
                outputs="metrics",
                name="summarise_metrics",
            ),
            node(
                nodes.write_page,
                inputs=[
                    "metrics",
                    "data_quality",
                    "quality_gaps",
                    "feature_stability",
                    "preparations",
                    "universe",
                    "champion",
                    "params:backtesting",
                    *(f"figure_{name}" for name in FIGURES),
                ],
                outputs="report",
                name="write_report",
            ),
            node(nodes.write_scorecard, inputs="metrics", outputs="scorecard", name="write_scorecard"),
        ],
        tags="reporting",
    )
