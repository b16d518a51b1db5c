"""A series that cannot be a market is refused with the figures that give it away."""

import numpy as np
import pytest

from algotrade.data.quality.faults import Fault
from algotrade.data.quality.plausibility import SeriesEvidence, implausible


def evidence(close: np.ndarray, faults: np.ndarray | None = None) -> SeriesEvidence:
    good = np.full(len(close), Fault.NONE, dtype=np.int8) if faults is None else faults
    return SeriesEvidence(good, close * 1.01, close * 0.99, close)


def walk(drift: float, scatter: float, rows: int) -> np.ndarray:
    return 100.0 * np.exp(np.cumsum(np.random.default_rng(0).normal(drift, scatter, rows)))


@pytest.mark.parametrize(
    "close",
    [
        walk(0.0, 0.02, 3_000),
        walk(0.0, 0.05, 3_000),  # wild, but aimless
        np.linspace(100.0, 200.0, 500),  # a straight line is dull, not impossible
        np.full(100, 1.0),  # a stable coin
        np.geomspace(86.0, 5e-5, 9),  # LUNA's last days
    ],
    ids=["calm", "wild", "line", "constant", "collapse"],
)
def test_what_may_be_a_market(close):
    assert implausible(evidence(close)) is None


def test_a_span_beyond_every_market():
    reason = implausible(evidence(np.array([1e-3, 1.0, 1e9, 1.0])))

    assert reason is not None
    assert "from 0.00099 to 1.01e+09, a factor of 1.0e+12" in reason


def test_a_climb_like_clockwork():
    reason = implausible(evidence(walk(0.025, 0.025, 500)))

    assert reason is not None
    assert "like clockwork" in reason
    assert "t-statistic" in reason


def test_a_perfectly_even_climb():
    assert "like clockwork" in str(implausible(evidence(1.1 ** np.arange(200))))


def test_copies_are_not_bad_rows():
    faults = np.array([Fault.NONE] * 20 + [Fault.COPY] * 20, dtype=np.int8)

    assert implausible(evidence(walk(0.0, 0.01, 20), faults)) is None
