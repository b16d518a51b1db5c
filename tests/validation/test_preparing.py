"""What is fitted on features knows the fitting rows of its own training window and nothing else."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from algotrade.errors import ModelError
from algotrade.models import LabelledSamples, PreparationSettings, Samples, Targets, build_model
from algotrade.validation import (
    FoldSettings,
    Preparations,
    TrainingData,
    TrainingSettings,
    TuningSettings,
    early_stopping_split,
    fit_final,
    fit_preparations,
    walk_forward,
    walk_forward_folds,
)
from algotrade.validation.folds import test_rows as rows_of_test
from algotrade.validation.folds import train_rows
from algotrade.validation.tuning import Search, inner_data, search_settings

TREES = {"min_data_in_leaf": 20, "num_threads": 1, "max_rounds": 30, "learning_rate": 0.1}
ALL_ON = PreparationSettings(
    drop_constant=True, drop_duplicates=True, max_correlation=0.95, max_features=5, factors={"kind": "pca", "count": 2}
)
FORECAST = ["probability", "expected_return"]


@pytest.fixture(scope="module")
def wide(predictable) -> TrainingData:
    """The predictable market with more features: flat, twice, nearly twice, and eight of noise."""
    samples = predictable.labelled.samples
    random = np.random.default_rng(12)
    rows, signal = samples.features, samples.features[:, :1]
    near = signal + 0.01 * random.standard_normal(signal.shape)
    noise = random.standard_normal((len(rows), 8))
    features = np.concatenate([rows, np.full_like(signal, 2.0), signal, near, noise], axis=1)
    names = (*predictable.feature_names, "flat", "copy", "near", *(f"more_{number}" for number in range(8)))
    labelled = LabelledSamples(Samples(features, samples.ends), predictable.labelled.targets)
    return replace(predictable, labelled=labelled, feature_names=names)


@pytest.fixture(scope="module")
def walk(wide):
    return walk_forward_folds(wide.open_time, wide.known_at, wide.timeframe.milliseconds, FoldSettings(folds=3))


def changed(data: TrainingData, rows: np.ndarray, seed: int = 0) -> TrainingData:
    """The same data, with the features of some samples' last rows and their labels replaced by others."""
    features = data.labelled.samples.features.copy()
    random = np.random.default_rng(seed)
    spoiled = data.labelled.samples.ends[rows]
    features[spoiled] = 50 * random.standard_normal((len(spoiled), features.shape[1])) ** 3
    returns = np.where(rows, -data.labelled.targets.forward_return, data.labelled.targets.forward_return)
    samples = replace(data.labelled.samples, features=features)
    return replace(data, labelled=LabelledSamples(samples, Targets.of_returns(returns)))


def fitting_rows(data: TrainingData, fold) -> np.ndarray:
    inside = train_rows(fold, data.open_time, data.known_at)
    share = TrainingSettings().early_stopping_share
    return early_stopping_split(inside, data.open_time, data.known_at, share, fold.embargo)[0]


@pytest.mark.parametrize("factors", [{"kind": "pca", "count": 2}, {"kind": "autoencoder", "count": 2, "epochs": 2}])
def test_only_the_fitting_rows_of_the_window_matter(wide, walk, factors):
    settings = replace(ALL_ON, factors=factors)
    for position, fold in enumerate(walk):
        others = ~fitting_rows(wide, fold)
        honest, poisoned = (
            fit_preparations(data, walk, settings).folds[position] for data in (wide, changed(wide, others))
        )
        assert honest.preparation.to_json() == poisoned.preparation.to_json()
        assert honest.known_until <= fold.train_until


def test_the_fitting_rows_do_matter(wide, walk):
    """The test of the test: a change of the same kind inside the window shows."""
    inside = fitting_rows(wide, walk[0])
    honest, moved = (fit_preparations(data, walk, ALL_ON).folds[0] for data in (wide, changed(wide, inside)))
    assert honest.preparation.to_json() != moved.preparation.to_json()


