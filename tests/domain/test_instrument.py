"""Rounding to the steps of an instrument is that of decimals."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from algotrade.domain.instrument import Instrument, rounded_down, rounded_up
from algotrade.errors import ConfigurationError

STEPS = st.sampled_from([1e-8, 1e-5, 0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 10.0])


@given(value=st.decimals(0, 1_000_000, places=6), step=STEPS)
@settings(deadline=None)  # the first call compiles
def test_rounding_is_that_of_decimals(value, step):
    exact = Decimal(repr(step))
    for rounded, mode in ((rounded_down, ROUND_FLOOR), (rounded_up, ROUND_CEILING)):
        assert rounded(float(value), step) == pytest.approx(
            float((value / exact).to_integral_value(mode) * exact), rel=1e-15
        )


@given(count=st.integers(0, 10**9), step=STEPS)
@settings(deadline=None)
def test_a_multiple_stays_what_it_is(count, step):
    value = float(count * Decimal(repr(step)))
    assert rounded_down(value, step) == rounded_up(value, step) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize("wrong", [{"tick": -1.0}, {"lot": float("inf")}, {"minimum_notional": "five"}])
def test_steps_out_of_range_are_refused(wrong):
    with pytest.raises(ConfigurationError, match="must be a number from 0"):
        Instrument(**wrong)
