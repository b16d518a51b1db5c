"""What features were worth by fold adds up, and agreement between folds is measured against chance."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from algotrade.models import PreparationSettings, build_model
from algotrade.validation import FoldSettings, fit_preparations, walk_forward, walk_forward_folds
from algotrade.validation.feature_stability import (
    feature_stability,
    features_by_fold,
    importance_agreement,
    kuncheva_index,
)
from algotrade.validation.folds import test_rows as rows_of_test
from algotrade.validation.training_rows import TrainingSettings

TREES = {"min_data_in_leaf": 20, "num_threads": 1, "max_rounds": 40, "learning_rate": 0.1}
FAMILIES = {"signal": "technical", "noise_1": "volume", "noise_2": "volume", "noise_3": "volume"}


@pytest.fixture(scope="module")
def walk(predictable):
    return walk_forward_folds(predictable.open_time, predictable.known_at, 3_600_000, FoldSettings(folds=3))


@pytest.fixture(scope="module")
def by_fold(predictable, walk):
    settings = PreparationSettings(max_features=3, factors={"kind": "pca", "count": 2})
    preparations = fit_preparations(predictable, walk, settings).folds
    models = walk_forward(build_model("lightgbm", TREES), predictable, walk, preparations=preparations).models
    return features_by_fold(
        predictable, walk, preparations, [model.importance() for model in models], FAMILIES, TrainingSettings()
    )


def test_every_fold_has_every_feature_and_factor_and_its_importances_sum_to_one(by_fold):
    assert by_fold.groupby("fold").size().tolist() == [6, 6, 6]
    np.testing.assert_allclose(by_fold.groupby("fold")["importance"].sum(), 1.0)
    dropped = by_fold[~by_fold["selected"]]
    assert len(dropped) == 3
    assert (dropped["importance"] == 0).all()
    assert set(by_fold.loc[by_fold["feature"].str.startswith("pca_"), "family"]) == {"custom"}


def test_the_coefficient_of_a_feature_alone_is_that_of_the_test_rows(by_fold, predictable, walk):
    for fold in walk:
        tested = rows_of_test(fold, predictable.open_time)
        expected = spearmanr(
            predictable.labelled.samples.last()[tested, 0], predictable.labelled.targets.forward_return[tested]
        ).statistic
        found = by_fold[(by_fold["fold"] == fold.index) & (by_fold["feature"] == "signal")]
        assert found["information_coefficient"].item() == pytest.approx(expected)
        assert expected > 0.5


def test_the_planted_feature_leads_and_is_stable(by_fold):
    stability = feature_stability(by_fold, top=2)
    best = stability.iloc[0]
    assert (best["feature"], best["top_share"], best["selected_share"], best["sign_share"]) == ("signal", 1.0, 1.0, 1.0)
    assert best["mean_rank"] == 1.0
    assert not best["unstable"]
    assert stability["importance"].is_monotonic_decreasing


def made_up(importances: dict[str, list[float]], coefficients: dict[str, list[float]]) -> pd.DataFrame:
    parts = []
    for fold in range(len(next(iter(importances.values())))):
        values = pd.Series({name: given[fold] for name, given in importances.items()})
        parts.append(
            pd.DataFrame(
                {
                    "fold": fold,
                    "feature": values.index,
                    "family": "technical",
                    "selected": (values > 0).to_numpy(),
                    "importance": values.to_numpy(),
                    "rank": (-values).rank().to_numpy(),
                    "information_coefficient": [coefficients[name][fold] for name in values.index],
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def test_a_feature_that_leads_in_one_fold_only_is_unstable_and_a_turning_sign_is_counted():
    frame = made_up(
        {"steady": [0.5, 0.6, 0.5, 0.6], "once": [0.4, 0.0, 0.0, 0.0], "never": [0.1, 0.4, 0.5, 0.4]},
        {"steady": [0.1, 0.2, 0.1, 0.2], "once": [0.3, -0.1, 0.1, -0.1], "never": [np.nan] * 4},
    )
    stability = feature_stability(frame, top=2).set_index("feature")
    assert stability["unstable"].to_dict() == {"steady": False, "never": False, "once": True}
    assert stability["top_share"].to_dict() == {"steady": 1.0, "never": 0.75, "once": 0.25}
    assert stability.loc["once", "sign_share"] == 0.5
    assert stability.loc["once", "selected_share"] == 0.25
    assert stability.loc["once", "importance_std"] == pytest.approx(np.std([0.4, 0, 0, 0]))
    assert np.isnan(stability.loc["never", "sign_share"])


def test_folds_that_agree_score_one_and_those_that_do_not_score_by_chance():
    names = [f"f{number}" for number in range(200)]
    same = dict(zip(names, np.outer(np.arange(1.0, 201), np.ones(3)).tolist(), strict=True))
    nothing = dict.fromkeys(names, [0.0] * 3)
    agreement = importance_agreement(made_up(same, nothing))
    assert agreement["rank_correlation"] == pytest.approx(1.0)
    assert agreement["kuncheva_index"] == 1.0
    random = np.random.default_rng(0).random((200, 3)).tolist()
    chance = importance_agreement(made_up(dict(zip(names, random, strict=True)), nothing))
    assert abs(chance["rank_correlation"]) < 0.15
    assert abs(chance["kuncheva_index"]) < 0.15
    assert (chance["folds"], chance["top"]) == (3, 20)


def test_one_fold_agrees_with_nobody():
    agreement = importance_agreement(made_up({"a": [0.6], "b": [0.4]}, {"a": [0.1], "b": [0.1]}))
    assert agreement == {"folds": 1, "top": 2, "rank_correlation": None, "kuncheva_index": None}


def test_the_index_is_zero_in_the_mean_by_chance():
    random = np.random.default_rng(0)
    drawn = [kuncheva_index(*(set(random.choice(30, 8, replace=False).tolist()) for _ in "ab"), 30) for _ in range(400)]
    assert np.mean(drawn) == pytest.approx(0.0, abs=0.05)
    assert kuncheva_index({1, 2}, {1, 2}, 9) == 1.0
    assert kuncheva_index({0, 1}, {0, 1}, 2) is None
