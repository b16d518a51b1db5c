"""Samples with a relation that a model can find, and one small network for all tests that need one."""

import numpy as np
import pytest

from algotrade.models import LabelledSamples, Samples, Targets
from algotrade.models.lstm import Lstm, LstmSettings

ROWS, FEATURES = 1500, 5


def planted(rows: int, strength: float, seed: int = 0, history: int = 4) -> LabelledSamples:
    """Samples whose forward return leans on the first feature by ``strength`` standard deviations."""
    random = np.random.default_rng(seed)
    features = random.standard_normal((rows, FEATURES))
    returns = 0.01 * (strength * features[:, 0] + random.standard_normal(rows))
    ends = np.arange(history - 1, rows)
    return LabelledSamples(Samples(features, ends), Targets.of_returns(returns[ends]))


@pytest.fixture(scope="session")
def training() -> LabelledSamples:
    return planted(ROWS, strength=1.0)


@pytest.fixture(scope="session")
def held_out() -> LabelledSamples:
    return planted(600, strength=1.0, seed=1)


@pytest.fixture(scope="session")
def small_lstm() -> Lstm:
    return Lstm(LstmSettings(history=4, units=4, epochs=2, batch_size=256, learning_rate=0.02))


@pytest.fixture(scope="session")
def fitted_lstm(small_lstm: Lstm, training: LabelledSamples, held_out: LabelledSamples) -> Lstm:
    return small_lstm.fit(training, held_out)
