"""What the exchange does not have is remembered, with its reason, until someone forgets it."""

import pandas as pd
import pytest

from algotrade.domain.timeframe import Timeframe
from algotrade.errors import BadCandles, NoCandles

HOUR = Timeframe("1h")
NOTICED = pd.Timestamp("2024-03-01 12:00", tz="UTC").as_unit("ms")


def time(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC").as_unit("ms")


@pytest.fixture
def holes() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "exchange": "binance",
            "symbol": ["BTC/USDT", "BTC/USDT", "ETH/USDT"],
            "timeframe": "1h",
            "start": [time("2024-01-01 03:00"), time("2024-02-01"), time("2024-01-01 03:00")],
            "end": [time("2024-01-01 06:00"), time("2024-02-02"), time("2024-01-01 05:00")],
            "reason": "the exchange was down",
            "noticed_at": NOTICED,
        }
    ).astype({"exchange": "str", "symbol": "str", "timeframe": "str", "reason": "str"})


def test_holes_come_back_once(store, holes):
    assert store.holes("binance", HOUR).empty
    assert store.add_holes(holes) == 3
    assert store.add_holes(holes) == 0
    assert store.add_holes(holes.head(0)) == 0

    pd.testing.assert_frame_equal(store.holes("binance", HOUR), holes)
    assert store.holes("binance", Timeframe("4h")).dtypes.to_dict() == holes.dtypes.to_dict()


def test_a_hole_may_grow_but_was_first_noticed_when_it_was(store, holes):
    store.add_holes(holes)
    longer = holes.head(1).assign(end=time("2024-01-01 09:00"), noticed_at=NOTICED + pd.Timedelta(days=1))

    assert store.add_holes(longer) == 1

    hole = store.holes("binance", HOUR, ["BTC/USDT"]).iloc[0]
    assert hole["end"] == time("2024-01-01 09:00")
    assert hole["noticed_at"] == NOTICED


def test_when_it_was_noticed_is_now_by_default(store, holes):
    before = pd.Timestamp.now("UTC").floor("ms")
    store.add_holes(holes.drop(columns="noticed_at"))

    assert store.holes("binance", HOUR)["noticed_at"].between(before, pd.Timestamp.now("UTC")).all()


def test_bounds_touch(store, holes):
    store.add_holes(holes)

    assert len(store.holes("binance", HOUR, start=time("2024-01-01 05:00"), end=time("2024-02-01"))) == 1
    assert len(store.holes("binance", HOUR, ["ethusdt"], end=time("2024-01-01 04:00"))) == 1
    assert store.holes("binance", HOUR, end=time("2024-01-01 03:00")).empty
    assert store.holes("kraken", HOUR).empty


def test_forgetting(store, holes):
    store.add_holes(holes)

    assert store.forget_holes("binance", HOUR, ["BTC/USDT"], start=time("2024-01-15")) == 1
    assert len(store.holes("binance", HOUR)) == 2
    assert store.forget_holes("binance", HOUR) == 2
    assert store.holes("binance", HOUR).empty


def test_a_series_of_holes_only_has_no_candles(store, holes, candles):
    store.add_holes(holes)

    assert store.series().empty
    with pytest.raises(NoCandles, match=r"no 1h candles of any symbol.*Stored are: none"):
        store.read("binance", HOUR)
    store.upsert(candles)
    pd.testing.assert_frame_equal(store.read("binance", HOUR), candles)


def test_what_is_no_hole_is_refused(store, holes):
    with pytest.raises(BadCandles, match="lack reason"):
        store.add_holes(holes.drop(columns="reason"))
    with pytest.raises(BadCandles, match="ends before it starts"):
        store.add_holes(holes.assign(end=holes["start"]))
