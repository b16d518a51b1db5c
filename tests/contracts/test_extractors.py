"""Laws that every registered factor extractor keeps; a new one meets them unasked."""

import hashlib
import inspect
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from algotrade.errors import ConfigurationError, ModelError
from algotrade.models import EXTRACTORS
from algotrade.models.preparation.base import Extractor, build_extractor, extractor_from_json, extractor_to_json

COUNT = 3
WIDTH = 12
NAMES = tuple(f"feature_{number}" for number in range(WIDTH))


def rows(count: int, seed: int) -> np.ndarray:
    """Features that three hidden ones move, of very different sizes, a few of them missing."""
    random = np.random.default_rng(seed)
    mixing = np.random.default_rng(99).standard_normal((COUNT, WIDTH))
    hidden = random.standard_normal((count, COUNT)) @ mixing
    values = (hidden + 0.3 * random.standard_normal((count, WIDTH))) * np.geomspace(1e-4, 1e3, WIDTH)
    values[random.random(values.shape) < 0.02] = np.nan
    return values


TRAINING, LATER = rows(1500, 0), rows(400, 1)


@pytest.fixture(scope="module", params=list(EXTRACTORS))
def unfitted(request) -> Extractor:
    return build_extractor({"kind": request.param, "count": COUNT})


@pytest.fixture(scope="module")
def fitted(unfitted) -> Extractor:
    return unfitted.fit(TRAINING, NAMES)


def test_factors_are_as_many_as_asked_for_finite_and_named(fitted):
    factors = fitted.transform(LATER)
    assert factors.shape == (len(LATER), COUNT)
    assert factors.dtype == np.float64
    assert np.isfinite(factors).all()
    assert fitted.factor_names == tuple(f"{fitted.name}_{number}" for number in (1, 2, 3))
    assert (factors.std(axis=0) > 1e-3).all()


def test_what_the_factors_say_to_explain_is_much_of_what_moves_together_and_little_of_noise(fitted):
    assert 0.6 < fitted.explained <= 1.0
    random = np.random.default_rng(5).standard_normal((1500, WIDTH))
    assert build_extractor({"kind": fitted.name, "count": COUNT}).fit(random, NAMES).explained < 0.5


def test_a_row_has_the_same_factors_alone_and_among_many_to_the_last_bit(fitted):
    together = fitted.transform(LATER)
    alone = np.concatenate([fitted.transform(LATER[row : row + 1]) for row in range(100)])
    np.testing.assert_array_equal(alone, together[:100])
    np.testing.assert_array_equal(fitted.transform(np.asfortranarray(LATER)), together)


def test_what_was_written_as_json_transforms_identically(fitted):
    text = json.dumps(extractor_to_json(fitted), allow_nan=False)
    loaded = extractor_from_json(json.loads(text))
    assert type(loaded) is type(fitted)
    assert loaded.settings == fitted.settings
    np.testing.assert_array_equal(loaded.transform(LATER), fitted.transform(LATER))
    assert loaded.explained == fitted.explained
    np.testing.assert_array_equal(loaded.loadings(), fitted.loadings())


def test_a_missing_feature_counts_as_the_median_of_the_training_rows(fitted):
    holes, filled = LATER.copy(), LATER.copy()
    holes[:, 4] = np.nan
    filled[:, 4] = np.nanmedian(TRAINING[:, 4])
    np.testing.assert_allclose(fitted.transform(holes), fitted.transform(filled), atol=1e-12)
    assert np.isfinite(fitted.transform(np.full((1, WIDTH), np.nan))).all()


def test_values_out_of_all_proportion_stay_finite(fitted):
    wild = LATER.copy()
    wild[:, 0], wild[:, 1] = 1e300, -np.inf
    assert np.isfinite(fitted.transform(wild)).all()


def test_features_that_never_move_or_are_never_there_are_accepted(unfitted):
    poor = TRAINING.copy()
    poor[:, 2], poor[:, 3] = 7.0, np.nan
    extractor = unfitted.fit(poor, NAMES)
    assert np.isfinite(extractor.transform(LATER)).all()


def test_equal_rows_give_equal_factors(unfitted, fitted):
    np.testing.assert_array_equal(unfitted.fit(TRAINING.copy(), NAMES).transform(LATER), fitted.transform(LATER))


def test_equal_rows_give_equal_factors_in_another_process(fitted):
    program = (
        "import hashlib, importlib, runpy\n"
        f"importlib.import_module({type(fitted).__module__!r})\n"
        "from algotrade.models.preparation.base import build_extractor\n"
        f"laws = runpy.run_path({__file__!r})\n"
        f"unfitted = build_extractor(dict(kind={fitted.name!r}, count=laws['COUNT']))\n"
        "fitted = unfitted.fit(laws['TRAINING'], laws['NAMES'])\n"
        "print(hashlib.sha256(fitted.transform(laws['LATER']).tobytes()).hexdigest())\n"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "1"}
    command = [sys.executable, "-c", program]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout.strip()
    assert printed == hashlib.sha256(fitted.transform(LATER).tobytes()).hexdigest()


def test_the_largest_loading_of_each_factor_is_positive(fitted):
    loadings = fitted.loadings()
    assert loadings.shape == (WIDTH, COUNT)
    assert (loadings[np.abs(loadings).argmax(axis=0), np.arange(COUNT)] > 0).all()


def test_an_extractor_is_a_value(unfitted, fitted):
    assert fitted is not unfitted
    with pytest.raises(ModelError, match="not fitted"):
        unfitted.transform(LATER)
    with pytest.raises(ModelError, match="not fitted"):
        unfitted.to_json()


@pytest.mark.parametrize(("count", "width"), [(COUNT, 12), (400, 2)])
def test_too_little_for_the_factors_is_refused(unfitted, count, width):
    with pytest.raises(ModelError, match=rf"cannot make 3 factors of {count} training rows with {width} features"):
        unfitted.fit(LATER[:count, :width], NAMES[:width])


def test_rows_of_other_features_are_refused(fitted):
    with pytest.raises(ModelError, match="rows of 11"):
        fitted.transform(LATER[:, 1:])


def test_unknown_settings_are_refused_with_the_known_ones(unfitted):
    with pytest.raises(ConfigurationError, match=r"cuont.*count"):
        build_extractor({"kind": unfitted.name, "cuont": 3})
    with pytest.raises(ConfigurationError, match="count"):
        build_extractor({"kind": unfitted.name, "count": 0})


def test_the_registered_name_is_its_own_and_the_documentation_has_formula_and_source(unfitted):
    assert EXTRACTORS[unfitted.name] is type(unfitted)
    text = inspect.getdoc(type(unfitted))
    assert text is not None
    for part in (".. math::", "References", "missing feature", "unit:"):
        assert part in text


def test_an_unknown_kind_is_refused_with_the_known_ones():
    with pytest.raises(ConfigurationError, match="autoencoder, pca"):
        build_extractor({"kind": "umap", "count": 2})
