"""Volume features against values worked out by hand."""

import numpy as np
import pytest
from tests.features.handmade import bars, compute, last, walk


def test_volume_z_and_vwap() -> None:
    volume = [1.0] * 23 + [25.0]
    assert last("volume_z_24", bars([10.0] * 24, volume=volume)) == pytest.approx(23 / np.std(volume, ddof=1))
    dearer = bars([10.0] * 23 + [20.0], volume=volume)
    assert last("vwap_distance_24", dearer) == pytest.approx(np.log(20 / ((230 + 500) / 48)))


def test_relative_quote_volume_is_recent_over_usual_turnover() -> None:
    volume = [1.0] * 156 + [8.0] * 12
    usual = (156 + 96) / 168
    assert last("relative_quote_volume_12", bars([10.0] * 168, volume=volume)) == pytest.approx(np.log1p(8 / usual))


def test_on_balance_volume_counts_still_candles_on_neither_side() -> None:
    closes = [10.0] + [11.0, 11.0, 10.0, 11.0] * 5
    volume = [5.0] + [1.0, 2.0, 3.0, 4.0] * 5
    # Up 1, still, down 3, up 4; then each round begins without a move.
    assert last("obv_change_20", bars(closes, volume=volume)) == pytest.approx((1 + 5 * (4 - 3)) / 50)


def test_correlations_agree_with_numpy() -> None:
    volume = np.random.default_rng(2).lognormal(0, 1, 60)
    candles = bars(walk(60), volume=volume)
    returns = np.diff(np.log(candles.close))[-48:]
    expected = np.corrcoef(returns, volume[-48:])[0, 1], np.corrcoef(np.abs(returns), volume[-48:])[0, 1]
    found = last("volume_return_correlation_48", candles), last("volume_size_correlation_48", candles)
    assert found == pytest.approx(expected)


def test_entropy_is_one_for_even_volume_and_zero_for_all_in_one_candle() -> None:
    """Shannon (1948): half the volume in each of two candles has the entropy ln 2."""
    even, two = np.full(48, 3.0), np.eye(48)[7] + np.eye(48)[20]
    assert last("volume_entropy_48", bars(np.ones(48), volume=even)) == pytest.approx(1.0)
    assert last("volume_entropy_48", bars(np.ones(48), volume=two)) == pytest.approx(np.log(2) / np.log(48))
    assert last("volume_entropy_48", bars(np.ones(48), volume=np.eye(48)[0])) == pytest.approx(0.0, abs=1e-12)


def test_zero_volume_share_counts_candles() -> None:
    volume = np.ones(48)
    volume[[3, 9, 40]] = 0.0
    assert last("zero_volume_share_48", bars(np.ones(48), volume=volume)) == pytest.approx(3 / 48)


NEUTRAL = {
    "volume_z_24": 0.0,
    "relative_quote_volume_12": np.log(2),
    "obv_change_20": 0.0,
    "volume_return_correlation_48": 0.0,
    "volume_size_correlation_48": 0.0,
    "vwap_distance_24": 0.0,
    "volume_entropy_48": 1.0,
    "zero_volume_share_48": 1.0,
}


@pytest.mark.parametrize(("name", "neutral"), NEUTRAL.items())
def test_a_market_without_volume_is_neutral(name: str, neutral: float) -> None:
    assert compute(name, bars(walk(200), volume=np.zeros(200)))[-20:] == pytest.approx([neutral] * 20, abs=1e-12)
