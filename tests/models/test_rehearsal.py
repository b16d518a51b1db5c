"""What a process that only serves makes of a bundle."""

import numpy as np
import pytest
from tests.models.provenance import PROVENANCE

from algotrade.errors import ModelError
from algotrade.models import build_model, write_bundle
from algotrade.models.bundle import ModelBundle
from algotrade.models.rehearsal import rehearse


def test_a_network_is_served_as_it_was_fitted_and_without_what_trained_it(tmp_path, fitted_lstm):
    write_bundle(tmp_path / "bundle", fitted_lstm, PROVENANCE)
    windows = np.random.default_rng(0).standard_normal((6, fitted_lstm.history, 5))
    found = rehearse(tmp_path / "bundle", windows)
    expected = ModelBundle.load(tmp_path / "bundle").predict(windows)
    np.testing.assert_allclose(found.forecast.probability, expected.probability, atol=1e-7)
    np.testing.assert_allclose(found.one_by_one.probability, expected.probability, atol=1e-5)
    assert found.heavy == ()
    assert 0 < found.milliseconds < 1_000


def test_a_bundle_that_cannot_be_served_is_told_with_its_reason(tmp_path, training):
    write_bundle(tmp_path / "bundle", build_model("majority").fit(training), PROVENANCE)
    next((tmp_path / "bundle" / "model").iterdir()).write_text("{}")
    with pytest.raises(ModelError, match=r"cannot serve the bundle .* was changed"):
        rehearse(tmp_path / "bundle", np.zeros((1, 1, 5)))
