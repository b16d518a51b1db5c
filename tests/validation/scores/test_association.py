"""The t-statistic of the information coefficient is large for knowledge and small for overlap."""

import numpy as np
import pytest

from algotrade.validation.scores import information_coefficient_t, model_score


def test_overlapping_labels_do_not_look_like_knowledge(make_forecasts):
    values = [information_coefficient_t(make_forecasts(seed)) for seed in range(120)]
    # Student's t with 3 T / 2 L = 36 degrees of freedom; 5 % of 120 are 6, more than 14 happen once in a thousand.
    assert np.sum(np.abs(values) > 2.03) <= 14
    assert np.std(values) == pytest.approx(1.0, abs=0.25)
    assert abs(np.mean(values)) < 0.35


def test_rows_taken_for_independent_would(make_forecasts):
    frames = [make_forecasts(seed) for seed in range(40)]
    naive = [model_score(frame, "information_coefficient") * np.sqrt(len(frame)) for frame in frames]
    assert np.std(naive) > 2.5


def test_a_planted_forecast_stands_out(make_forecasts):
    assert information_coefficient_t(make_forecasts(0, strength=0.1)) > 5
    assert information_coefficient_t(make_forecasts(0, strength=-0.1)) < -5


def test_it_does_not_depend_on_the_order_of_rows(make_forecasts):
    frame = make_forecasts(1, strength=0.02)
    assert information_coefficient_t(frame.sample(frac=1, random_state=0)) == pytest.approx(
        information_coefficient_t(frame)
    )


def test_a_forecast_that_never_changes_and_a_short_span_have_none(make_forecasts, make_frame):
    frame = make_forecasts(0)
    assert np.isnan(information_coefficient_t(frame.assign(expected_return=0.1)))
    random = np.random.default_rng(0)
    assert np.isnan(information_coefficient_t(make_frame(random.random((60, 2)), random.random((60, 2)), horizon=9)))


def test_a_gap_parts_what_is_before_from_what_is_after(make_forecasts):
    frame = make_forecasts(2, strength=0.05, symbols=1)
    whole = frame[frame["open_time"].rank() % 400 < 300]
    # The same rows moved together have other neighbours.
    closed = whole.sort_values("open_time").assign(open_time=frame["open_time"].sort_values().to_numpy()[: len(whole)])
    assert information_coefficient_t(whole) != pytest.approx(information_coefficient_t(closed), rel=1e-6)
