"""What a run says of its features, and what its champion carries, on disk."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from algotrade.errors import ConfigurationError
from algotrade.models import ModelBundle, PreparationSettings
from algotrade.pipelines.parameters import TrainingParameters
from algotrade.pipelines.training import nodes
from algotrade.validation import Preparations


class TestParameters:
    @pytest.mark.parametrize(
        ("given", "helps"),
        [
            ({"preparation": {"max_corelation": 0.9}}, "Did you mean 'max_correlation'"),
            ({"preparation": {"max_correlation": 1.5}}, "max_correlation"),
            ({"preparation": {"factors": {"kind": "umap"}}}, "autoencoder, pca"),
            ({"preparation": {"factors": {"kind": "pca", "number": 3}}}, "count"),
            ({"hygiene": {"outliers": 3}}, "outlier_limit"),
        ],
    )
    def test_what_is_not_known_is_refused_with_what_is(self, given, helps):
        with pytest.raises(ConfigurationError, match=helps):
            TrainingParameters.parse(given)

    def test_the_network_of_an_autoencoder_has_the_seed_of_the_run(self):
        parameters = {"seed": 11, "preparation": {"factors": {"kind": "autoencoder", "count": 2}}}
        factors = TrainingParameters.parse(parameters).seeded_preparation.factors
        assert factors == {"kind": "autoencoder", "count": 2, "seed": 11}

    def test_without_a_section_nothing_is_done_to_the_features(self):
        assert TrainingParameters.parse({}).seeded_preparation == PreparationSettings()


UNIVERSE = {"timeframe": "1h", "symbols": ["BTC/USDT"]}


def test_missing_values_after_the_warm_up_are_not_lost_in_silence(make_features, caplog):
    features, labels = make_features(holes=7)
    data = nodes.join(features, labels, UNIVERSE, {"models": {"lstm": {"history": 2}}})
    assert "7 of 300 feature rows are lost" in caplog.text
    assert "most often holes" in caplog.text
    assert len(data) < len(labels) - 7
    caplog.clear()
    features, labels = make_features(holes=0)
    nodes.join(features, labels, UNIVERSE, {"models": {"lstm": {"history": 2}}})
    assert "lost" not in caplog.text


@pytest.fixture
def make_features():
    def made(holes: int) -> tuple[pd.DataFrame, pd.DataFrame]:
        random = np.random.default_rng(0)
        times = pd.date_range("2024-01-01", periods=300, freq="h", tz="UTC").as_unit("ms")
        features = pd.DataFrame({"symbol": "BTC/USDT", "open_time": times, "calm": random.standard_normal(300)})
        features["holes"] = random.standard_normal(300)
        features.loc[np.arange(holes) * 20 + 50, "holes"] = np.nan
        forward_return = random.standard_normal(298)
        labels = pd.DataFrame(
            {
                "symbol": "BTC/USDT",
                "open_time": times[:-2],
                "known_at": times[2:],
                "forward_return": forward_return,
                "target": forward_return,
                "weight": 1.0,
            }
        )
        return features, labels

    return made


@pytest.fixture(scope="module")
def spec(finished: Path) -> dict:
    return json.loads((finished / "04_feature" / "feature_spec.json").read_text())


@pytest.fixture(scope="module")
def preparations(finished: Path) -> Preparations:
    return Preparations.from_json(json.loads((finished / "05_model_input" / "preparations.json").read_text()))


def test_every_training_window_has_its_own_preparation(preparations, finished):
    folds = json.loads((finished / "05_model_input" / "folds.json").read_text())
    assert len(preparations.folds) == len(folds)
    for fitted, fold in zip(preparations.folds, folds, strict=True):
        assert fitted.known_until <= fold["train_until"]
        assert fitted.preparation.factor_names
    known = [each.known_until for each in (*preparations.folds, preparations.final)]
    assert known == sorted(set(known))


def test_the_bundle_carries_the_preparation_of_the_final_fit_and_takes_raw_rows(finished, preparations, spec):
    champion = ModelBundle.load(finished / "06_models" / "champion")
    assert "preparation.json" in champion.manifest.files
    assert champion.preparation.to_json() == preparations.final.preparation.to_json()
    assert champion.manifest.feature_names == tuple(spec["names"])
    features = pd.read_parquet(finished / "04_feature" / "features.parquet")
    window = features[spec["names"]].to_numpy()[-champion.manifest.history :]
    one, many = champion.predict_one(window), champion.predict(window[None])
    np.testing.assert_allclose(one, (many.probability[0], many.expected_return[0]), atol=1e-6)


def test_the_frames_on_features_cover_every_feature_and_factor(finished, preparations, spec):
    factors = list(preparations.final.preparation.factor_names)
    hygiene = pd.read_parquet(finished / "05_model_input" / "feature_hygiene.parquet")
    assert hygiene["feature"].tolist() == spec["names"]
    assert hygiene["family"].tolist() == spec["families"]
    by_fold = pd.read_parquet(finished / "07_model_output" / "features_by_fold.parquet")
    for fold, rows in by_fold.groupby("fold"):
        assert rows["feature"].tolist() == [*spec["names"], *factors]
        selected = rows.loc[rows["selected"], "feature"].tolist()
        assert selected == list(preparations.folds[fold].preparation.names)
    stability = pd.read_parquet(finished / "07_model_output" / "feature_stability.parquet")
    importance = pd.read_parquet(finished / "06_models" / "importance.parquet")
    for frame in (stability, importance):
        assert sorted(frame["feature"]) == sorted([*spec["names"], *factors])
        assert set(frame.loc[frame["feature"].isin(factors), "family"]) == {"custom"}
    assert importance["importance"].sum() == pytest.approx(1.0)
    assert set(importance.loc[importance["selected"], "feature"]) == set(preparations.final.preparation.names)


def test_the_metrics_and_the_report_tell_of_the_features(finished, preparations, spec):
    told = json.loads((finished / "08_reporting" / "metrics.json").read_text())["features"]
    final = preparations.final.preparation
    assert (told["count"], told["kept"]) == (len(spec["names"]), len(final.kept))
    assert told["factors"]["kind"] == final.extractor.name
    assert told["count"] - told["kept"] == sum(told["dropped"].values())
    page = (finished / "08_reporting" / "report.html").read_text().replace("<wbr>", "")
    section = page[page.index('id="features"') : page.index('id="data"')]
    for part in ("Agreement of folds", *final.factor_names, 'data-figure="importance_by_fold"'):
        assert part in section
