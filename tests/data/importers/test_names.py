"""A file's name tells its series, in every convention people use."""

from pathlib import Path

import pytest

from algotrade.data.importers.names import series_name


@pytest.mark.parametrize(
    ("name", "symbol", "timeframe", "prefix"),
    [
        ("BTCUSDT-1h.parquet", "BTC/USDT", "1h", None),
        ("BTCUSDT-1h-2023-01.csv", "BTC/USDT", "1h", None),
        ("BTCUSDT-1h-2023-01-31.zip", "BTC/USDT", "1h", None),
        ("1000SHIBUSDT-1d.parquet", "1000SHIB/USDT", "1d", None),
        ("AAPL-1d.parquet", "AAPL", "1d", None),
        ("ETHUSDT-1h-head5000.csv", "ETH/USDT", "1h", None),
        ("BTC_USDT-15m.json.gz", "BTC/USDT", "15m", None),
        ("BTC-USDT_4h.csv", "BTC/USDT", "4h", None),
        ("BTC_USDT_USDT-1h-futures.feather", "BTC/USDT:USDT", "1h", None),
        ("NFI_BTC_USDT-1h.json", "BTC/USDT", "1h", "NFI"),
        ("Bitstamp_BTCUSD_1h.csv", "BTC/USD", "1h", "Bitstamp"),
        ("gemini_BTCUSD_1hr_tail4000.csv", "BTC/USD", "1h", "gemini"),
        ("Binance_ETHUSDT_minute.csv", "ETH/USDT", "1m", "Binance"),
        ("Bitstamp_BTCUSD_d.csv", "BTC/USD", "1d", "Bitstamp"),
        ("BTCUSDT-60m.csv", "BTC/USDT", "1h", None),
        ("BTCUSDT.csv", "BTC/USDT", None, None),
        ("BTCUSDT-1M-2023.csv", "BTC/USDT", None, None),
    ],
)
def test_names(name, symbol, timeframe, prefix):
    named = series_name(Path("somewhere") / name)

    assert (named.symbol, named.timeframe and named.timeframe.name, named.prefix) == (symbol, timeframe, prefix)
