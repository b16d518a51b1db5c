"""A bundle is loaded as it was written or not at all."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from tests.models.provenance import PROVENANCE

from algotrade.errors import BundleRejected, ConfigurationError, ModelError
from algotrade.models import ModelBundle, Preparation, PreparationSettings, build_model, write_bundle
from algotrade.models.ensemble import Ensemble


@pytest.fixture(scope="module")
def trees(training, held_out):
    return build_model("lightgbm", {"min_data_in_leaf": 20, "num_threads": 1}).fit(training, held_out)


@pytest.fixture
def folder(tmp_path, trees):
    write_bundle(tmp_path / "champion", trees, PROVENANCE)
    return tmp_path / "champion"


def test_a_bundle_forecasts_as_its_model_and_says_where_it_came_from(folder, trees, held_out):
    bundle = ModelBundle.load(folder, expected_fingerprint="f00d")
    windows = held_out.samples.windows(1)
    np.testing.assert_array_equal(bundle.predict(windows).probability, trees.predict(held_out.samples).probability)
    assert bundle.predict_one(windows[0]) == trees.predict_one(windows[0])
    manifest = bundle.manifest
    assert (manifest.model, manifest.history, manifest.horizon) == ("lightgbm", 1, 4)
    assert manifest.fold_scores[1]["auc"] is None
    assert manifest.settings["min_data_in_leaf"] == 20
    assert set(manifest.files) == {"model/parameters.json", "model/trees.txt"}
    assert manifest.libraries["lightgbm"]


def test_nothing_else_is_left_behind(folder):
    assert [path.name for path in folder.parent.iterdir()] == ["champion"]
    assert sorted(path.name for path in folder.rglob("*") if path.is_file()) == [
        "manifest.json", "parameters.json", "trees.txt",
    ]  # fmt: skip


def test_a_changed_file_is_refused_by_name(folder):
    path = folder / "model" / "trees.txt"
    path.write_text(path.read_text().replace("leaf_value=", "leaf_value= ", 1))
    with pytest.raises(BundleRejected, match=r"model/trees\.txt was changed"):
        ModelBundle.load(folder)


def test_a_missing_file_is_refused_by_name(folder):
    (folder / "model" / "trees.txt").unlink()
    with pytest.raises(BundleRejected, match=r"model/trees\.txt is missing"):
        ModelBundle.load(folder)


def test_an_extra_file_is_refused_by_name(folder):
    (folder / "model" / "hook.py").write_text("")
    with pytest.raises(BundleRejected, match=r"model/hook\.py does not belong"):
        ModelBundle.load(folder)


@pytest.mark.parametrize("text", ["", "[]", "{}", "not json"])
def test_an_unreadable_manifest_is_refused(folder, text):
    (folder / "manifest.json").write_text(text)
    with pytest.raises(BundleRejected, match=r"manifest\.json"):
        ModelBundle.load(folder)


def test_a_changed_manifest_is_refused(folder):
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"horizon": 5}))
    with pytest.raises(BundleRejected, match=r"manifest\.json was changed"):
        ModelBundle.load(folder)


def test_another_fingerprint_is_refused(folder):
    with pytest.raises(BundleRejected, match="f00d, but cafe"):
        ModelBundle.load(folder, expected_fingerprint="cafe")


def test_a_folder_that_is_no_bundle_is_refused(tmp_path):
    with pytest.raises(BundleRejected, match="no model bundle"):
        ModelBundle.load(tmp_path)


@pytest.mark.parametrize("shape", [(3, 1, 4), (3, 2, 5)])
def test_windows_of_another_shape_are_refused(folder, shape):
    with pytest.raises(ModelError, match="1 rows of 5 features"):
        ModelBundle.load(folder).predict(np.zeros(shape))


def test_provenance_must_be_complete_and_known(tmp_path, trees):
    with pytest.raises(ConfigurationError, match="horizon"):
        write_bundle(tmp_path / "a", trees, {key: PROVENANCE[key] for key in PROVENANCE if key != "horizon"})
    with pytest.raises(ConfigurationError, match="mood"):
        write_bundle(tmp_path / "a", trees, {**PROVENANCE, "mood": "good"})


def test_a_failed_write_leaves_the_old_bundle_as_it_was(folder):
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(ModelError, match="not fitted"):
        write_bundle(folder, build_model("lightgbm"), PROVENANCE)
    assert {path: path.read_bytes() for path in folder.parent.rglob("*") if path.is_file()} == before


def test_a_bundle_replaces_the_one_before(folder, training):
    write_bundle(folder, build_model("logistic").fit(training), PROVENANCE, version="2")
    assert ModelBundle.load(folder).manifest.version == "2"
    assert [path.name for path in folder.parent.iterdir()] == ["champion"]


def test_loading_and_predicting_needs_no_training_library(tmp_path, trees, fitted_lstm):
    ensemble = build_model("ensemble", {"members": {"lightgbm": {}, "lstm": {"history": 4}}})
    model = Ensemble(ensemble.settings, members=(trees, fitted_lstm))
    write_bundle(tmp_path / "bundle", model, PROVENANCE)
    program = (
        "import sys, pathlib, numpy as np\n"
        "from algotrade.models import ModelBundle\n"
        "bundle = ModelBundle.load(pathlib.Path(sys.argv[1]))\n"
        "print(*bundle.predict_one(np.zeros((4, 5))))\n"
        "print(*sorted({'tensorflow', 'keras', 'mlflow', 'optuna'} & set(sys.modules)))\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "bundle")]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, env=dict(os.environ)).stdout
    forecast, imported = printed.splitlines()
    assert imported == ""
    np.testing.assert_allclose([float(word) for word in forecast.split()], model.predict_one(np.zeros((4, 5))))


PREPARATIONS = {
    "columns": PreparationSettings(max_features=3),
    "pca": PreparationSettings(max_features=3, factors={"kind": "pca", "count": 2}),
    "autoencoder": PreparationSettings(factors={"kind": "autoencoder", "count": 2, "epochs": 2}),
}
SMALL_TREES = {"min_data_in_leaf": 20, "max_rounds": 9, "num_threads": 1}
SMALL_NETWORK = {"history": 3, "units": 2, "epochs": 1, "batch_size": 256}
PREPARED = {
    "trees on fewer columns": ("columns", "lightgbm", SMALL_TREES),
    "trees and principal components": ("pca", "lightgbm", SMALL_TREES),
    "trees and an autoencoder": ("autoencoder", "lightgbm", SMALL_TREES),
    "logistic": ("autoencoder", "logistic", {}),
    "ensemble": ("pca", "ensemble", {"members": {"lightgbm": SMALL_TREES, "lstm": SMALL_NETWORK}}),
}


@pytest.fixture(scope="module", params=PREPARED.values(), ids=PREPARED)
def prepared(request, training, held_out):
    """A preparation and a model that was fitted on its result."""
    how, name, settings = request.param
    preparation = Preparation.fit(training, PROVENANCE["feature_names"], PREPARATIONS[how])
    return preparation, build_model(name, settings).fit(
        preparation.of_labelled(training), preparation.of_labelled(held_out)
    )


def test_a_bundle_prepares_raw_windows_by_itself_and_forecasts_bit_for_bit(tmp_path, prepared, held_out):
    preparation, model = prepared
    write_bundle(tmp_path / "champion", model, PROVENANCE, preparation=preparation)
    bundle = ModelBundle.load(tmp_path / "champion")
    expected = model.predict(preparation.of(held_out.samples))
    windows = held_out.samples.windows(model.history)
    found = bundle.predict(windows)
    np.testing.assert_array_equal(found.probability, expected.probability)
    np.testing.assert_array_equal(found.expected_return, expected.expected_return)
    alone = [bundle.predict_one(window) for window in windows[:20]]
    together = np.column_stack([found.probability, found.expected_return])[:20]
    np.testing.assert_allclose(alone, together, atol=1e-6)
    if model.name == "lightgbm":
        np.testing.assert_array_equal(alone, together)
    with pytest.raises(ModelError, match="of 5 features"):
        bundle.predict(windows[..., :3])


def test_a_missing_feature_online_is_forecast_all_the_same(tmp_path, prepared, held_out):
    preparation, model = prepared
    write_bundle(tmp_path / "champion", model, PROVENANCE, preparation=preparation)
    bundle = ModelBundle.load(tmp_path / "champion")
    window = held_out.samples.windows(model.history)[0].copy()
    window[:, 0] = np.nan
    assert np.isfinite(bundle.predict_one(window)).all()


@pytest.fixture
def prepared_folder(tmp_path, training, held_out):
    fitted = Preparation.fit(training, PROVENANCE["feature_names"], PREPARATIONS["pca"])
    model = build_model("logistic").fit(fitted.of_labelled(training), fitted.of_labelled(held_out))
    write_bundle(tmp_path / "champion", model, PROVENANCE, preparation=fitted)
    return tmp_path / "champion"


def test_a_changed_missing_or_added_preparation_is_refused(prepared_folder):
    path = prepared_folder / "preparation.json"
    text = path.read_text()
    path.write_text(text.replace('"limit": 5.0', '"limit": 4.0', 1))
    with pytest.raises(BundleRejected, match=r"preparation\.json was changed"):
        ModelBundle.load(prepared_folder)
    path.unlink()
    with pytest.raises(BundleRejected, match=r"preparation\.json is missing"):
        ModelBundle.load(prepared_folder)


def test_a_preparation_cannot_be_slipped_into_a_bundle_without_one(tmp_path, prepared_folder, training):
    write_bundle(tmp_path / "plain", build_model("majority").fit(training), PROVENANCE)
    (prepared_folder / "preparation.json").rename(tmp_path / "plain" / "preparation.json")
    with pytest.raises(BundleRejected, match=r"preparation\.json does not belong"):
        ModelBundle.load(tmp_path / "plain")


def test_a_preparation_of_other_features_is_refused(tmp_path, training, trees):
    other = Preparation.fit(training, ("v", "w", "x", "y", "z"), PREPARATIONS["columns"])
    with pytest.raises(ModelError, match="not the same"):
        write_bundle(tmp_path / "champion", trees, PROVENANCE, preparation=other)
    assert list(tmp_path.iterdir()) == []


def test_a_preparation_that_does_nothing_leaves_no_file(tmp_path, trees):
    write_bundle(tmp_path / "a", trees, PROVENANCE, preparation=Preparation.nothing(PROVENANCE["feature_names"]))
    assert set(ModelBundle.load(tmp_path / "a").manifest.files) == {"model/parameters.json", "model/trees.txt"}
