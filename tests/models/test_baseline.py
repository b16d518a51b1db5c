"""The baselines are what their names say."""

import numpy as np
import pytest

from algotrade.models import LabelledSamples, Samples, Targets, build_model
from algotrade.models.persistence import past_return_column

NAMES = ("rsi_14", "log_return_1", "log_return_4", "log_return_12")


def test_majority_gives_the_base_rate_and_no_expected_return(training, held_out):
    forecast = build_model("majority").fit(training).predict(held_out.samples)
    assert set(forecast.probability) == {training.targets.direction.mean()}
    assert not forecast.expected_return.any()


def trending(rows: int, follows: float, seed: int = 0) -> LabelledSamples:
    """Samples whose last 4-candle return goes on with the chance ``follows``; the other columns are noise."""
    random = np.random.default_rng(seed)
    features = random.standard_normal((rows, len(NAMES)))
    returns = 0.02 * np.where(random.random(rows) < follows, 1, -1) * np.sign(features[:, 2])
    return LabelledSamples(Samples(features, np.arange(rows), names=NAMES), Targets.of_returns(returns))


@pytest.mark.parametrize("follows", [0.7, 0.35])
def test_persistence_learns_how_often_a_return_goes_on_even_if_it_seldom_does(follows):
    model = build_model("persistence", {"horizon": 4}).fit(trending(4000, follows))
    samples = trending(500, follows, seed=1).samples
    forecast, last = model.predict(samples), samples.features[:, 2]
    share = (trending(4000, follows).targets.direction == (trending(4000, follows).samples.features[:, 2] > 0)).sum()
    expected = (1 + share) / 4002
    np.testing.assert_allclose(forecast.probability, np.where(last > 0, expected, 1 - expected))
    np.testing.assert_allclose(forecast.expected_return, np.sign(last) * 0.02 * (2 * share / 4000 - 1))


def test_after_no_move_and_after_an_unknown_one_it_gives_the_base_rate():
    training = trending(2000, 0.8)
    model = build_model("persistence", {"horizon": 4}).fit(training)
    rows = np.array([[0.0, 0.0, 0.0, 0.0], [0.0, 0.0, np.nan, 0.0]])
    forecast = model.predict(Samples(rows, np.arange(2)))
    np.testing.assert_allclose(forecast.probability, training.targets.direction.mean())
    assert not forecast.expected_return.any()


@pytest.mark.parametrize(("horizon", "column"), [(1, 1), (2, 1), (3, 2), (8, 3), (500, 3)])
def test_the_past_return_is_the_one_of_the_nearest_window(horizon, column):
    assert past_return_column(NAMES, horizon) == column


def test_without_a_past_return_persistence_says_so_and_gives_the_base_rate(training, caplog):
    assert training.samples.names == ()
    model = build_model("persistence").fit(training)
    assert "no feature" in caplog.text.lower()
    assert set(model.predict(training.samples).probability) == {training.targets.direction.mean()}
