"""Perpetuals with funding rates in the store, from files to features; and the same without."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from algotrade.data.store import CandleStore
from algotrade.domain.candles import from_milliseconds, to_milliseconds
from algotrade.features import FEATURES
from algotrade.simulation.market import MarketSettings, simulate_market
from tests.kedro_runs import Run

OF_FUNDING = [name for name, each in FEATURES.items() if each.needs == ("funding_rate",)]
ROWS = 600


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    candles = simulate_market(MarketSettings(symbols=("BTC/USDT", "ETH/USDT"), candles=ROWS))
    for symbol, rows in candles.groupby("symbol"):
        path = tmp_path / "files" / "binance-um" / f"{symbol.replace('/', '')}-1h.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        rows.rename(columns={"open_time": "ts"}).drop(columns=["exchange", "symbol", "timeframe"]).to_parquet(path)
    return tmp_path / "files"


@pytest.fixture
def features(run: Run, folder: Path, tmp_path: Path):
    """Run ingestion and features on the folder."""

    def computed() -> pd.DataFrame:
        chosen = {"source": "files", "path": str(folder), "timeframe": "1h", "symbols": None}
        run("ingestion", "feature_engineering", **chosen, ingestion={"require_enough_history": False},
            feature_engineering={"names": None})  # fmt: skip
        return pd.read_parquet(tmp_path / "data" / "04_feature" / "features.parquet")

    return computed


def store_rates(data: Path, folder: Path) -> pd.DataFrame:
    candles = pd.read_parquet(folder / "binance-um" / "BTCUSDT-1h.parquet")
    first = to_milliseconds(candles["ts"])[0]
    times = from_milliseconds(first + 8 * 3_600_000 * np.arange(ROWS // 8))
    rates = pd.DataFrame(
        {"exchange": "binance-um", "symbol": "BTC/USDT:USDT", "time": times,
         "rate": np.random.default_rng(1).normal(1e-4, 1e-4, len(times))}
    )  # fmt: skip
    (data / "02_intermediate").mkdir(parents=True, exist_ok=True)
    CandleStore(f"sqlite:///{data / '02_intermediate' / 'candles.db'}").add_funding_rates(rates)
    return rates


def test_stored_rates_become_features(features, folder, tmp_path):
    rates = store_rates(tmp_path / "data", folder)
    found = features().set_index(["symbol", "open_time"])
    btc, eth = found.loc["BTC/USDT"], found.loc["ETH/USDT"]
    assert set(OF_FUNDING) <= set(found)
    assert eth[OF_FUNDING].isna().all().all(), "nothing is made up for a symbol without rates"
    assert btc[OF_FUNDING][200:].notna().all().all()
    # The candle that opens an hour before a settlement closes with it.
    closed = btc["funding_rate"].to_numpy()[7::8]
    np.testing.assert_array_equal(closed[: len(rates) - 1], rates["rate"].to_numpy()[1:])
    snapshot = pd.read_parquet(tmp_path / "data" / "03_primary" / "candles.parquet")
    assert snapshot.loc[snapshot["symbol"] == "BTC/USDT", "funding_rate"].notna().all()


def test_without_rates_the_features_are_left_out_with_one_line(features, tmp_path, capfd):
    found = features()
    assert not set(OF_FUNDING) & set(found)
    assert "funding_rate" not in pd.read_parquet(tmp_path / "data" / "03_primary" / "candles.parquet")
    told = capfd.readouterr().err.splitlines()
    assert sum("features left out" in line and "funding_rate" in line for line in told) == 1
