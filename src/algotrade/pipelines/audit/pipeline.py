"""Wiring of the audit pipeline."""

from kedro.pipeline import Pipeline, node

from algotrade.pipelines.audit import nodes

_AUDITED = [f"audited_{subject}" for subject in ("features", "inputs", "labels", "folds", "strategies", "chain")]


def create_pipeline() -> Pipeline:
    """A slice of the candles → what is found against each part → report → verdict."""
    own, features, training = "params:audit", "params:feature_engineering", "params:training"
    backtesting = "params:backtesting"
    return Pipeline(
        [
            node(nodes.cut_slice, ["candles", "universe", own, features], "audit_panel", name="cut_slice"),
            node(nodes.audit_features, ["audit_panel", own, features], "audited_features", name="audit_features"),
            node(
                nodes.audit_inputs,
                ["audit_panel", "stored_frames", features, training],
                "audited_inputs",
                name="audit_inputs",
            ),
            node(nodes.audit_labels, ["audit_panel", own, training], "audited_labels", name="audit_labels"),
            node(
                nodes.audit_folds,
                ["audit_panel", own, features, training, backtesting],
                "audited_folds",
                name="audit_folds",
            ),
            node(
                nodes.audit_strategies,
                ["audit_panel", own, training, backtesting],
                "audited_strategies",
                name="audit_strategies",
            ),
            node(
                nodes.audit_chain,
                ["audit_panel", own, features, training, backtesting],
                "audited_chain",
                name="audit_chain",
            ),
            node(
                nodes.write_report,
                ["audit_panel", own, features, backtesting, *_AUDITED],
                ["audit", "audit_table", "audit_page"],
                name="write_audit",
            ),
            node(nodes.judge, ["audit", "audit_table", "audit_page"], None, name="judge_audit"),
        ],
        tags="audit",
    )
