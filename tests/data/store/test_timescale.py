"""What TimescaleDB adds, where ``ALGOTRADE_TEST_TIMESCALE_URL`` names a server that has it."""

import pandas as pd
import pytest
from tests.postgres import execute

from algotrade.data.store import CandleStore, UpsertCount
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import StoreError

MINUTE, HOUR, DAY = Timeframe("1m"), Timeframe("1h"), Timeframe("1d")
JOBS = "SELECT proc_name, hypertable_name, config FROM timescaledb_information.jobs WHERE job_id >= 1000 ORDER BY 1, 2"


@pytest.fixture
def url(timescale_url: str) -> str:
    return timescale_url


@pytest.fixture
def minutes(make_candles) -> pd.DataFrame:
    return make_candles(timeframe="1m", rows=3 * 1_440)


def test_the_large_tables_are_hypertables_with_columnstore_and_aggregates(store, url):
    capabilities = store.capabilities

    assert capabilities.timescaledb
    assert capabilities.missing == ()
    assert capabilities.notice == ""
    tables = execute(
        url,
        "SELECT hypertable_name FROM timescaledb_information.hypertables WHERE hypertable_schema = 'public' ORDER BY 1",
    )
    assert [name for (name,) in tables] == ["book_top", "candle", "trade"]
    assert len(execute(url, JOBS)) == 5
    # A key of our own is enough: no index on time alone.
    assert len(execute(url, "SELECT indexname FROM pg_indexes WHERE tablename = 'candle'")) == 1


def test_the_extension_may_come_later(store, url, candles):
    execute(url, "DROP EXTENSION timescaledb")
    store.upsert(candles)
    assert not store.capabilities.hypertables
    execute(url, "CREATE EXTENSION timescaledb")

    late = CandleStore(url)
    assert "hypertables" in late.capabilities.missing
    late.migrate()

    assert late.capabilities.missing == ()
    pd.testing.assert_frame_equal(late.read("binance", HOUR), candles)
    assert late.upsert(candles) == UpsertCount(0, 0, len(candles))


def test_an_aggregate_that_was_dropped_comes_back(store, url):
    store.migrate()
    execute(url, "DROP MATERIALIZED VIEW candle_1d", "DROP MATERIALIZED VIEW candle_1h")

    late = CandleStore(url)
    assert late.capabilities.missing == ("continuous aggregates",)
    late.migrate()
    assert late.capabilities.missing == ()


def test_candles_in_the_columnstore_are_read_and_corrected(store, url, minutes):
    store.upsert(minutes)
    for (chunk,) in execute(url, "SELECT show_chunks('candle')::text"):
        execute(url, f"CALL convert_to_columnstore('{chunk}')")

    pd.testing.assert_frame_equal(store.read("binance", MINUTE), minutes)
    corrected = minutes.assign(close=minutes["close"].where(minutes.index != 700, minutes["high"]))
    assert store.upsert(corrected) == UpsertCount(0, 1, len(minutes) - 1)
    pd.testing.assert_frame_equal(store.read("binance", MINUTE), corrected)


def test_the_aggregates_are_the_resampled_candles(store, url, minutes):
    store.upsert(minutes)
    for aggregate in ("candle_1h", "candle_1d"):
        execute(url, f"CALL refresh_continuous_aggregate('{aggregate}', NULL, NULL)")

    for aggregate, timeframe in (("candle_1h", HOUR), ("candle_1d", DAY)):
        expected = store.read("binance", MINUTE, resample=timeframe)
        rows = execute(url, f"SELECT open, high, low, close, volume, trades FROM {aggregate} ORDER BY open_time")
        names = ["open", "high", "low", "close", "volume", "trades"]
        pd.testing.assert_frame_equal(pd.DataFrame(rows, columns=names), expected[names])
    assert execute(url, "SELECT sum(candles) FROM candle_1d")[0][0] == len(minutes)


def test_retention_is_set_changed_and_removed(store, url, minutes):
    store.upsert(minutes)
    store.set_retention(365)
    store.set_retention(400)

    policies = [config for name, _, config in execute(url, JOBS) if name == "policy_retention"]
    assert [policy["drop_after"] for policy in policies] == [400 * 86_400_000]
    store.set_retention(None)
    assert "policy_retention" not in [name for name, *_ in execute(url, JOBS)]
    with pytest.raises(StoreError, match="7 days is too short"):
        store.set_retention(7)
    assert len(store.read("binance", MINUTE)) == len(minutes)
