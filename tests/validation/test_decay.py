"""A model that got worse is found, one that is as good as it was is not, and too little is called too little."""

import numpy as np
import pandas as pd
import pytest
from scipy.signal import lfilter

from algotrade.domain.candles import from_milliseconds
from algotrade.validation.decay import performance_decay

HOUR = 3_600_000
HORIZON = 4


def predictions(candles: int, seed: int, signal: float, start: int = 0, symbols: int = 2) -> pd.DataFrame:
    """Forecasts that last for a day and a market that obeys them; labels overlap and symbols move together."""
    random = np.random.default_rng(seed)
    market = random.standard_normal(candles + HORIZON)
    common = lfilter([np.sqrt(1 - 0.96**2)], [1, -0.96], random.standard_normal(candles))
    parts = []
    for symbol in range(symbols):
        belief = 0.7 * common + 0.7 * random.standard_normal(candles)
        moves = 0.7 * market + 0.7 * random.standard_normal(candles + HORIZON)
        noise = np.convolve(moves, np.ones(HORIZON), "valid")[:candles] / np.sqrt(HORIZON)
        parts.append(
            pd.DataFrame(
                {
                    "symbol": f"S{symbol}",
                    "open_time": from_milliseconds((start + np.arange(candles)) * HOUR),
                    "known_at": from_milliseconds((start + np.arange(candles) + HORIZON + 1) * HOUR),
                    "probability": 1 / (1 + np.exp(-0.6 * belief)),
                    "expected_return": belief,
                    "forward_return": signal * belief + noise,
                    "fold": 0,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def test_a_model_whose_signal_is_gone_is_found():
    found = performance_decay(predictions(3000, 1, signal=0.4), predictions(1500, 2, signal=0.0, start=3100))
    assert found.p_value < 0.01
    assert found.worse_by == pytest.approx(found.found - found.expected)
    assert found.worse_by > 0
    assert (found.rows, found.reason) == (3000, "")


def test_a_model_that_got_better_is_no_decay():
    assert performance_decay(predictions(2000, 1, signal=0.2), predictions(1500, 2, signal=0.8)).p_value > 0.9


# Five per cent of the tests are expected to alarm; there are no more than this with a probability of 99 %.
@pytest.mark.parametrize(("tests", "most_alarms"), [(40, 6), pytest.param(300, 24, marks=pytest.mark.slow)])
def test_a_model_that_is_as_good_as_it_was_is_called_worse_as_seldom_as_it_should_be(tests, most_alarms):
    found = [
        performance_decay(predictions(1200, seed, signal=0.4), predictions(600, 1000 + seed, signal=0.4)).p_value
        for seed in range(tests)
    ]
    assert np.sum(np.array(found) <= 0.05) <= most_alarms
    assert 0.35 < np.mean(found) < 0.65


@pytest.mark.parametrize("candles", [0, 1, 5, 30])
def test_too_little_is_called_too_little(candles):
    later = predictions(max(candles, 1), 2, signal=0.0).iloc[: 2 * candles]
    found = performance_decay(predictions(2000, 1, signal=0.4), later)
    assert np.isnan(found.p_value)
    assert found.reason.startswith("on later candles: ")
    assert found.to_json()["p_value"] is None


def test_no_evidence_is_said():
    later = predictions(500, 2, signal=0.0)
    assert performance_decay(later.iloc[:0], later).reason.startswith("out of fold: ")


def test_rows_without_a_forecast_do_not_count():
    evidence, later = predictions(2000, 1, signal=0.4), predictions(800, 2, signal=0.4)
    holes = pd.concat([later, later.assign(probability=np.nan)], ignore_index=True)
    assert performance_decay(evidence, holes) == performance_decay(evidence, later)
