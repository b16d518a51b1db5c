"""The command starts a venue that can be used from another process, and stops it when told to."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import requests
from click.testing import CliRunner

from algotrade.cli import cli
from algotrade.data.exchange.clients import URL_VARIABLE, spot_client
from algotrade.data.store import CandleStore
from algotrade.errors import AlgotradeError
from algotrade.simulation.venue import LocalVenue
from algotrade.simulation.venue.launch import VenueOptions


@contextmanager
def running(*arguments: str) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """Address and process of a venue that a command started."""
    command = [sys.executable, "-m", "algotrade", "venue", "--port", "0", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        assert "listens at http://127.0.0.1:" in said, said + process.stdout.read()
        yield said.split(" at ")[1].split(";")[0], process
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_told_to_stop(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = json.dumps({"fault": "server_error", "on": "time", "after": 1, "times": 1})
    with running("--symbols", "BTCUSDT,ETH/USDT", "--speed", "60", "--history-days", "0.2", "--faults", plan) as (
        url,
        process,
    ):
        monkeypatch.setenv(URL_VARIABLE, url)
        client: Any = spot_client("binance")
        assert sorted(client.load_markets()) == ["BTC/USDT", "ETH/USDT"]
        assert abs(client.fetch_time() - pd.Timestamp.now("UTC").timestamp() * 1_000) < 60 * 30_000
        assert requests.get(f"{url}/api/v3/time", timeout=30).status_code == 503
        assert len(client.fetch_ohlcv("ETH/USDT", "5m", limit=10)) == 10
        os.kill(process.pid, number)
        assert process.wait(60) == 0
        assert process.stdout is not None
        assert "has answered 4 requests and stopped" in process.stdout.read()


def test_a_folder_of_files_is_served(tmp_path: Path, market: pd.DataFrame) -> None:
    one = market[market["symbol"] == "BTC/USDT"].head(300)
    columns = ["open_time", "open", "high", "low", "close", "volume"]
    one[columns].assign(open_time=one["open_time"].astype("int64")).to_csv(tmp_path / "BTCUSDT-1m.csv", index=False)

    settings = VenueOptions(path=tmp_path, exchange="here", now="2024-01-01T02:00").settings()

    assert len(settings.candles) == 300
    assert settings.start_ms == int(pd.Timestamp("2024-01-01T02:00Z").value // 10**6)


def test_a_store_is_served(tmp_path: Path, market: pd.DataFrame) -> None:
    url = f"sqlite:///{tmp_path / 'candles.db'}"
    CandleStore(url).upsert(market.head(500))

    settings = VenueOptions(database=url, exchange="simulated", symbols="btc-usdt").settings()

    assert settings.candles["close"].tolist() == market.head(500)["close"].tolist()


def test_faults_may_be_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "faults.json"
    file.write_text('[{"fault": "slow_answer", "seconds": 0.5}, {"fault": "missing_event", "on": "*@trade"}]')

    assert len(VenueOptions(faults=str(file), history_days=0.1).settings().faults.planned) == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"faults": "nowhere.json"}, "neither JSON nor a file"),
        ({"faults": "[{]"}, "no JSON"),
        ({"faults": '[{"fault": "gremlin"}]'}, "unknown fault 'gremlin'"),
        ({"now": "soon"}, "is no time"),
        ({"timeframe": "soon"}, "Unknown timeframe"),
        ({"database": "sqlite:///x.db"}, "Name it, as in --exchange"),
        ({"database": "sqlite:///x.db", "path": Path("x")}, "not both"),
        ({"symbols": "BITCOIN"}, "no spot symbol"),
    ],
)
def test_options_are_checked_at_the_door(options: dict[str, Any], message: str) -> None:
    with pytest.raises(AlgotradeError, match=message):
        LocalVenue(VenueOptions(history_days=0.1, **options).settings())


def test_a_mistake_is_one_message() -> None:
    result = CliRunner().invoke(cli, ["venue", "--faults", '{"fault": "gremlin"}'])

    assert result.exit_code == 1
    assert result.output.startswith("Error: venue: unknown fault 'gremlin'. Known are: ")
