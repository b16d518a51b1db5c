"""The champion is asked about candles that it could not know, and only about what it was made for."""

import numpy as np
import pandas as pd
import pytest

from algotrade.domain.candles import from_milliseconds
from algotrade.domain.timeframe import Timeframe
from algotrade.models.base import build_model
from algotrade.models.bundle import ModelBundle, write_bundle
from algotrade.models.manifest import Manifest
from algotrade.pipelines.training.nodes.gate import later_forecasts
from algotrade.validation.training_data import TrainingData, training_data
from algotrade.validation.walk_forward import fit_final
from tests.models.provenance import PROVENANCE
from tests.validation.conftest import market

HORIZON = 4


@pytest.fixture(scope="module")
def data() -> TrainingData:
    return training_data(*market(1_200, 2, strength=1.0, horizon=HORIZON), Timeframe("1h"), history=3)


@pytest.fixture(scope="module")
def champion(data: TrainingData, tmp_path_factory: pytest.TempPathFactory) -> ModelBundle:
    """Trained on what was known in the middle of the history, of the first symbol alone."""
    times = from_milliseconds(data.open_time)
    middle = len(times) // 4
    known = data.take((data.open_time <= data.open_time[middle]) & (data.symbol_codes == 0))
    made = {
        **PROVENANCE,
        "feature_names": data.feature_names,
        "symbols": data.symbols[:1],
        "training_end": times[middle].to_pydatetime(),
        "labels_known_until": from_milliseconds([known.known_at.max()])[0].to_pydatetime(),
    }
    folder = tmp_path_factory.mktemp("champion") / "bundle"
    write_bundle(folder, fit_final(build_model("logistic"), known), made)
    return ModelBundle.load(folder)


@pytest.fixture(scope="module")
def own(data: TrainingData) -> pd.DataFrame:
    """Where the challenger was tested: the last three quarters."""
    tested = data.take(data.open_time >= np.quantile(data.open_time, 0.25))
    return pd.DataFrame({"open_time": from_milliseconds(tested.open_time)})


def test_it_is_asked_from_the_last_label_that_it_learned_from_on(champion, own, data):
    found = later_forecasts(champion, champion.manifest, own, data)
    assert set(found["symbol"]) == set(champion.manifest.symbols)
    assert found["open_time"].min() == champion.manifest.labels_known_until
    assert champion.manifest.labels_known_until > champion.manifest.training_end
    assert found["open_time"].max() == from_milliseconds([data.open_time.max()])[0]


def test_it_answers_what_it_would_serve(champion, own, data):
    found = later_forecasts(champion, champion.manifest, own, data)
    rows = (data.open_time >= champion.manifest.labels_known_until.timestamp() * 1_000) & (data.symbol_codes == 0)
    windows = data.labelled.samples.take(rows).windows(champion.manifest.history)
    np.testing.assert_array_equal(found["probability"], champion.predict(windows).probability)
    np.testing.assert_array_equal(found["forward_return"], data.labelled.targets.forward_return[rows])


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("feature_fingerprint", "beef"),
        ("horizon", 8),
        ("label", "another one"),
        ("timeframe", "4h"),
        ("exchange", "kraken"),
    ],
)
def test_it_is_not_asked_about_what_it_was_not_made_for(champion, own, data, caplog, key, value):
    challenger: Manifest = champion.manifest.model_copy(update={key: value})
    assert len(later_forecasts(champion, challenger, own, data)) == 0
    assert f"its {key} differs from the challenger's" in caplog.text


def test_there_is_nothing_to_ask_where_nothing_is_new(champion, own, data):
    end = from_milliseconds([data.open_time.max() + 1])[0].to_pydatetime()
    newest = ModelBundle(
        champion.manifest.model_copy(update={"labels_known_until": end}), champion.model, champion.preparation
    )
    assert len(later_forecasts(newest, champion.manifest, own, data)) == 0
