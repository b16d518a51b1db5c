"""The files in ``../shared/market-data`` as people really have them."""

import pytest

from algotrade.data.importers import read_folder
from algotrade.data.quality import inspect_candles
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import BadCandles, ConfigurationError

HOUR = Timeframe("1h")


@pytest.mark.parametrize(
    ("folder", "timeframe", "symbol", "rows", "exchange"),
    [
        ("binance-vision", "1h", "BTC/USDT", 3_623, "binance"),
        ("binance-api-csv", "4h", "BTC/USDT", 7_179, "binance"),
        ("binance-api-csv", "1h", "ETH/USDT", 4_999, "binance"),
        ("freqtrade", "1h", "BTC/USDT", 5_482, "freqtrade"),
        ("freqtrade", "30m", "UNITTEST/BTC", 1_920, "freqtrade"),
        ("dirty", "1h", "BNB/USDT", 5_999, "dirty"),
    ],
)
def test_raw_files(market_data, folder, timeframe, symbol, rows, exchange):
    imported = read_folder(market_data / "raw" / folder, Timeframe(timeframe))

    assert len(imported.frame) == rows
    assert set(zip(imported.frame["exchange"], imported.frame["symbol"], strict=True)) == {(exchange, symbol)}


@pytest.mark.parametrize(("exchange", "rows"), [("bitstamp", 5_998), ("gemini", 4_000)])
def test_cryptodatadownload_is_turned_oldest_first(market_data, exchange, rows):
    imported = read_folder(market_data / "raw" / "cryptodatadownload", HOUR, exchange=exchange)
    inspected = inspect_candles(imported.frame, HOUR)

    assert len(imported.frame) == rows
    assert inspected.totals["unsorted"] == rows - 1
    assert len(inspected.candles) + len(inspected.quarantine) == rows
    assert inspected.candles["open_time"].is_monotonic_increasing


def test_two_exchanges_of_one_symbol_ask_for_a_choice(market_data):
    with pytest.raises(ConfigurationError, match="bitstamp, gemini"):
        read_folder(market_data / "raw" / "cryptodatadownload", HOUR)


@pytest.mark.parametrize("asked", ["1m", "8m"])
def test_the_misnamed_freqtrade_file_is_found_out(market_data, asked):
    with pytest.raises(BadCandles, match=r"UNITTEST_BTC-8m\.json\.gz is named 8m, but its candles are 1m apart"):
        read_folder(market_data / "raw" / "freqtrade", Timeframe(asked))


def test_the_epoch_column_is_used_and_rows_off_its_grid_are_set_aside(market_data):
    imported = read_folder(market_data / "raw" / "dirty", HOUR)
    inspected = inspect_candles(imported.frame, HOUR)

    assert any("'timestamp' was used" in note for note in imported.notes)
    assert len(inspected.quarantine) == 43
    reference = read_folder(market_data / "candles" / "binance", HOUR, ["BNB/USDT"]).frame.set_index("open_time")
    close = inspected.candles.set_index("open_time")["close"]
    assert (close == reference["close"].reindex(close.index)).all()


def test_raw_and_tidy_files_of_one_exchange_agree(market_data):
    imported = read_folder(market_data, HOUR, ["BTC/USDT", "ETH/USDT"], exchange="binance")

    assert inspect_candles(imported.frame, HOUR).totals["duplicates"] == 3_623 + 4_999


def test_hundreds_of_thousands_of_candles_are_read(market_data):
    imported = read_folder(market_data / "candles" / "binance", HOUR)

    assert len(imported.frame) > 600_000
    assert imported.files == 16
