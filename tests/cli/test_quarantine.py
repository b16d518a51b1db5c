"""``algotrade quarantine`` at the terminal."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from algotrade.cli import cli
from algotrade.data.store import CandleStore
from algotrade.domain.candles import from_milliseconds
from algotrade.domain.timeframe import Timeframe

HOUR = Timeframe("1h")


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A store with candles around a row in quarantine, and with an impossible row."""
    url = f"sqlite:///{tmp_path}/candles.db"
    close = np.linspace(100.0, 104.0, 5)
    candles = pd.DataFrame(
        {
            "exchange": "binance",
            "symbol": "BTC/USDT",
            "timeframe": "1h",
            "open_time": from_milliseconds(1_704_067_200_000 + HOUR.milliseconds * np.arange(5)),
            "open": close,
            "high": close + 1,
            "low": close - 1,
            "close": close,
            "volume": 2.0,
        }
    )
    store = CandleStore(url)
    store.upsert(candles.drop(index=[2, 3]))
    store.add_quarantine(candles.iloc[[2]].assign(reason="a spike", origin="BTCUSDT-1h.csv"))
    store.add_quarantine(candles.iloc[[3]].assign(volume=-1.0, reason="the volume is negative", origin=""))
    return url


@pytest.fixture
def command(url):
    def run(*arguments: str) -> Result:
        return CliRunner().invoke(cli, ["quarantine", *arguments, "--database", url])

    return run


def ids(url: str) -> list[str]:
    return CandleStore(url).quarantine()["row_id"].tolist()


def test_the_list_names_each_row_and_counts_the_reasons(command, url):
    lines = command("list").output.splitlines()

    assert lines[0] == (
        f"{ids(url)[0][:12]}  2024-01-01 02:00 UTC  binance BTC/USDT 1h  o 102 h 103 l 101 c 102 v 2  a spike"
    )
    assert lines[-2:] == ["1 rows: a spike", "1 rows: the volume is negative"]


def test_the_list_is_as_long_as_asked(command):
    output = command("list", "--limit", "1").output

    assert "... and 1 more" in output
    assert "1 rows: the volume is negative" in output
    assert command("list", "--reason", "nothing").output == "No rows in quarantine.\n"


def test_an_explanation_has_the_row_its_reason_and_its_neighbours(command, url):
    spike, negative = ids(url)

    output = command("explain", spike[:8], negative).output

    assert "reason     a spike" in output
    assert "origin     BTCUSDT-1h.csv" in output
    assert "stored     close before 101, close at its time not stored, open after 104" in output
    assert "release    possible\n" in output
    assert "release    not possible: the volume is negative" in output


def test_a_release_puts_the_row_into_the_candles_once(command, url):
    assert command("release", "--reason", "spike", "--dry-run").output == "1 rows can be released.\n"
    assert len(CandleStore(url).read("binance", HOUR)) == 3

    assert command("release", ids(url)[0][:8]).output.startswith("1 rows released: 1 new candles, 0 replaced")

    assert CandleStore(url).read("binance", HOUR)["close"].tolist() == [100.0, 101.0, 102.0, 104.0]
    assert "(released 2" in command("list", "--released").output
    assert "a spike" not in command("list").output
    assert "release    was released 2" in command("explain", ids(url)[0]).output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["release"], "Error: Say which rows to release"),
        (["release", "--reason", "negative"], "Error: 1 of 1 rows cannot be candles"),
        (["explain", "zzzz"], "Error: zzzz is no row's id"),
        (["list", "--timeframe", "1x"], "Error: Unknown timeframe '1x'"),
    ],
)
def test_a_mistake_is_one_message(command, arguments, says):
    result = command(*arguments)

    assert result.exit_code == 1
    assert result.output.startswith(says)


def test_the_embedded_store_is_the_default(url, monkeypatch):
    monkeypatch.setenv("ALGOTRADE_DATABASE_URL", url)

    assert "a spike" in CliRunner().invoke(cli, ["quarantine", "list"]).output
