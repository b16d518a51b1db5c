"""Wiring of the training pipeline."""

from kedro.pipeline import Node, Pipeline, node

from algotrade.pipelines.training import nodes

_WALK = ["training_data", "folds", "preparations"]


def create_pipeline() -> Pipeline:
    """Labels → folds → features prepared → every model walked forward → scores → champion."""
    return Pipeline([*_inputs(), *_walks(), *_judgement(), *_packaging()], tags="training")


def _inputs() -> list[Node]:
    return [
        node(
            nodes.label,
            inputs=["candles", "universe", "params:training"],
            outputs="labels",
            name="label_candles",
        ),
        node(
            nodes.join,
            inputs=["features", "labels", "universe", "params:training"],
            outputs="training_data",
            name="join_features_and_labels",
        ),
        node(nodes.cut_folds, inputs=["training_data", "params:training"], outputs="folds", name="cut_folds"),
        node(
            nodes.inspect_features,
            inputs=["features", "feature_spec", "params:training"],
            outputs="feature_hygiene",
            name="inspect_features",
        ),
        node(
            nodes.prepare,
            inputs=["training_data", "folds", "params:training"],
            outputs="preparations",
            name="prepare_features",
        ),
        node(
            nodes.tune,
            inputs=["training_data", "folds", "params:training"],
            outputs=["lightgbm_settings", "tuning_trials"],
            name="tune_lightgbm",
        ),
    ]


def _walks() -> list[Node]:
    return [
        node(
            nodes.walk_baselines,
            inputs=[*_WALK, "params:training"],
            outputs="baseline_predictions",
            name="walk_baselines",
        ),
        node(
            nodes.walk_lightgbm,
            inputs=[*_WALK, "lightgbm_settings", "params:training"],
            outputs=["lightgbm_predictions", "lightgbm_by_fold"],
            name="walk_lightgbm",
        ),
        node(nodes.walk_lstm, inputs=[*_WALK, "params:training"], outputs="lstm_predictions", name="walk_lstm"),
        node(
            nodes.blend,
            inputs=["lightgbm_predictions", "lstm_predictions", "folds"],
            outputs=["ensemble_predictions", "ensemble_weights"],
            name="blend_ensemble",
        ),
    ]


def _judgement() -> list[Node]:
    return [
        node(
            nodes.score,
            inputs=["baseline_predictions", "lightgbm_predictions", "lstm_predictions", "ensemble_predictions"],
            outputs=["out_of_fold_predictions", "fold_scores", "model_scores", "calibration"],
            name="score_models",
        ),
        node(
            nodes.judge_features,
            inputs=[*_WALK, "lightgbm_by_fold", "feature_spec"],
            outputs=["features_by_fold", "feature_stability", "importance_agreement"],
            name="judge_features",
        ),
        node(nodes.choose, inputs="model_scores", outputs="ranking", name="choose_champion"),
    ]


def _packaging() -> list[Node]:
    return [
        node(
            nodes.fit_members,
            inputs=["training_data", "preparations", "lightgbm_settings", "params:training"],
            outputs="members",
            name="fit_on_all_history",
        ),
        node(
            nodes.importance,
            inputs=["members", "preparations", "feature_spec"],
            outputs="importance",
            name="rank_features",
        ),
        node(
            nodes.package,
            inputs=[
                "members",
                "ensemble_weights",
                "ranking",
                "fold_scores",
                "training_data",
                "preparations",
                "feature_spec",
                "universe",
                "params:training",
            ],
            outputs=["champion", "challenger"],
            name="package_models",
        ),
        node(nodes.enlist, inputs=["champion", "challenger"], outputs="model_registry", name="register_models"),
    ]
