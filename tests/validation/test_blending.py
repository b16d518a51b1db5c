"""The ensemble's weights are learned from earlier folds only, from labels that were known."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from algotrade.domain.candles import from_milliseconds
from algotrade.errors import ModelError
from algotrade.models.ensemble import EnsembleSettings
from algotrade.validation import Fold, blend_out_of_fold, blend_weights
from algotrade.validation.blending import stack_weights
from algotrade.validation.walk_forward import PREDICTION_COLUMNS

STEP = 3_600_000
START = 1_700_006_400_000
ROWS, HORIZON = 400, 5
FOLDS = tuple(
    Fold(index, START, START + (index + 1) * ROWS * STEP, START + (index + 1) * ROWS * STEP,
         START + (index + 2) * ROWS * STEP)
    for index in range(3)
)  # fmt: skip


def predictions_of(seed: int = 0) -> pd.DataFrame:
    """Two members of which the first knows the truth and the second guesses."""
    random = np.random.default_rng(seed)
    rows = 3 * ROWS
    open_time = START + STEP * (ROWS + np.arange(rows, dtype=np.int64))
    odds = random.standard_normal(rows)
    forward_return = np.where(random.random(rows) < expit(odds), 0.01, -0.01)
    frames = []
    for model, guess in (("knows", odds), ("guesses", random.standard_normal(rows))):
        frames.append(
            pd.DataFrame(
                {
                    "model": model,
                    "fold": np.repeat([0, 1, 2], ROWS),
                    "symbol": "BTC/USDT",
                    "open_time": from_milliseconds(open_time),
                    "close_time": from_milliseconds(open_time + STEP),
                    "probability": expit(guess),
                    "expected_return": 0.01 * guess,
                    "forward_return": forward_return,
                    "known_at": from_milliseconds(open_time + (1 + HORIZON) * STEP),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def test_the_first_fold_weighs_equally_and_later_ones_by_what_was_seen():
    blend = blend_out_of_fold(predictions_of(), FOLDS)
    assert blend.weights.loc[0, ["guesses", "knows"]].tolist() == [0.5, 0.5]
    assert (blend.weights.loc[1:, "knows"] > 0.8).all()
    np.testing.assert_allclose(blend.weights[["guesses", "knows"]].sum(axis=1), 1)
    assert blend.final_weights["knows"] > 0.8
    assert tuple(blend.predictions.columns) == PREDICTION_COLUMNS
    assert set(blend.predictions["model"]) == {"ensemble"}


METHODS = {"blend": EnsembleSettings(), "stack": EnsembleSettings(method="stack")}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("fold", [0, 1, 2])
def test_the_present_and_later_folds_never_touch_a_weight(fold, method):
    predictions = predictions_of()
    changed = predictions.copy()
    later = changed["fold"] >= fold
    changed.loc[later, "forward_return"] *= -1
    changed.loc[later, "probability"] = 1 - changed.loc[later, "probability"]
    before, after = (
        blend_out_of_fold(frame, FOLDS, METHODS[method]).weights.loc[:fold] for frame in (predictions, changed)
    )
    pd.testing.assert_frame_equal(before, after)


@pytest.mark.parametrize("method", METHODS)
def test_labels_that_were_not_yet_known_never_touch_a_weight(method):
    predictions = predictions_of()
    changed = predictions.copy()
    edge = (changed["fold"] == 0) & (changed["known_at"] > from_milliseconds([FOLDS[1].train_until])[0])
    assert edge.sum() == 2 * HORIZON
    changed.loc[edge, "forward_return"] *= -1
    before, after = (
        blend_out_of_fold(frame, FOLDS, METHODS[method]).weights.loc[1] for frame in (predictions, changed)
    )
    pd.testing.assert_series_equal(before, after)


def test_the_blend_lies_between_its_members():
    predictions = predictions_of()
    blend = blend_out_of_fold(predictions, FOLDS).predictions
    members = [predictions.loc[predictions["model"] == name, "probability"].to_numpy() for name in ("knows", "guesses")]
    probability = blend["probability"].to_numpy()
    assert (probability >= np.minimum(*members) - 1e-12).all()
    assert (probability <= np.maximum(*members) + 1e-12).all()


def test_weights_minimise_the_log_loss():
    random = np.random.default_rng(0)
    odds = random.standard_normal((5000, 2))
    direction = random.random(5000) < expit(odds @ [0.7, 0.3])
    np.testing.assert_allclose(blend_weights(expit(odds), direction), [0.7, 0.3], atol=0.06)


def test_three_useless_members_still_get_weights_that_sum_to_one():
    random = np.random.default_rng(0)
    weights = blend_weights(random.random((500, 3)), random.random(500) < 0.5)
    assert weights.sum() == pytest.approx(1)
    assert (weights >= 0).all()


def test_members_with_different_rows_are_refused():
    with pytest.raises(ModelError, match="different rows"):
        blend_out_of_fold(predictions_of().iloc[:-1], FOLDS)


def test_a_stack_finds_the_logistic_regression_behind_the_members():
    random = np.random.default_rng(0)
    odds = random.standard_normal((20_000, 2))
    direction = random.random(20_000) < expit(odds @ [1.4, 0.2] - 0.5)
    weights, intercept = stack_weights(expit(odds), direction, penalty=1e-4)
    np.testing.assert_allclose([*weights, intercept], [1.4, 0.2, -0.5], atol=0.06)


def test_a_stack_of_members_who_know_nothing_is_near_the_base_rate():
    random = np.random.default_rng(1)
    odds = 0.1 * random.standard_normal((5000, 3))
    direction = random.random(5000) < 0.45
    weights, intercept = stack_weights(expit(odds), direction, penalty=1e-2)
    assert intercept == pytest.approx(np.log(direction.mean() / (1 - direction.mean())), abs=0.01)
    assert np.abs(odds @ weights).max() < 0.1


def test_a_stack_never_bets_against_a_member_and_shrinks_with_its_penalty():
    random = np.random.default_rng(2)
    odds = random.standard_normal((5000, 2))
    direction = random.random(5000) < expit(odds @ [1.0, -1.0])
    totals = []
    for penalty in (0.0, 0.1, 10.0):
        weights, _ = stack_weights(expit(odds), direction, penalty)
        assert weights[1] == 0.0
        totals.append(weights.sum())
    assert totals == sorted(totals, reverse=True)


@pytest.mark.parametrize("direction", [np.zeros(0, dtype=bool), np.ones(9, dtype=bool), np.zeros(9, dtype=bool)])
def test_a_stack_that_can_learn_nothing_weighs_equally(direction):
    weights, intercept = stack_weights(np.full((len(direction), 2), 0.6), direction, penalty=1e-4)
    assert (weights.tolist(), intercept) == ([0.5, 0.5], 0.0)


def test_a_stack_is_bolder_than_members_who_are_too_shy():
    predictions = predictions_of()
    shy = predictions["model"] == "knows"
    predictions.loc[shy, "probability"] = expit(
        0.3 * np.log(predictions["probability"] / (1 - predictions["probability"]))
    )
    stack = blend_out_of_fold(predictions, FOLDS, METHODS["stack"])
    assert stack.final_weights["knows"] == pytest.approx(1 / 0.3, rel=0.2)
    own = stack.predictions["fold"] == 2
    rows = predictions["model"] == "knows"
    expected = predictions.loc[rows & (predictions["fold"] == 2), "expected_return"].to_numpy()
    weights = stack.weights.set_index("fold").loc[2]
    others = predictions.loc[~rows & (predictions["fold"] == 2), "expected_return"].to_numpy()
    np.testing.assert_allclose(
        stack.predictions.loc[own, "expected_return"], weights["knows"] * expected + weights["guesses"] * others
    )
