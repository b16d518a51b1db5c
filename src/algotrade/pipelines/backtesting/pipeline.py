"""Wiring of the backtesting pipeline."""

from kedro.pipeline import Node, Pipeline, node

from algotrade.pipelines.backtesting import nodes


def create_pipeline() -> Pipeline:
    """Out-of-fold predictions → strategies → fills → vectorbt's audit → statistics."""
    return Pipeline([*_simulation(), *_search(), *_judgement()], tags="backtesting")


def _simulation() -> list[Node]:
    return [
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
    ]


def _search() -> list[Node]:
    return [
        node(
            nodes.sweep_variants,
            inputs=["market_view", "params:backtesting"],
            outputs=["trial_returns", "trial_variants", "swept_trials"],
            name="sweep_variants",
        ),
        node(
            nodes.lay_out_grid,
            inputs=["trial_variants", "params:backtesting"],
            outputs="sweep_grid",
            name="lay_out_grid",
        ),
        node(
            nodes.optimise,
            inputs=["market_view", "trial_returns", "trial_variants", "params:backtesting"],
            outputs=["walk_forward_choices", "walk_forward_equity", "walk_forward_figures", "trial_ledger"],
            name="choose_parameters",
        ),
        node(
            nodes.count_trials,
            inputs=["market_view", "trial_ledger", "trial_variants"],
            outputs="trial_count",
            name="count_trials",
        ),
        node(
            nodes.judge_walk_forward,
            inputs=["walk_forward_figures", "walk_forward_equity", "trial_count", "params:backtesting"],
            outputs="walk_forward",
            name="judge_walk_forward",
        ),
    ]


def _judgement() -> list[Node]:
    results = ["backtests", "trades", "market_view"]
    return [
        node(
            nodes.judge,
            inputs=[*results, "trial_returns", "trial_count", "params:backtesting"],
            outputs=["strategy_scores", "overfitting"],
            name="judge_strategies",
        ),
        node(
            nodes.estimate_intervals,
            inputs=[*results, "params:backtesting"],
            outputs="strategy_intervals",
            name="estimate_intervals",
        ),
        node(
            nodes.assess_robustness,
            inputs=[*results, "trial_returns", "trial_variants", "sweep_grid", "params:backtesting"],
            outputs="robustness",
            name="assess_robustness",
        ),
        node(
            nodes.list_drawdowns,
            inputs=["backtests", "params:backtesting"],
            outputs="drawdown_table",
            name="list_drawdowns",
        ),
        node(nodes.attribute_profits, inputs=results, outputs="attribution", name="attribute_profits"),
        node(
            nodes.stress_strategies,
            inputs=["backtests", "market_view", "params:backtesting"],
            outputs="stress",
            name="stress_strategies",
        ),
    ]
