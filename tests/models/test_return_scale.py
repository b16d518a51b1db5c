"""Expected returns follow the probability, by as much as held-out rows bear out."""

import numpy as np
import pytest

from algotrade.models import Targets
from algotrade.models.return_scale import ReturnScale


def held_out(slope: float, rows: int = 200_000) -> tuple[np.ndarray, Targets]:
    random = np.random.default_rng(0)
    probability = 0.5 + 0.1 * random.standard_normal(rows)
    return probability, Targets.of_returns(slope * (probability - 0.5) + 0.01 * random.standard_normal(rows))


def test_with_much_evidence_the_slope_is_the_realised_one():
    probability, targets = held_out(slope=0.04)
    assert ReturnScale.fit(targets, probability, targets).slope == pytest.approx(0.04, rel=0.03)


def test_without_evidence_the_slope_is_that_of_a_calibrated_probability():
    _, targets = held_out(slope=0.0)
    scale = ReturnScale.fit(targets, np.full(200_000, 0.5), targets)
    assert scale.slope == pytest.approx(2 * np.abs(targets.forward_return).mean())


def test_contradiction_silences_but_never_reverses():
    probability, targets = held_out(slope=-0.04)
    scale = ReturnScale.fit(targets, probability, targets)
    assert scale.slope == 0.0
    assert not scale.expected_return(probability).any()


def test_at_the_base_rate_of_the_training_rows_nothing_is_expected():
    probability, targets = held_out(slope=0.04)
    training = Targets.of_returns(np.array([-1.0, 1.0, 1.0, 1.0]))
    scale = ReturnScale.fit(training, probability, targets)
    assert scale.expected_return(np.array([0.75])) == pytest.approx(0.0)
