"""The funding rate of a candle is the last one settled by its close: never a later one, nor one that is stale."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from algotrade.data.digest import content_digest
from algotrade.data.funding import STALE_AFTER_HOURS, last_settled, with_funding
from algotrade.data.schema import CandleSchema
from algotrade.data.store import CandleStore
from algotrade.domain.candles import from_milliseconds, to_milliseconds
from algotrade.domain.timeframe import Timeframe
from algotrade.simulation.market import MarketSettings, simulate_market

HOUR = Timeframe("1h")
HOUR_MS = HOUR.milliseconds


@pytest.fixture
def candles() -> pd.DataFrame:
    return simulate_market(MarketSettings(symbols=("BTC/USDT", "ETH/USDT"), candles=100)).assign(exchange="binance-um")


@pytest.fixture
def store(tmp_path: Path) -> CandleStore:
    return CandleStore(f"sqlite:///{tmp_path / 'candles.db'}")


def settle(store: CandleStore, candles: pd.DataFrame, hours: list[float], exchange: str, symbol: str) -> None:
    """Store the rates 1e-4, 2e-4, ... settled so many hours after the first candle opened."""
    first = to_milliseconds(candles["open_time"]).min()
    store.add_funding_rates(
        pd.DataFrame(
            {
                "exchange": exchange,
                "symbol": symbol,
                "time": from_milliseconds(first + (np.array(hours) * HOUR_MS).astype(np.int64)),
                "rate": 1e-4 * (1 + np.arange(len(hours))),
            }
        )
    )


def rates_of(candles: pd.DataFrame, symbol: str) -> np.ndarray:
    return candles.loc[candles["symbol"] == symbol, "funding_rate"].to_numpy()


def test_a_rate_is_known_at_the_close_it_is_settled_at_and_not_before(store, candles):
    """Candle 7 closes at hour 8; a settlement a millisecond later is that of candle 8."""
    settle(store, candles, [8.0, 16.0 + 1 / HOUR_MS], "binance-um", "BTC/USDT:USDT")
    rates = rates_of(with_funding(candles, store, ["binance-um"], HOUR), "BTC/USDT")

    assert np.isnan(rates[:7]).all()
    assert (rates[7:16] == 1e-4).all()
    assert (rates[16:39] == 2e-4).all()
    assert np.isnan(rates[40:]).all(), "after 24 hours it is no longer the last rate"


def test_against_a_look_at_every_rate():
    rng = np.random.default_rng(1)
    times = np.sort(rng.choice(3_000, 60, replace=False)) * HOUR_MS // 10
    rates, closes = rng.normal(0, 1e-4, 60), np.arange(400) * HOUR_MS
    for close, found in zip(closes, last_settled(times, rates, closes), strict=True):
        settled = np.flatnonzero((times <= close) & (close - times < STALE_AFTER_HOURS * HOUR_MS))
        assert np.array_equal(found, rates[settled[-1]] if len(settled) else np.nan, equal_nan=True)


def test_later_rates_change_nothing_before_them(store, candles):
    settle(store, candles, [8.0], "binance-um", "BTC/USDT:USDT")
    before = with_funding(candles, store, ["binance-um"], HOUR)
    settle(store, candles, [8.0, 16.0, 50.0], "binance-um", "BTC/USDT:USDT")
    after = with_funding(candles, store, ["binance-um"], HOUR)
    np.testing.assert_array_equal(rates_of(after, "BTC/USDT")[:15], rates_of(before, "BTC/USDT")[:15])
    assert rates_of(after, "BTC/USDT")[15] != rates_of(before, "BTC/USDT")[15]


@pytest.mark.parametrize(
    ("exchange", "filed_under"),
    [("binance", "binance"), ("binance", "binance-um"), ("binance-um", "binanceusdm"), ("bybit", "bybit")],
)
def test_a_spot_pair_has_the_rate_of_its_perpetual(store, candles, exchange, filed_under):
    settle(store, candles, [0.0, 10.0], filed_under, "BTC/USDT:USDT")
    found = with_funding(candles, store, [exchange], HOUR)
    assert (rates_of(found, "BTC/USDT")[9:30] == 2e-4).all()
    assert np.isnan(rates_of(found, "ETH/USDT")).all()


def test_the_exchanges_own_rates_come_first_and_other_exchanges_do_not_count(store, candles):
    settle(store, candles, [0.0], "binance-um", "BTC/USDT:USDT")
    settle(store, candles, [0.0, 0.5], "binance", "BTC/USDT:USDT")
    settle(store, candles, [0.0], "bybit", "ETH/USDT:USDT")
    own = with_funding(candles, store, ["binance-um"], HOUR)
    assert rates_of(own, "BTC/USDT")[5] == 1e-4
    assert np.isnan(rates_of(own, "ETH/USDT")).all()
    both = with_funding(candles, store, ["binance-um", "bybit"], HOUR)
    assert rates_of(both, "ETH/USDT")[5] == 1e-4


def test_without_rates_there_is_no_column_and_the_digest_stays(store, candles):
    settle(store, candles, [5_000.0], "binance-um", "BTC/USDT:USDT")
    found = with_funding(candles, store, ["binance-um"], HOUR)
    assert list(found) == list(candles)
    assert with_funding(candles.iloc[:0], store, ["binance-um"], HOUR).empty


def test_rates_are_part_of_the_contract_and_of_the_digest(store, candles):
    settle(store, candles, [8.0], "binance-um", "BTC/USDT:USDT")
    found = with_funding(candles, store, ["binance-um"], HOUR)
    CandleSchema.validate(found)
    CandleSchema.validate(candles)
    assert content_digest(found) != content_digest(candles)
    assert content_digest(found) == content_digest(found.sample(frac=1, random_state=1))
    other = found.assign(funding_rate=found["funding_rate"] * 1.5)
    assert content_digest(other) != content_digest(found)
