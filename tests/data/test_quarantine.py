"""Quarantined rows are found by what is known of them, and released only if they can be candles."""

from pathlib import Path

import pandas as pd
import pytest

from algotrade.data.quality.faults import Fault
from algotrade.data.quarantine import Quarantine
from algotrade.data.store import CandleStore, UpsertCount
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import BadCandles, ConfigurationError

HOUR = Timeframe("1h")
SPIKE, CROSSED = Fault.SPIKE.reason, Fault.HIGH_BELOW_BODY.reason


@pytest.fixture
def store(tmp_path: Path) -> CandleStore:
    return CandleStore(f"sqlite:///{tmp_path}/candles.db")


@pytest.fixture
def quarantine(store, make_candles) -> Quarantine:
    """Candles of two exchanges; of one, two plausible rows and an impossible one are in quarantine."""
    candles = make_candles()
    store.upsert(candles.drop(index=[5, 9, 20]))
    spikes = candles.iloc[[5, 9]].assign(reason=SPIKE, origin="BTCUSDT-1h.csv")
    crossed = candles.iloc[[20]].assign(high=1.0, reason=CROSSED, origin="BTCUSDT-1h.csv")
    foreign = candles.iloc[[3]].assign(exchange="kraken", reason=SPIKE, origin="x.csv")
    store.add_quarantine(pd.concat([spikes, crossed, foreign]))
    return Quarantine(store)


def test_rows_are_found_by_what_is_known_of_them(quarantine):
    assert len(quarantine.rows()) == 4
    assert len(quarantine.rows(exchange="binance")) == 3
    assert len(quarantine.rows(reason="ORDER OF MAGNITUDE")) == 3
    assert len(quarantine.rows(symbol="btcusdt", timeframe="1h", exchange="binance", reason="magnitude")) == 2
    assert quarantine.rows(symbol="ETH/USDT").empty
    assert quarantine.rows(reason="(").empty


def test_a_row_is_explained_by_the_first_characters_of_its_id(quarantine, store):
    row = quarantine.rows(exchange="kraken").iloc[0]

    explained = quarantine.explained([row["row_id"][:10]])

    assert explained["row_id"].tolist() == [row["row_id"]]
    assert explained["obstacle"].tolist() == [""]


@pytest.mark.parametrize(("beginning", "says"), [("", "fits 4 rows; give more"), ("xyz", "is no row's id")])
def test_an_id_that_tells_no_row_is_refused(quarantine, beginning, says):
    with pytest.raises(ConfigurationError, match=says):
        quarantine.explained([beginning])


def test_a_released_row_is_a_candle_and_leaves_the_list(quarantine, store, make_candles):
    chosen = quarantine.releasable(quarantine.chosen(exchange="binance", reason="magnitude"))

    assert quarantine.release(chosen) == UpsertCount(2, 0, 0)

    expected = make_candles().drop(index=20).reset_index(drop=True)
    pd.testing.assert_frame_equal(store.read("binance", HOUR), expected)
    assert len(quarantine.rows()) == 2
    assert quarantine.rows(released=True)["released_at"].notna().sum() == 2
    with pytest.raises(ConfigurationError, match="None of these rows is waiting"):
        quarantine.chosen(chosen)


def test_an_impossible_row_keeps_the_others(quarantine, store):
    with pytest.raises(BadCandles, match=r"1 of 3 rows cannot be candles, .*high is below .*Nothing was released"):
        quarantine.releasable(quarantine.chosen(exchange="binance"))

    assert len(store.read("binance", HOUR)) == 45


def test_a_stored_candle_is_not_replaced_unasked(quarantine, store, make_candles):
    stored = make_candles().iloc[[5]].assign(close=30_010.0, high=31_000.0)
    store.upsert(stored)
    chosen = quarantine.chosen(exchange="binance", reason="magnitude")

    with pytest.raises(BadCandles, match=r"1 of 2 rows would replace stored candles, .* has close 30010, .*--replace"):
        quarantine.releasable(chosen)

    assert quarantine.release(quarantine.releasable(chosen, replace=True)) == UpsertCount(1, 1, 0)


def test_nothing_named_releases_nothing(quarantine):
    with pytest.raises(ConfigurationError, match="Say which rows"):
        quarantine.chosen()


def test_ids_and_conditions_narrow_each_other(quarantine):
    ids = quarantine.rows()["row_id"].tolist()

    assert quarantine.chosen(ids, exchange="kraken") == quarantine.rows(exchange="kraken")["row_id"].tolist()
