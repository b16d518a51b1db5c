"""Planted faults of a feature frame are found, counted and named; nothing is changed or chosen."""

import numpy as np
import pandas as pd
import pytest

from algotrade.domain.timeframe import Timeframe
from algotrade.features.naming import required_features
from algotrade.models import build_model, usable_rows
from algotrade.models.preparation.columns import rank_correlations
from algotrade.validation import training_data, walk_forward, walk_forward_folds
from algotrade.validation.folds import FoldSettings
from algotrade.validation.hygiene import HygieneSettings, feature_hygiene, row_loss

HOUR = Timeframe("1h")
ROWS = 600
OPTIONAL = "taker_buy_imbalance_12"
FAMILIES = {"told": "technical", "noise": "volume", OPTIONAL: "microstructure"}


@pytest.fixture
def planted(make_market) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two symbols: one feature told again in two ways, one flat, one only the second symbol has, one with holes."""
    features, labels = make_market(ROWS, 2, strength=1.0, horizon=1)
    features = features.rename(columns={"signal": "told", "noise_1": "noise", "noise_2": "holes", "noise_3": "spiky"})
    random = np.random.default_rng(3)
    features["copy"] = features["told"]
    features["near"] = np.exp(features["told"]) + 0.01 * random.standard_normal(len(features))
    features["flat"] = 1.5
    features["also_flat"] = 1.5
    features[OPTIONAL] = np.where(np.arange(len(features)) < ROWS, np.nan, random.standard_normal(len(features)))
    features.loc[:19, "holes"] = np.nan
    features.loc[[100, 101, 300, ROWS + 7], "holes"] = np.nan
    features.loc[[50, 51, 52, 53, 54, 55], "spiky"] = 1e6
    return features, labels


@pytest.fixture
def report(planted) -> pd.DataFrame:
    before = planted[0].copy()
    frame = feature_hygiene(planted[0], FAMILIES)
    pd.testing.assert_frame_equal(planted[0], before)
    return frame.set_index("feature")


def required_of(features: pd.DataFrame) -> np.ndarray:
    return required_features(tuple(features.columns.drop(["symbol", "open_time"])))


def test_there_is_one_row_a_feature_in_their_order(report, planted):
    assert report.index.tolist() == [name for name in planted[0].columns if name not in {"symbol", "open_time"}]
    assert report.loc[OPTIONAL, "family"] == "microstructure"


def test_what_is_missing_is_told_by_where(report):
    assert report.loc["holes", ["symbols_without", "warm_up_rows", "scattered_rows"]].tolist() == [0, 20, 4]
    assert report.loc["holes", "missing_share"] == pytest.approx(24 / (2 * ROWS))
    assert report.loc[OPTIONAL, ["symbols_without", "warm_up_rows", "scattered_rows"]].tolist() == [1, 0, 0]
    assert report.loc[OPTIONAL, "missing_share"] == pytest.approx(0.5)
    assert (
        report.loc["told", ["symbols_without", "warm_up_rows", "scattered_rows", "missing_share"]].tolist() == [0] * 4
    )


def test_constant_duplicate_and_near_copies_are_found_with_their_representative(report):
    assert report.index[report["constant"]].tolist() == ["flat", "also_flat"]
    assert report["duplicate_of"][report["duplicate_of"] != ""].to_dict() == {"copy": "told"}
    clustered = report[report["cluster"] > 0]
    assert clustered.index.tolist() == ["told", "copy", "near"]
    assert set(clustered["representative"]) == {"told"}
    assert set(clustered["cluster"]) == {1}
    assert report.loc["near", "nearest"] in {"told", "copy"}
    assert report.loc["near", "nearest_correlation"] > 0.99
    assert report.loc["flat", "nearest"] == ""
    assert report.loc["noise", "nearest_correlation"] < 0.2


def test_outliers_are_a_share_of_the_values_that_are_there(report):
    assert report.loc["spiky", "outlier_share"] == pytest.approx(6 / (2 * ROWS))
    assert report.loc[["told", "flat", OPTIONAL], "outlier_share"].tolist() == [0, 0, 0]


def test_the_limits_are_settings(planted):
    strict = feature_hygiene(planted[0], FAMILIES, HygieneSettings(max_correlation=1.0, outlier_limit=1.0))
    assert (strict.set_index("feature").loc["near", "cluster"]) == 0
    assert strict.set_index("feature").loc["told", "outlier_share"] > 0.2


def test_lost_rows_are_counted_with_their_reason_as_training_loses_them(planted):
    features, labels = planted
    lost = row_loss(features)
    assert (lost.rows, lost.warm_up, lost.scattered, lost.worst) == (2 * ROWS, 20, 4, "holes")
    values = features.drop(columns=["symbol", "open_time"]).to_numpy()
    usable = usable_rows(values, required_of(features))
    assert (~usable).sum() == lost.warm_up + lost.scattered
    data = training_data(features, labels, HOUR, history=1)
    assert len(data) == len(labels) - 24


def test_data_that_came_and_went_costs_no_rows(planted):
    """As taker volume that a source gave for some years only: a row is judged by itself, not by what comes later."""
    features, labels = planted
    before = len(training_data(features, labels, HOUR, history=1))
    features.loc[ROWS + 100 : ROWS + 300, OPTIONAL] = np.nan
    assert len(training_data(features, labels, HOUR, history=1)) == before
    assert row_loss(features).scattered == 4


def test_a_tidy_frame_loses_nothing(make_market):
    features, _ = make_market(50, 2, strength=0.0, horizon=1)
    lost = row_loss(features)
    assert (lost.warm_up, lost.scattered, lost.worst) == (0, 0, "")


def test_a_scattered_hole_costs_as_many_windows_as_reach_over_it(make_market):
    features, labels = make_market(60, 1, strength=0.0, horizon=1)
    whole = len(training_data(features, labels, HOUR, history=5))
    features.loc[30, "noise_1"] = np.nan
    assert len(training_data(features, labels, HOUR, history=5)) == whole - 5


@pytest.mark.parametrize(
    ("model", "settings"),
    [
        ("logistic", {}),
        ("lightgbm", {"min_data_in_leaf": 20, "num_threads": 1, "max_rounds": 20}),
        ("lstm", {"history": 3, "units": 2, "epochs": 1, "num_threads": 1}),
    ],
)
def test_a_feature_that_a_symbol_never_has_spoils_none_of_its_rows(planted, model, settings):
    features, labels = planted
    data = training_data(features, labels, HOUR, history=3)
    assert (data.symbol_codes == 0).sum() > 0.9 * ROWS
    walk = walk_forward_folds(data.open_time, data.known_at, HOUR.milliseconds, FoldSettings(folds=1))
    predictions = walk_forward(build_model(model, settings), data, walk).predictions
    assert set(predictions["symbol"]) == {"C0/USDT", "C1/USDT"}
    assert np.isfinite(predictions["probability"]).all()


def test_correlations_come_from_a_bounded_number_of_rows(planted):
    few = feature_hygiene(planted[0], FAMILIES, HygieneSettings(max_rows=100)).set_index("feature")
    values = planted[0].drop(columns=["symbol", "open_time"]).to_numpy()
    usable = values[usable_rows(values, required_of(planted[0]))]
    sample = usable[np.linspace(0, len(usable) - 1, 100).astype(int)]
    np.testing.assert_allclose(few["nearest_correlation"], rank_correlations(sample).max(axis=1))
