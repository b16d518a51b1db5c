"""Calibration looks at what was said in earlier folds, and at nothing that was not known by then."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from algotrade.domain.candles import from_milliseconds, to_milliseconds
from algotrade.models.calibration import CalibrationSettings, Identity, Platt
from algotrade.models.intervals import IntervalSettings
from algotrade.validation.calibrating import CALIBRATED_COLUMNS, calibrate_out_of_fold, volatility_of
from algotrade.validation.folds import Fold
from algotrade.validation.scores import model_score, paired_difference

STEP = 3_600_000
START = 1_700_006_400_000
TIMES, SYMBOLS, HORIZON = 2400, 2, 2


def folds(count: int = 3, embargo: int = 0) -> tuple[Fold, ...]:
    length = TIMES // count
    starts = [START + STEP * length * index for index in range(count)]
    return tuple(
        Fold(index, START - 100 * STEP, start - embargo * STEP, start, start + length * STEP)
        for index, start in enumerate(starts)
    )


def said(slope: float, model: str = "boaster", seed: int = 0, turn: int | None = None) -> pd.DataFrame:
    """Forecasts whose true log odds are ``slope`` times those that they claim, until ``turn`` candles have passed."""
    random = np.random.default_rng(seed)
    odds = random.standard_normal((SYMBOLS, TIMES))
    true = np.where(np.arange(TIMES) < (TIMES if turn is None else turn), slope, 1.0)
    volatility = 0.01 * np.exp(0.5 * random.standard_normal((SYMBOLS, TIMES)))
    size = volatility * np.abs(random.standard_normal((SYMBOLS, TIMES)))
    returns = np.where(random.random(odds.shape) < expit(true * odds), size, -size)
    open_time = START + STEP * np.tile(np.arange(TIMES, dtype=np.int64), SYMBOLS)
    fold = np.tile(np.arange(TIMES) // (TIMES // 3), SYMBOLS)
    return pd.DataFrame(
        {
            "model": model,
            "fold": fold,
            "symbol": np.repeat([f"C{symbol}" for symbol in range(SYMBOLS)], TIMES),
            "open_time": from_milliseconds(open_time),
            "close_time": from_milliseconds(open_time + STEP),
            "probability": expit(odds).ravel(),
            "expected_return": 0.004 * odds.ravel(),
            "forward_return": returns.ravel(),
            "known_at": from_milliseconds(open_time + (1 + HORIZON) * STEP),
            "realised_volatility_48": volatility.ravel(),
        }
    )


def split(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Predictions, and the volatility of each row."""
    return frame.drop(columns="realised_volatility_48"), frame[["symbol", "open_time", "realised_volatility_48"]]


def test_the_first_fold_is_as_the_model_said_it_and_later_ones_are_better():
    predictions, volatility = split(said(0.3))
    result = calibrate_out_of_fold(predictions, folds(), volatility=volatility).predictions
    assert tuple(result.columns) == CALIBRATED_COLUMNS
    pd.testing.assert_series_equal(result["raw_probability"], predictions["probability"], check_names=False)
    first, later = result[result["fold"] == 0], result[result["fold"] > 0]
    pd.testing.assert_series_equal(first["probability"], first["raw_probability"], check_names=False)
    assert first[["lower", "upper"]].isna().all().all()
    found = paired_difference(later, later.assign(probability=later["raw_probability"]))
    assert found.low > 0.02


def test_the_final_one_has_learned_from_all_folds():
    predictions, volatility = split(said(0.3))
    final = calibrate_out_of_fold(predictions, folds(), volatility=volatility).final["boaster"]
    assert final.calibrator.slope == pytest.approx(0.3, abs=0.07)
    assert final.interval.volatility == "realised_volatility_48"


def test_no_row_depends_on_a_label_that_was_not_known_when_its_fold_was_trained():
    """Every label that becomes known after the end of the training of a fold is changed; up to it nothing moves."""
    predictions, volatility = split(said(0.3))
    cut = folds(embargo=5)
    before = calibrate_out_of_fold(predictions, cut, volatility=volatility).predictions
    for fold in cut:
        late = to_milliseconds(predictions["known_at"]) > fold.train_until
        changed = predictions.assign(forward_return=np.where(late, 7.0, predictions["forward_return"]))
        after = calibrate_out_of_fold(changed, cut, volatility=volatility).predictions
        same = (before["fold"] <= fold.index).to_numpy()
        columns = ["probability", "lower", "upper"]
        pd.testing.assert_frame_equal(before.loc[same, columns], after.loc[same, columns])
    # The probe bites: labels that are known by then do move what comes after.
    early = to_milliseconds(predictions["known_at"]) <= cut[1].train_until
    changed = predictions.assign(forward_return=np.where(early, 7.0, predictions["forward_return"]))
    after = calibrate_out_of_fold(changed, cut, volatility=volatility).predictions
    assert not after.loc[after["fold"] == 1, "upper"].equals(before.loc[before["fold"] == 1, "upper"])


