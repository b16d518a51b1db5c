"""A bundle says what its calibration makes of what its model says, one by one as among many."""

import json
from dataclasses import replace

import numpy as np
import pytest
from tests.models.provenance import PROVENANCE

from algotrade.errors import BundleRejected, ModelError
from algotrade.models import ModelBundle, build_model, write_bundle
from algotrade.models.calibration import Calibration, Isotonic, Platt
from algotrade.models.intervals import ReturnInterval

INTERVAL = ReturnInterval(0.9, 0.02, "c", factor=3.0, floor=0.5)
CALIBRATION = Calibration(Platt(0.5, 0.0), INTERVAL)


@pytest.fixture(scope="module")
def trees(training, held_out):
    return build_model("lightgbm", {"min_data_in_leaf": 20, "num_threads": 1}).fit(training, held_out)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, trees):
    folder = tmp_path_factory.mktemp("bundles") / "champion"
    write_bundle(folder, trees, PROVENANCE, calibration=CALIBRATION)
    return folder


@pytest.fixture(scope="module")
def bundle(folder):
    return ModelBundle.load(folder)


def test_what_is_served_is_calibrated(bundle, trees, held_out):
    said, raw = bundle.predict(held_out.samples.windows(1)), trees.predict(held_out.samples)
    np.testing.assert_array_equal(said.probability, CALIBRATION.calibrator.apply(raw.probability))
    np.testing.assert_array_equal(said.expected_return, raw.expected_return)
    assert (said.probability != raw.probability).any()


@pytest.mark.parametrize("calibrator", [Platt(0.5, 0.1), Isotonic((0.3, 0.5, 0.7), (0.4, 0.45, 0.6))])
def test_one_by_one_it_says_the_same_to_the_last_bit(bundle, held_out, calibrator):
    served = replace(bundle, calibration=Calibration(calibrator))
    windows = held_out.samples.windows(1)[:200]
    many = served.predict(windows)
    assert [served.predict_one(window) for window in windows] == list(
        zip(many.probability.tolist(), many.expected_return.tolist(), strict=True)
    )


def test_the_interval_is_as_wide_as_prices_have_moved_of_late(bundle):
    window = np.array([[0.0, 0.0, 2.0, 0.0, 0.0]])
    assert bundle.interval(0.01, window) == pytest.approx((0.01 - 6.0, 0.01 + 6.0))
    assert bundle.interval(0.01) == pytest.approx((-0.01, 0.03))
    with pytest.raises(ModelError, match="5 features"):
        bundle.interval(0.01, window[:, :3])


def test_the_calibration_is_a_file_of_the_bundle_and_guarded_like_any(folder, tmp_path, trees):
    assert json.loads((folder / "calibration.json").read_text()) == CALIBRATION.to_json()
    write_bundle(tmp_path / "other", trees, PROVENANCE, calibration=CALIBRATION)
    path = tmp_path / "other" / "calibration.json"
    path.write_text(path.read_text().replace("0.5", "0.6", 1))
    with pytest.raises(BundleRejected, match=r"calibration\.json was changed"):
        ModelBundle.load(tmp_path / "other")


def test_a_calibration_that_does_nothing_leaves_no_file(tmp_path, trees, held_out):
    write_bundle(tmp_path / "plain", trees, PROVENANCE, calibration=Calibration())
    assert not (tmp_path / "plain" / "calibration.json").exists()
    plain = ModelBundle.load(tmp_path / "plain")
    np.testing.assert_array_equal(
        plain.predict(held_out.samples.windows(1)).probability, trees.predict(held_out.samples).probability
    )
    with pytest.raises(ModelError, match="packaged without an interval"):
        plain.interval(0.0)
