"""Laws that every registered model keeps; a new one meets them unasked."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from algotrade.errors import ModelError
from algotrade.models import MODELS, LabelledSamples, Model, Samples, Targets, build_model

# Only to be quick: a model that is not named here is tested with its defaults.
_TINY_LSTM = {"history": 4, "units": 3, "epochs": 1, "batch_size": 256}
_TINY_TREES = {"min_data_in_leaf": 20, "max_rounds": 30, "num_threads": 1}
QUICK = {
    "lightgbm": _TINY_TREES,
    "lstm": _TINY_LSTM,
    "ensemble": {"members": {"lightgbm": _TINY_TREES, "lstm": _TINY_LSTM}, "weights": {"lightgbm": 0.7, "lstm": 0.3}},
    "multi_horizon": {"settings": _TINY_TREES},
}
LONGEST_HISTORY = 24
NAMES = ("rsi_14", "log_return_4", "log_return_8", "volume_z_24")


def samples(rows: int, seed: int) -> LabelledSamples:
    random = np.random.default_rng(seed)
    features = random.standard_normal((rows, len(NAMES)))
    returns = 0.01 * (features[:, 0] + random.standard_normal(rows))
    ends = np.arange(LONGEST_HISTORY - 1, rows)
    targets = Targets.of_returns(returns[ends], target=100 * returns[ends])
    targets = replace(targets, further={24: returns[ends] + 0.01 * random.standard_normal(len(ends))})
    return LabelledSamples(Samples(features, ends, names=NAMES, history=LONGEST_HISTORY), targets)


TRAINING, EARLY_STOPPING, LATER = samples(700, 0), samples(300, 1), samples(300, 2).samples


def with_features(labelled: LabelledSamples, features: np.ndarray) -> LabelledSamples:
    return replace(labelled, samples=replace(labelled.samples, features=features))


def with_weight(labelled: LabelledSamples, weight: np.ndarray) -> LabelledSamples:
    return replace(labelled, targets=replace(labelled.targets, weight=weight))


def written(model: Model, folder: Path) -> dict[str, bytes]:
    folder.mkdir()
    model.save(folder)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module", params=list(MODELS))
def unfitted(request) -> Model:
    return build_model(request.param, QUICK.get(request.param, {}))


@pytest.fixture(scope="module")
def fitted(unfitted) -> Model:
    return unfitted.fit(TRAINING, EARLY_STOPPING)


def test_a_forecast_is_a_probability_and_a_finite_return_for_each_sample(fitted):
    forecast = fitted.predict(LATER)
    assert forecast.probability.shape == forecast.expected_return.shape == (len(LATER),)
    assert forecast.probability.dtype == forecast.expected_return.dtype == np.float64
    assert ((forecast.probability > 0) & (forecast.probability < 1)).all()
    assert np.isfinite(forecast.expected_return).all()


def test_a_loaded_model_forecasts_identically_and_keeps_no_pickle(fitted, tmp_path):
    fitted.save(tmp_path)
    loaded = type(fitted).load(tmp_path)
    assert loaded.settings == fitted.settings
    assert (loaded.name, loaded.history) == (fitted.name, fitted.history)
    expected, found = fitted.predict(LATER), loaded.predict(LATER)
    np.testing.assert_array_equal(found.probability, expected.probability)
    np.testing.assert_array_equal(found.expected_return, expected.expected_return)
    assert {path.suffix for path in tmp_path.rglob("*") if path.is_file()} <= {".json", ".txt", ".onnx"}


def test_the_same_seed_and_samples_give_the_same_files(fitted, unfitted, tmp_path):
    again = unfitted.fit(TRAINING, EARLY_STOPPING)
    assert written(again, tmp_path / "again") == written(fitted, tmp_path / "first")


def test_fitting_changes_neither_the_model_nor_its_samples(unfitted):
    parts = (TRAINING, EARLY_STOPPING)
    blocks = [
        block
        for part in parts
        for block in (part.samples.features, part.samples.ends, part.targets.forward_return, part.targets.weight)
    ]
    before = [block.copy() for block in blocks]
    twin = build_model(unfitted.name, QUICK.get(unfitted.name, {}))
    assert unfitted.fit(*parts) is not unfitted
    assert unfitted == twin
    for block, expected in zip(blocks, before, strict=True):
        np.testing.assert_array_equal(block, expected)


def test_one_window_is_forecast_as_among_many(fitted):
    few = LATER.take(np.arange(5))
    forecast = fitted.predict(few)
    # A network multiplies in float32, in an order that depends on how many windows there are.
    tolerance = 1e-6 if fitted.history > 1 else 1e-12
    for position, window in enumerate(few.windows(fitted.history)):
        expected = (forecast.probability[position], forecast.expected_return[position])
        np.testing.assert_allclose(fitted.predict_one(window), expected, rtol=0, atol=tolerance)


def test_missing_features_are_accepted_in_training_and_in_a_forecast(unfitted):
    holes = np.random.default_rng(0).random(TRAINING.samples.features.shape) < 0.3
    fitted = unfitted.fit(with_features(TRAINING, np.where(holes, np.nan, TRAINING.samples.features)), EARLY_STOPPING)
    windows = LATER.windows(fitted.history)[:20].copy()
    windows[:10, :, 1], windows[10:] = np.nan, np.nan
    forecast = fitted.predict(Samples.of_windows(windows))
    assert np.isfinite(forecast.probability).all()
    assert np.isfinite(forecast.expected_return).all()


@pytest.mark.parametrize("value", [0.0, 3.5, np.nan])
def test_features_that_are_constant_or_missing_throughout_say_nothing(unfitted, value):
    """One of them adds nothing; of nothing else the forecast is the same for every sample."""
    features = TRAINING.samples.features.copy()
    features[:, 3] = value
    parts = [with_features(part, features[: len(part.samples.features)]) for part in (TRAINING, EARLY_STOPPING)]
    fitted = unfitted.fit(*parts)
    changed = LATER.features.copy()
    changed[:, 3] = value
    assert np.isfinite(fitted.predict(replace(LATER, features=changed)).probability).all()
    flat = unfitted.fit(with_features(TRAINING, np.full_like(TRAINING.samples.features, value)), None)
    probability = flat.predict(replace(LATER, features=np.full_like(LATER.features, value))).probability
    if not (unfitted.name == "persistence" and value > 0):
        assert np.ptp(probability) < 1e-9
        np.testing.assert_allclose(probability, TRAINING.targets.base_rate, atol=0.1)


def test_a_sample_of_weight_zero_is_as_if_it_were_not_there(unfitted, tmp_path):
    there = np.random.default_rng(0).random(len(TRAINING)) < 0.7
    there_to_stop = np.random.default_rng(1).random(len(EARLY_STOPPING)) < 0.7
    left_out = unfitted.fit(TRAINING.take(there), EARLY_STOPPING.take(there_to_stop))
    weightless = unfitted.fit(
        with_weight(TRAINING, there.astype(float)), with_weight(EARLY_STOPPING, there_to_stop.astype(float))
    )
    assert written(weightless, tmp_path / "weightless") == written(left_out, tmp_path / "left_out")


def test_heavy_samples_pull_the_forecast_to_their_side(unfitted):
    """Rises after a rise count tenfold: after a rise, a rise becomes likelier."""
    after_rise = TRAINING.samples.last()[:, NAMES.index("log_return_8")] > 0
    heavy = np.where(TRAINING.targets.direction & after_rise, 10.0, 1.0)
    asked = LATER.take(LATER.last()[:, NAMES.index("log_return_8")] > 0)
    before, after = (
        unfitted.fit(part, None).predict(asked).probability for part in (TRAINING, with_weight(TRAINING, heavy))
    )
    assert after.mean() > before.mean() + 0.1


@pytest.mark.parametrize("weight", [-1.0, np.nan, np.inf])
def test_a_weight_that_is_no_weight_is_refused(unfitted, weight):
    weights = np.ones(len(TRAINING))
    weights[7] = weight
    with pytest.raises(ModelError, match=r"1 of 677 sample weights"):
        unfitted.fit(with_weight(TRAINING, weights))


@pytest.mark.parametrize("sign", [-1, 1])
def test_labels_of_one_direction_are_refused(unfitted, sign):
    one_way = Targets.of_returns(sign * np.abs(TRAINING.targets.forward_return) - 1e-9)
    with pytest.raises(ModelError, match=r"went the same way.*Train on more candles"):
        unfitted.fit(replace(TRAINING, targets=replace(one_way, further=TRAINING.targets.further)))


def test_no_sample_at_all_is_refused(unfitted):
    with pytest.raises(ModelError, match="0 of 0 training samples"):
        unfitted.fit(TRAINING.take(np.arange(0)))


@pytest.mark.parametrize("rows", [2, 5, 40])
def test_a_handful_of_samples_gives_a_careful_forecast(unfitted, rows):
    rises = TRAINING.targets.direction
    few = TRAINING.take(np.sort([*np.flatnonzero(rises)[: rows // 2], *np.flatnonzero(~rises)[: rows - rows // 2]]))
    for early_stopping in (None, EARLY_STOPPING.take(np.arange(1))):
        forecast = unfitted.fit(few, early_stopping).predict(LATER)
        assert ((forecast.probability > 0) & (forecast.probability < 1)).all()
        assert np.abs(forecast.expected_return).max() < 0.2


def test_a_forecast_never_looks_past_the_end_of_its_sample(fitted):
    features = LATER.features.copy()
    features[150:] = 1e3
    earlier = LATER.take(LATER.ends < 150)
    expected = fitted.predict(earlier).probability
    np.testing.assert_array_equal(fitted.predict(replace(earlier, features=features)).probability, expected)


def test_fitting_needs_no_early_stopping_samples(unfitted):
    assert len(unfitted.fit(TRAINING).predict(LATER).probability) == len(LATER)


def test_an_unfitted_model_neither_forecasts_nor_saves(unfitted, tmp_path):
    for use in (lambda: unfitted.predict(LATER), lambda: unfitted.save(tmp_path)):
        with pytest.raises(ModelError, match="not fitted"):
            use()


def test_an_empty_folder_is_no_model(unfitted, tmp_path: Path):
    with pytest.raises(ModelError, match="Train the model again"):
        type(unfitted).load(tmp_path)


def test_the_registered_name_is_the_models_own(unfitted):
    assert MODELS[unfitted.name] is type(unfitted)


LOAD_AND_PREDICT = """
import sys
from pathlib import Path
import numpy as np
from algotrade.models import MODELS
for folder in sorted(Path(sys.argv[1]).iterdir()):
    model = MODELS[folder.name].load(folder)
    model.predict_one(np.zeros((model.history, 4)))
    print(folder.name, *sorted({'tensorflow', 'keras', 'onnx', 'mlflow', 'optuna'} & set(sys.modules)))
"""


def test_loading_and_predicting_needs_no_library_that_only_training_uses(tmp_path):
    for name in MODELS:
        folder = tmp_path / name
        folder.mkdir()
        build_model(name, QUICK.get(name, {})).fit(TRAINING, EARLY_STOPPING).save(folder)
    run = subprocess.run(
        [sys.executable, "-c", LOAD_AND_PREDICT, str(tmp_path)],
        capture_output=True,
        text=True,
        env=os.environ,
        check=False,
    )
    assert run.stdout.split() == sorted(MODELS), run.stderr