def test_a_label_on_the_edge_is_left_out_by_when_it_is_known_not_by_its_fold():
    """The last rows of fold 0 belong to it, but their labels end inside fold 1."""
    predictions, _ = split(said(0.3))
    cut = folds()
    edge = (predictions["fold"] == 0) & (to_milliseconds(predictions["known_at"]) > cut[1].train_until)
    assert edge.sum() == HORIZON * SYMBOLS
    wild = predictions.assign(forward_return=predictions["forward_return"].mask(edge, 1e6))
    result = calibrate_out_of_fold(wild, cut).predictions
    assert result.loc[result["fold"] == 1, "upper"].max() < 1.0


def test_intervals_hold_what_they_promise_out_of_fold():
    predictions, volatility = split(said(1.0))
    for adaptive in (True, False):
        settings = IntervalSettings(level=0.8, adaptive=adaptive)
        result = calibrate_out_of_fold(predictions, folds(), interval=settings, volatility=volatility).predictions
        judged = result.dropna(subset="lower")
        assert set(judged["fold"]) == {1, 2}
        inside = judged["forward_return"].between(judged["lower"], judged["upper"])
        assert inside.mean() == pytest.approx(0.8, abs=0.03)
        width = judged["upper"] - judged["lower"]
        assert (width[judged["fold"] == 1].nunique() > 100) == adaptive


def test_each_model_is_calibrated_by_itself_and_rows_keep_their_order():
    predictions, _ = split(pd.concat([said(0.3), said(1.0, "honest", seed=1)], ignore_index=True))
    shuffled = predictions.sample(frac=1, random_state=0)
    result = calibrate_out_of_fold(shuffled, folds())
    assert result.final["boaster"].calibrator.slope < 0.5
    assert isinstance(result.final["honest"].calibrator, Identity) or result.final["honest"].calibrator.slope > 0.85
    assert result.predictions.index.equals(predictions.index)
    straight = calibrate_out_of_fold(predictions, folds()).predictions
    pd.testing.assert_frame_equal(result.predictions, straight, rtol=1e-7)


def test_a_forecast_that_never_changes_within_a_fold_stays_as_it_is():
    predictions, _ = split(said(1.0))
    rate = predictions.assign(probability=0.3 + 0.1 * predictions["fold"])
    result = calibrate_out_of_fold(rate, folds())
    assert isinstance(result.final["boaster"].calibrator, Identity)
    pd.testing.assert_series_equal(result.predictions["probability"], rate["probability"])


def test_rows_without_a_forecast_teach_nothing_and_stay_without_one():
    predictions, _ = split(said(0.3))
    gone = np.arange(len(predictions)) % 7 == 0
    patchy = predictions.assign(probability=predictions["probability"].mask(gone))
    result = calibrate_out_of_fold(patchy, folds())
    assert result.predictions["probability"].isna().equals(pd.Series(gone))
    assert isinstance(result.final["boaster"].calibrator, Platt)
    silent = predictions.assign(probability=np.nan, expected_return=np.nan)
    nothing = calibrate_out_of_fold(silent, folds())
    assert nothing.final["boaster"].is_nothing
    assert nothing.predictions["probability"].isna().all()


def test_one_direction_only_changes_nothing():
    predictions, _ = split(said(0.3))
    result = calibrate_out_of_fold(predictions.assign(forward_return=0.01), folds())
    pd.testing.assert_series_equal(result.predictions["probability"], predictions["probability"])


def test_calibration_does_next_to_no_harm_where_there_is_nothing_to_mend():
    losses = []
    for seed in range(20):
        predictions, _ = split(said(1.0, seed=seed))
        result = calibrate_out_of_fold(predictions, folds()).predictions
        losses.append(
            model_score(result, "log_loss")
            - model_score(result.assign(probability=result["raw_probability"]), "log_loss")
        )
    assert np.mean(losses) < 2e-4
    assert max(losses) < 2e-3


def test_none_leaves_probabilities_and_still_gives_intervals():
    predictions, _ = split(said(0.3))
    result = calibrate_out_of_fold(predictions, folds(), CalibrationSettings("none"))
    pd.testing.assert_series_equal(result.predictions["probability"], predictions["probability"])
    assert result.final["boaster"].interval is not None


def test_the_volatility_of_each_row_is_that_of_its_own_features(predictable):
    assert volatility_of(predictable) is None
    samples = predictable.labelled.samples
    features = samples.features.copy()
    features[:, 1] = np.arange(len(features))
    named = replace(
        predictable,
        feature_names=("signal", "realised_volatility_48", "noise_2", "noise_3"),
        labelled=replace(predictable.labelled, samples=replace(samples, features=features)),
    )
    found = volatility_of(named)
    assert found.columns.tolist() == ["symbol", "open_time", "realised_volatility_48"]
    assert found["realised_volatility_48"].tolist() == samples.ends.tolist()
    assert to_milliseconds(found["open_time"]).tolist() == predictable.open_time.tolist()
