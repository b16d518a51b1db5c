"""Wiring of the backtesting pipeline."""

from kedro.pipeline import Pipeline, node

from algotrade.pipelines.backtesting import nodes


def create_pipeline() -> Pipeline:
    """Out-of-fold predictions → strategies → fills → vectorbt's audit → statistics."""
    return Pipeline(
        [
            node(
                nodes.view,
                inputs=["candles", "out_of_fold_predictions", "ranking", "universe", "params:training"],
                outputs="market_view",
                name="align_predictions",
            ),
            node(
                nodes.run,
                inputs=["market_view", "params:backtesting"],
                outputs=["backtests", "equity", "fills"],
                name="simulate_strategies",
            ),
            node(nodes.audit_all, inputs="backtests", outputs="trades", name="audit_with_vectorbt"),
            node(
                nodes.sweep_variants,
                inputs=["market_view", "params:backtesting"],
                outputs=["trial_returns", "trial_variants"],
                name="sweep_variants",
            ),
            node(
                nodes.judge,
                inputs=["backtests", "trades", "trial_returns", "params:backtesting"],
                outputs=["strategy_scores", "overfitting"],
                name="judge_strategies",
            ),
        ],
        tags="backtesting",
    )
