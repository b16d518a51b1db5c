"""Wiring of the reporting pipeline."""

from kedro.pipeline import Pipeline, node

from algotrade.pipelines.reporting import nodes
from algotrade.reporting.figures import FIGURES, QUALITY_FIGURES, RESULT_FIGURES


def create_pipeline() -> Pipeline:
    """Results of all pipelines → metrics and figures → report and scorecard."""
    return Pipeline(
        [
            node(
                nodes.gather,
                inputs=[
                    "strategy_intervals",
                    "robustness",
                    "drawdown_table",
                    "attribution",
                    "stress",
                    "walk_forward_choices",
                    "walk_forward_equity",
                    "sweep_grid",
                    "candles",
                    "trades",
                    "fills",
                ],
                outputs="findings",
                name="gather_findings",
            ),
            node(
                nodes.draw,
                inputs=[
                    "equity",
                    "fold_scores",
                    "importance",
                    "features_by_fold",
                    "calibration",
                    "fold_rows",
                    "combinatorial_paths",
                    "hit_rates",
                    "explanation",
                    "tuning_trials",
                    "search_summary",
                    "strategy_scores",
                    "decision",
                    "universe",
                    "findings",
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
                    "search_summary",
                    "search_effect",
                    "model_scores",
                    "decision",
                    "strategy_scores",
                    "overfitting",
                    "combinatorial",
                    "findings",
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
                    "hit_rates",
                    "preparations",
                    "universe",
                    "decision",
                    "params:backtesting",
                    "findings",
                    *(f"figure_{name}" for name in FIGURES),
                ],
                outputs="report",
                name="write_report",
            ),
            node(nodes.write_scorecard, inputs="metrics", outputs="scorecard", name="write_scorecard"),
        ],
        tags="reporting",
    )
