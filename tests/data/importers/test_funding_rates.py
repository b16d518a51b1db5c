"""Funding rates as people have them in files, and files that are something else."""

from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from pyarrow import feather

from algotrade.cli.records import records
from algotrade.data.importers.funding_rates import read_funding_rates
from algotrade.data.store import CandleStore
from algotrade.errors import BadCandles, ConfigurationError, NoCandles, UnknownFormat

SHARED = Path(__file__).parents[4] / "shared" / "market-data" / "funding"
TIMES = pd.date_range("2024-01-01", periods=3, freq="8h", tz="UTC").as_unit("ms")
RATES = [0.0001, -0.0002, 0.0003]


def write_tidy(path: Path, rates: list[float] = RATES) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame({"ts": TIMES, "funding_rate": rates}).to_parquet(path)
    return path


def write_binance(path: Path) -> Path:
    lines = ["calc_time,funding_interval_hours,last_funding_rate"]
    lines += [f"{time.value // 1_000_000 + 3},8,{rate}" for time, rate in zip(TIMES.as_unit("ns"), RATES, strict=True)]
    path.write_text("\n".join(lines) + "\n")
    return path


def write_api(path: Path) -> Path:
    rows = {"symbol": "ETHUSDT", "fundingTime": TIMES.asi8, "fundingRate": [str(rate) for rate in RATES]}
    pd.DataFrame(rows).to_csv(path, index=False)
    return path


def write_freqtrade(path: Path) -> Path:
    rows = {"date": TIMES, "open": RATES} | dict.fromkeys(("high", "low", "close", "volume"), 0.0)
    feather.write_feather(pd.DataFrame(rows), path)
    return path


@pytest.mark.parametrize(
    ("write", "name", "symbol", "late_ms"),
    [
        (write_tidy, "BTCUSDT.parquet", "BTC/USDT:USDT", 0),
        (write_binance, "BTCUSDT-fundingRate-2024-01.csv", "BTC/USDT:USDT", 3),
        (write_api, "rates.csv", "ETH/USDT:USDT", 0),
        (write_freqtrade, "BTC_USDT_USDT-8h-funding_rate.feather", "BTC/USDT:USDT", 0),
    ],
)
def test_formats(write, name, symbol, late_ms, tmp_path):
    folder = tmp_path / "binance-um"
    folder.mkdir()
    found = read_funding_rates(write(folder / name))

    assert found.frame["rate"].tolist() == RATES
    assert found.frame["time"].tolist() == (TIMES + pd.Timedelta(milliseconds=late_ms)).tolist()
    assert set(found.frame["symbol"]) == {symbol}
    assert set(found.frame["exchange"]) == {"binance-um"}


def test_a_folder_is_read_whole_and_says_what_it_leaves_out(tmp_path):
    write_tidy(tmp_path / "binance-um" / "BTCUSDT.parquet")
    write_tidy(tmp_path / "bybit" / "BTCUSDT.parquet", [0.1, 0.2, 0.3])
    candles = pd.DataFrame({"ts": TIMES} | dict.fromkeys(("open", "high", "low", "close", "volume"), 1.0))
    candles.to_parquet(tmp_path / "bybit" / "BTCUSDT-8h.parquet")
    (tmp_path / "README.md").write_text("notes")
    found = read_funding_rates(tmp_path)

    assert found.frame.groupby("exchange")["rate"].sum().round(4).to_dict() == {"binance-um": 0.0002, "bybit": 0.6}
    assert found.notes == ("BTCUSDT-8h.parquet holds no funding rates; it was left out.",)
    assert set(read_funding_rates(tmp_path, exchange="Venue").frame["exchange"]) == {"venue"}


def test_what_is_no_funding_rate_is_refused(tmp_path):
    with pytest.raises(NoCandles, match=r"no funding rates in .*Known are"):
        read_funding_rates(tmp_path)
    with pytest.raises(ConfigurationError, match="does not exist"):
        read_funding_rates(tmp_path / "nowhere")
    prices = tmp_path / "BTCUSDT-1h.csv"
    prices.write_text("open_time,open,high,low,close,volume\n1700000000000,1,1,1,1,1\n")
    with pytest.raises(UnknownFormat, match=r"BTCUSDT-1h.csv holds no funding rates"):
        read_funding_rates(prices)
    with pytest.raises(BadCandles, match="row 2 has a funding rate of 3; accepted are fractions"):
        read_funding_rates(write_tidy(tmp_path / "BTCUSDT.parquet", [0.0001, 3.0, 0.0001]))


def test_the_command_stores_each_rate_once(tmp_path):
    write_tidy(tmp_path / "rates" / "binance-um" / "BTCUSDT.parquet")
    database = f"sqlite:///{tmp_path / 'candles.db'}"
    told = [
        CliRunner().invoke(records, ["import-funding", str(tmp_path / "rates"), "--database", database]).output
        for _ in range(2)
    ]
    assert told == [f"BTC/USDT:USDT: {new} new funding rates of binance-um.\n" for new in (3, 0)]
    assert CandleStore(database).funding_rates("binance-um")["rate"].tolist() == RATES
    refused = CliRunner().invoke(records, ["import-funding", str(tmp_path / "no"), "--database", database])
    assert refused.exit_code != 0
    assert "does not exist" in refused.output


@pytest.mark.skipif(not SHARED.is_dir(), reason="no real market data beside the project")
def test_real_rates_of_perpetuals():
    found = read_funding_rates(SHARED).frame
    assert set(found["symbol"]) == {"BTC/USDT:USDT", "ETH/USDT:USDT", "LTC/USDT:USDT"}
    assert (found["rate"].abs() < 0.01).all()
    steps = found.groupby("symbol")["time"].diff().dropna()
    assert (steps == pd.Timedelta(hours=8)).mean() > 0.99
