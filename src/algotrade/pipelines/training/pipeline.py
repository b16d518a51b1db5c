"""Wiring of the training pipeline."""

from kedro.pipeline import Node, Pipeline, node

from algotrade.pipelines.training import nodes

_WALK = ["training_data", "folds", "preparations"]


def create_pipeline() -> Pipeline:
    """Labels → folds → features prepared → every model walked forward → scores → champion."""
    walked = [*_inputs(), *_walks(), *_search_effect(), *_paths()]
    return Pipeline([*walked, *_judgement(), *_packaging(), *_record()], tags="training")


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
            nodes.lay_out_folds,
            inputs=["training_data", "folds", "params:training"],
            outputs="fold_rows",
            name="lay_out_folds",
        ),
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
            outputs=["found_settings", "tuning_trials", "search_summary"],
            name="search_settings",
        ),
    ]


def _walks() -> list[Node]:
    return [
        node(
            nodes.walk_baselines,
            inputs=[*_WALK, "found_settings", "params:training"],
            outputs="baseline_predictions",
            name="walk_baselines",
        ),
        node(
            nodes.walk_lightgbm,
            inputs=[*_WALK, "found_settings", "params:training"],
            outputs=["lightgbm_predictions", "lightgbm_by_fold"],
            name="walk_lightgbm",
        ),
        node(
            nodes.walk_candidates,
            inputs=[*_WALK, "found_settings", "params:training"],
            outputs=["candidate_predictions", "candidates_by_fold"],
            name="walk_candidates",
        ),
        node(
            nodes.blend,
            inputs=["lightgbm_predictions", "candidate_predictions", "folds", "params:training"],
            outputs=["ensemble_predictions", "ensemble_weights"],
            name="blend_ensemble",
        ),
        node(
            nodes.score_horizons,
            inputs=[*_WALK, "candidates_by_fold", "params:training"],
            outputs="horizon_scores",
            name="score_horizons",
        ),
    ]


def _search_effect() -> list[Node]:
    return [
        node(
            nodes.compare_search,
            inputs=[
                *_WALK,
                "found_settings",
                "baseline_predictions",
                "lightgbm_predictions",
                "candidate_predictions",
                "params:training",
            ],
            outputs="search_effect",
            name="compare_search",
        )
    ]


def _paths() -> list[Node]:
    return [
        node(
            nodes.walk_paths,
            inputs=["training_data", "params:training"],
            outputs=["combinatorial_paths", "combinatorial_splits", "combinatorial"],
            name="walk_combinatorial",
        )
    ]


def _judgement() -> list[Node]:
    return [
        node(
            nodes.calibrate,
            inputs=[
                "baseline_predictions",
                "lightgbm_predictions",
                "candidate_predictions",
                "ensemble_predictions",
                "training_data",
                "folds",
                "params:training",
            ],
            outputs=["calibrated_predictions", "calibrations"],
            name="calibrate_models",
        ),
        node(
            nodes.score,
            inputs=["calibrated_predictions", "training_data", "folds", "params:training"],
            outputs=["out_of_fold_predictions", "fold_scores", "model_scores", "calibration", "hit_rates"],
            name="score_models",
        ),
        node(
            nodes.judge_features,
            inputs=[*_WALK, "lightgbm_by_fold", "feature_spec", "params:training"],
            outputs=["features_by_fold", "feature_stability", "importance_agreement"],
            name="judge_features",
        ),
        node(nodes.choose, inputs="model_scores", outputs="ranking", name="choose_champion"),
        node(
            nodes.explain,
            inputs=[
                *_WALK,
                "lightgbm_by_fold",
                "candidates_by_fold",
                "ensemble_weights",
                "ranking",
                "feature_spec",
                "params:training",
            ],
            outputs="explanation",
            name="explain_champion",
        ),
    ]


def _packaging() -> list[Node]:
    return [
        node(
            nodes.fit_members,
            inputs=["training_data", "preparations", "found_settings", "params:training"],
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
            nodes.assemble,
            inputs=["members", "ensemble_weights", "ranking"],
            outputs="fitted",
            name="assemble_candidates",
        ),
        node(
            nodes.package,
            inputs=[
                "fitted",
                "calibrations",
                "out_of_fold_predictions",
                "fold_scores",
                "training_data",
                "preparations",
                "feature_spec",
                "universe",
                "params:training",
            ],
            outputs="candidates",
            name="package_candidates",
        ),
        node(
            nodes.judge_challenger,
            inputs=[
                "candidates",
                "fitted",
                "reigning",
                "ranking",
                "out_of_fold_predictions",
                "model_scores",
                "fold_scores",
                "training_data",
                "folds",
                "preparations",
                "feature_spec",
                "params:training",
            ],
            outputs="gate_decision",
            name="judge_challenger",
        ),
        node(
            nodes.write_cards,
            inputs=[
                "candidates",
                "model_scores",
                "explanation",
                "importance",
                "gate_decision",
                "feature_spec",
                "universe",
            ],
            outputs="model_cards",
            name="write_model_cards",
        ),
        node(
            nodes.enlist,
            inputs=["candidates", "model_cards", "ranking", "gate_decision", "params:training"],
            outputs="model_registry",
            name="register_candidates",
        ),
        node(
            nodes.promote,
            inputs=["gate_decision", "model_registry"],
            outputs=["champion", "decision"],
            name="promote_or_keep",
        ),
    ]


def _record() -> list[Node]:
    return [
        node(
            nodes.record_run,
            inputs=[
                "candidates",
                "universe",
                "feature_spec",
                "candles",
                "features",
                "params:ingestion",
                "params:feature_engineering",
                "params:training",
                "decision",
            ],
            outputs="run_record",
            name="record_run",
        ),
    ]
