"""Wiring of the reporting pipeline."""

from kedro.pipeline import Pipeline, node

from algotrade.pipelines.reporting import nodes
from algotrade.reporting.figures import FIGURES


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
                    "calibration",
                    "folds",
                    "strategy_scores",
                    "champion",
                    "universe",
                ],
                outputs=[f"figure_{name}" for name in FIGURES],
                name="draw_figures",
            ),
            node(
                nodes.summarise,
                inputs=[
                    "universe",
                    "data_quality",
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
