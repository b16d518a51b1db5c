"""Everything about every model at once; what cannot be said of one keeps no other from being judged."""

import json

import numpy as np
import pandas as pd
import pytest

from algotrade.validation.scores import SCORES, ScoreSettings, fold_scores, model_scores, score_report

FEW = ScoreSettings(draws=200)


@pytest.fixture(scope="module")
def good(make_forecasts):
    frame = make_forecasts(0, strength=0.05)
    half = 1.64 * frame["forward_return"].std()
    return frame.assign(
        model="good",
        lower=frame["expected_return"] - half,
        upper=frame["expected_return"] + half,
        regime=np.where(frame["open_time"].rank() % 500 < 250, "calm", "wild"),
    )


@pytest.fixture(scope="module")
def crowd(good):
    """A good model among some of which little can be said."""
    gone = good["open_time"] < good["open_time"].quantile(0.3)
    return {
        "good": good,
        "constant": good.assign(probability=0.5, expected_return=0.0),
        "patchy": good.assign(probability=good["probability"].mask(gone)),
        "silent": good.assign(probability=np.nan, expected_return=np.nan),
    }


@pytest.fixture(scope="module")
def report(crowd):
    return score_report(pd.concat([own.assign(model=name) for name, own in crowd.items()], ignore_index=True), FEW)


def test_the_values_are_those_of_the_score_table(good, report):
    reference = model_scores(good)["good"]
    for score in SCORES:
        assert report.scores["good"][score] == pytest.approx(reference[score])
    assert (report.scores["good"]["folds"], report.scores["good"]["rows"]) == (2, 3000)


def test_every_score_has_an_interval_around_it(report):
    own = report.scores["good"]
    assert own["intervals"].keys() == set(SCORES)
    for score, interval in own["intervals"].items():
        assert interval["low"] < own[score] < interval["high"]
        assert interval["standard_error"] > 0
    assert own["reasons"] == {}
    assert own["information_coefficient_t"] > 2
    assert own["coverage"]["low"] < own["coverage"]["value"] < own["coverage"]["high"]
    assert own["coverage"]["value"] == pytest.approx(0.9, abs=0.04)


def test_hit_rates_are_those_of_their_rows(good, report):
    table = report.hit_rates[report.hit_rates["model"] == "good"]
    assert table.groupby("by")["rows"].sum().to_dict() == {"confidence": 3000, "symbol": 3000, "regime": 3000}
    right = (good["probability"] > 0.5) == (good["forward_return"] > 0)
    for by in ("symbol", "regime"):
        expected = right.groupby(good[by].to_numpy()).mean()
        own = table[table["by"] == by].set_index("bucket")["hit_rate"]
        pd.testing.assert_series_equal(own, expected, check_names=False)
    confidence = table[table["by"] == "confidence"]
    assert confidence["confidence"].is_monotonic_increasing
    assert (table["low"] <= table["hit_rate"]).all()


def test_a_constant_forecast_has_no_slope_and_no_t_but_all_that_can_be_said(report):
    own = report.scores["constant"]
    assert own["auc"] == 0.5
    assert own["log_loss"] == pytest.approx(np.log(2))
    assert own["information_coefficient_t"] is None
    assert own["reasons"] == {"calibration_slope": "all forecasts of a fold are the same"}


def test_missing_forecasts_are_counted_and_left_out(crowd, report):
    own, known = report.scores["patchy"], crowd["patchy"].dropna(subset="probability")
    assert own["missing_forecasts"] == 3000 - len(known)
    assert own["rows"] == len(known)
    assert own["log_loss"] == pytest.approx(model_scores(known)["good"]["log_loss"])
    assert report.scores["good"]["missing_forecasts"] == 0


def test_a_model_that_forecasts_nothing_has_reasons_and_stops_no_other(report):
    own = report.scores["silent"]
    assert [own[score] for score in SCORES] == [None] * len(SCORES)
    assert set(SCORES) <= own["reasons"].keys()
    assert (own["rows"], own["missing_forecasts"]) == (0, 3000)
    assert report.hit_rates["model"].unique().tolist() == ["constant", "good", "patchy"]


def test_one_direction_only_leaves_what_needs_both_undefined(good):
    rising = score_report(good.assign(forward_return=0.01), FEW).scores["good"]
    assert rising["auc"] is None
    assert rising["balanced_accuracy"] is None
    assert {"auc", "balanced_accuracy", "calibration_slope"} <= rising["reasons"].keys()
    assert rising["accuracy"] is not None
    half = score_report(good.assign(forward_return=good["forward_return"].where(good["fold"] == 0, 0.01)), FEW)
    assert half.scores["good"]["auc"] == pytest.approx(fold_scores(good[good["fold"] == 0])["auc"][0]), (
        "a fold without both directions does not count"
    )


def test_too_few_blocks_leave_values_without_intervals(make_frame):
    random = np.random.default_rng(0)
    few = make_frame(random.random((60, 2)), random.standard_normal((60, 2)), horizon=9)
    own = score_report(few, FEW).scores["m"]
    assert own["auc"] is not None
    assert own["intervals"]["auc"] == {"low": None, "high": None, "standard_error": None}
    assert "too few" in own["reasons"]["auc"]


def test_all_of_it_is_plain_json(report):
    assert json.loads(json.dumps(report.scores, allow_nan=False)) == report.scores


def test_the_seed_decides_the_report(good):
    first, second = (score_report(good, ScoreSettings(draws=100, seed=4)) for _ in range(2))
    assert first.scores == second.scores