@pytest.mark.parametrize(("model", "settings"), [("logistic", {}), ("lightgbm", TREES)])
def test_through_the_walk_no_test_row_changes_the_prediction_of_another(wide, walk, model, settings):
    fold = walk[0]
    tested = rows_of_test(fold, wide.open_time)
    spoiled = tested & (wide.open_time >= (fold.test_start + fold.test_end) // 2)
    later = spoiled | (wide.open_time >= fold.test_end)
    predictions = []
    for data in (wide, changed(wide, later)):
        prepared = fit_preparations(data, walk[:1], ALL_ON).folds
        walked = walk_forward(build_model(model, settings), data, walk[:1], preparations=prepared)
        predictions.append(walked.predictions.loc[~spoiled[tested], FORECAST])
    np.testing.assert_array_equal(*predictions)


def test_a_feature_that_tells_only_of_the_test_span_is_not_favoured(wide, walk):
    """One feature *is* the label, but only in the test spans: in training it is noise, and is treated as noise."""
    fold = walk[0]
    oracle = wide.feature_names.index("noise_1")
    features = wide.labelled.samples.features.copy()
    tested = wide.open_time >= fold.test_start
    features[wide.labelled.samples.ends[tested], oracle] = wide.labelled.targets.forward_return[tested]
    samples = replace(wide.labelled.samples, features=features)
    knowing = replace(wide, labelled=LabelledSamples(samples, wide.labelled.targets))
    settings = replace(ALL_ON, max_features=1, factors=None)
    assert fit_preparations(knowing, walk[:1], settings).folds[0].preparation.names == ("signal",)
    # Where it is told in training, too, it is the first to be chosen.
    features[wide.labelled.samples.ends, oracle] = wide.labelled.targets.forward_return
    assert fit_preparations(knowing, walk[:1], settings).folds[0].preparation.names == ("noise_1",)


def test_what_is_planted_is_found_in_every_fold_and_the_walk_still_finds_the_relation(wide, walk):
    fitted = fit_preparations(wide, walk, ALL_ON)
    for each in (*fitted.folds, fitted.final):
        reasons = {gone.feature: gone.reason for gone in each.preparation.dropped}
        assert (reasons["flat"], reasons["copy"], reasons["near"]) == ("constant", "duplicate", "collinear")
        assert len(each.preparation.kept) == 5
        assert "signal" in each.preparation.names
        assert each.preparation.names[-2:] == ("pca_1", "pca_2")
    predictions = walk_forward(build_model("logistic"), wide, walk, preparations=fitted.folds).predictions
    hit = (predictions["probability"] > 0.5) == (predictions["forward_return"] > 0)
    assert hit.mean() > 0.6


def test_everything_off_is_as_if_there_were_none(wide, walk):
    off = fit_preparations(wide, walk, PreparationSettings())
    assert all(each.preparation.is_nothing for each in (*off.folds, off.final))
    model = build_model("lightgbm", TREES)
    plain, prepared = (walk_forward(model, wide, walk, preparations=given) for given in (None, off.folds))
    pd.testing.assert_frame_equal(plain.predictions, prepared.predictions)
    rows = wide.labelled.samples
    np.testing.assert_array_equal(
        fit_final(model, wide).predict(rows).probability,
        fit_final(model, wide, preparation=off.final.preparation).predict(rows).probability,
    )


def test_a_preparation_that_knew_too_much_is_refused(wide, walk):
    fitted = fit_preparations(wide, walk, ALL_ON)
    with pytest.raises(ModelError, match=r"fold 0 was fitted on labels known until .* but its training ends at"):
        walk_forward(build_model("logistic"), wide, walk, preparations=[fitted.final, *fitted.folds[1:]])
    with pytest.raises(ModelError, match="in their order"):
        walk_forward(build_model("logistic"), wide, walk, preparations=fitted.folds[::-1])
    with pytest.raises(ModelError, match="2 preparations for 3 folds"):
        walk_forward(build_model("logistic"), wide, walk, preparations=fitted.folds[:2])


def test_what_was_written_as_json_prepares_identically(wide, walk):
    fitted = fit_preparations(wide, walk, ALL_ON)
    read = Preparations.from_json(json.loads(json.dumps(fitted.to_json(), allow_nan=False)))
    rows = wide.labelled.samples.features
    for one, other in zip((*fitted.folds, fitted.final), (*read.folds, read.final), strict=True):
        np.testing.assert_array_equal(one.preparation.transform(rows), other.preparation.transform(rows))
        assert one.known_until == other.known_until
    with pytest.raises(ModelError, match="final"):
        Preparations.from_json({"folds": []})


def test_the_search_prepares_inside_its_inner_training_rows(wide, walk, monkeypatch):
    """Nothing after the first fold's training changes it, and inside each inner fold only its training rows count."""
    from algotrade.models.preparation import Preparation

    seen, fit = [], Preparation.fit.__func__
    monkeypatch.setattr(
        Preparation, "fit", classmethod(lambda cls, rows, *rest: seen.append(rows) or fit(cls, rows, *rest))
    )
    quick = TuningSettings(trials=2, inner_folds=2)
    later = wide.known_at > walk[0].train_until

    def search(data: TrainingData, preparation: PreparationSettings | None) -> Search:
        return search_settings("lightgbm", TREES, inner_data(data, walk[0], quick, preparation=preparation), quick)

    one, other = (search(data, ALL_ON) for data in (wide, changed(wide, later)))
    pd.testing.assert_frame_equal(one.table(), other.table())
    assert len(seen) == 4
    known_at = dict(zip(wide.labelled.samples.ends.tolist(), wide.known_at.tolist(), strict=True))
    inside = wide.take(train_rows(walk[0], wide.open_time, wide.known_at))
    cut = FoldSettings(folds=2, test_share=quick.inner_test_share, min_training_rows=1)
    inner = walk_forward_folds(inside.open_time, inside.known_at, wide.timeframe.milliseconds, cut)
    for fold, rows in zip(inner, seen[:2], strict=True):
        assert max(known_at[end] for end in rows.samples.ends.tolist()) <= fold.train_until
    without = search(wide, None)
    assert (without.table()["value"] != one.table()["value"]).any()
