"""What cannot be a price is told from what was one, however extreme."""

import numpy as np
import pandas as pd
import pytest

from algotrade.data.quality import inspect_candles
from algotrade.data.quality.spikes import spikes
from algotrade.domain.candles import from_milliseconds
from algotrade.domain.timeframe import Timeframe

DAY = Timeframe("1d")


def spiked(prices: list[float], series: list[int] | None = None) -> list[int]:
    close = np.array(prices)
    numbers = np.zeros(len(prices), dtype=np.int64) if series is None else np.array(series)
    return np.flatnonzero(spikes(close, close, numbers)).tolist()


@pytest.mark.parametrize("factor", [100.0, 0.01, 10.5, 1e6])
@pytest.mark.parametrize("length", [1, 2, 3])
def test_an_excursion_and_back_is_a_spike(factor, length):
    assert spiked([10, 10.2, *[10.1 * factor] * length, 10.3, 10.2]) == list(range(2, 2 + length))


@pytest.mark.parametrize(
    "prices",
    [
        [10, 10, 50, 10, 10],  # five times up and back
        [10, 10, 1_000, 1_000, 1_000, 1_000, 10],  # too long to be a slip
        [10, 10, 1_000, 900, 950],  # it stayed
        [10, 10, 0.1, 0.09, 0.11],  # it stayed down
        [1_000, 10, 10, 10],  # no witness before
        [10, 10, 1_000],  # no witness after
        [10, 1_000, 400, 500],  # the neighbours do not agree
    ],
)
def test_everything_else_is_kept(prices):
    assert spiked(prices) == []


def test_a_neighbour_in_another_series_is_no_witness():
    assert spiked([10, 1_000, 10], [0, 1, 2]) == []
    assert spiked([10, 10, 1_000, 10, 10], [0, 0, 1, 1, 1]) == []


def test_a_high_alone_can_be_a_spike_and_a_low_cannot():
    close = np.full(5, 100.0)
    series = np.zeros(5, dtype=np.int64)
    fat_finger, slip = close.copy(), close.copy()
    fat_finger[2] = 660.0
    slip[2] = 10_000.0

    assert not spikes(close, fat_finger, series).any()
    assert np.flatnonzero(spikes(close, slip, series)).tolist() == [2]


def test_a_flash_crash_wick_is_kept(make_candles):
    # ETH on GDAX, 2017-06-21: 0.10 USD between 317 and 300.
    candles = make_candles(rows=50)
    candles.loc[25, "low"] = candles.loc[25, "low"] / 3_000

    assert inspect_candles(candles, Timeframe("1h")).quarantine.empty


def test_a_candle_a_hundred_times_off_goes_to_quarantine(make_candles):
    candles = make_candles(rows=50)
    prices = ["open", "high", "low", "close"]
    candles.loc[25, prices] = (candles.loc[25, prices] * 100).to_numpy()

    inspected = inspect_candles(candles, Timeframe("1h"))

    assert inspected.quarantine["open_time"].tolist() == [candles.loc[25, "open_time"]]
    assert "order of magnitude" in inspected.quarantine.loc[0, "reason"]


def test_the_collapse_and_relisting_of_luna_are_kept():
    # Binance LUNAUSDT by day, May 2022, rounded; the new coin took over the name on 2022-05-31.
    close = [86.0, 82.0, 77.0, 64.0, 30.0, 17.0, 1.07, 0.0005, 0.00005, 9.5, 6.0, 6.5, 5.9]
    days = [0, 1, 2, 3, 4, 5, 6, 7, 8, 26, 27, 28, 29]
    first = pd.Timestamp("2022-05-05", tz="UTC").timestamp() * 1_000
    opens = [87.0, *close[:8], 9.0, *close[9:-1]]
    candles = pd.DataFrame(
        {
            "exchange": "binance",
            "symbol": "LUNA/USDT",
            "timeframe": "1d",
            "open_time": from_milliseconds(np.int64(first) + 86_400_000 * np.array(days)),
            "open": opens,
            "high": np.maximum(opens, close) * 1.05,
            "low": np.minimum(opens, close) * 0.95,
            "close": close,
            "volume": 1.0,
        }
    )

    inspected = inspect_candles(candles, DAY)

    assert inspected.quarantine.empty
    assert inspected.totals["suspicious_jumps"] >= 5
    assert inspected.totals["missing_candles"] == 17
