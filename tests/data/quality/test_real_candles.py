"""Every real candle is kept; what breaks the contract and the fabricated market are not."""

from pathlib import Path

import pandas as pd
import pytest

from algotrade.data.importers import read_folder
from algotrade.data.quality import InspectedCandles, inspect_candles
from algotrade.data.schema import CandleSchema
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import BadCandles

EXCHANGES = ("binance", "binance-um", "binance-um-2023", "binanceus", "bitstamp", "gemini", "kraken", "us-equity")


def inspected(market_data: Path, exchange: str) -> dict[str, InspectedCandles]:
    folder = market_data / "candles" / exchange
    timeframes = sorted({path.stem.rsplit("-", 1)[1] for path in folder.glob("*.parquet")})
    return {name: inspect_candles(read_folder(folder, Timeframe(name)).frame, Timeframe(name)) for name in timeframes}


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_only_what_breaks_the_contract_is_set_aside(market_data, exchange):
    results = inspected(market_data, exchange)

    violations = {"us-equity": 11, "gemini": 1}
    assert sum(result.totals["quarantined"] for result in results.values()) == violations.get(exchange, 0)
    for result in results.values():
        CandleSchema.validate(result.candles)


def test_binance_outages_are_counted(market_data):
    report = inspect_candles(
        read_folder(market_data / "candles" / "binance", Timeframe("1h")).frame, Timeframe("1h")
    ).report

    bitcoin = report.set_index("symbol").loc["BTC/USDT"]
    assert (bitcoin["gaps"], bitcoin["missing_candles"]) == (28, 128)


def test_the_day_doge_rose_fivefold_is_kept_and_counted(market_data):
    daily = read_folder(market_data / "candles" / "binance", Timeframe("1d"), ["DOGE/USDT"])

    result = inspect_candles(daily.frame, Timeframe("1d"))

    assert pd.Timestamp("2021-01-28", tz="UTC") in result.candles["open_time"].tolist()
    assert result.totals["suspicious_jumps"] >= 1


def test_trading_days_have_gaps_and_are_no_fault(market_data):
    apple = read_folder(market_data / "candles" / "us-equity", Timeframe("1d"), ["AAPL"])

    totals = inspect_candles(apple.frame, Timeframe("1d")).totals

    assert totals["gaps"] > 200
    assert totals["quarantined"] == 0


class TestTheFabricatedMarket:
    @pytest.fixture
    def fabricated(self, market_data) -> pd.DataFrame:
        return read_folder(market_data / "raw" / "dirty", Timeframe("15m")).frame

    def test_it_is_refused_for_its_stamps(self, fabricated):
        with pytest.raises(BadCandles, match=r"2,999 of 2,999 rows \(100%\).*not a multiple of the timeframe"):
            inspect_candles(fabricated, Timeframe("15m"))

    @pytest.mark.parametrize("rounding", ["round", "floor", "ceil"])
    def test_it_is_refused_for_its_prices_once_the_stamps_are_rounded(self, fabricated, rounding):
        rounded = getattr(fabricated["open_time"].dt, rounding)("15min")

        with pytest.raises(BadCandles, match=r"from 4\.291e\+04 to 2\.841e\+37"):
            inspect_candles(fabricated.assign(open_time=rounded), Timeframe("15m"))

    def test_its_first_third_is_refused_for_climbing_like_clockwork(self, fabricated):
        rounded = fabricated.assign(open_time=fabricated["open_time"].dt.round("15min")).head(1_000)

        with pytest.raises(BadCandles, match="like clockwork"):
            inspect_candles(rounded, Timeframe("15m"))
