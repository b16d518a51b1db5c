"""``algotrade candles``: the commands do what the modes do, and a mistake is one message."""

import pytest
from click.testing import CliRunner
from tests.data.download.conftest import MINUTE, assert_stored_is_true, klines, minute, name_of, times_of

from algotrade.cli import cli
from algotrade.data.exchange.clients import URL_VARIABLE
from algotrade.data.store import CandleStore


@pytest.fixture
def candles(venue, tmp_path, monkeypatch):
    """Run a command against the venue, with a database of its own."""
    monkeypatch.setenv(URL_VARIABLE, venue.url)
    monkeypatch.setenv("ALGOTRADE_DATABASE_URL", f"sqlite:///{tmp_path}/candles.db")

    def run(*arguments: str):
        return CliRunner().invoke(
            cli, ["candles", *arguments, *(() if arguments[0] == "status" else ("--timeframe", "1m"))]
        )

    return run


def test_the_life_of_a_store(candles, venue, store):
    answer = candles("backfill", "--start", "2024-01-01T16:40", "--end", "2024-01-02", "--symbols", "BTCUSDT,XRP/USDT")
    assert answer.exit_code == 0, answer.output
    assert "2 series: 880 new candles, 0 changed." in answer.output
    assert times_of(store, venue) == list(range(1_000, 1_440))

    venue.clock.set(int(minute(3_000.5).timestamp() * 1_000))
    answer = candles("update")
    assert "2 series: 3,120 new candles" in answer.output
    assert times_of(store, venue) == list(range(1_000, 3_000))

    assert "2 series: 0 new candles, 0 changed." in candles("refresh", "--last", "30").output
    assert "2 series: 0 new candles" in candles("repair", "--force").output
    assert "2 series: 2,000 new candles" in candles("update", "--start", "2024-01-01").output
    assert_stored_is_true(store, venue)

    status = candles("status").output
    assert [line.split()[:4] for line in status.splitlines()[1:]] == [
        [name_of(venue), symbol, "1m", "3000"] for symbol in ("BTC/USDT", "XRP/USDT")
    ]
    assert "2024-01-03 01:59" in status


def test_an_empty_store(candles, venue):
    assert "Nothing is stored yet" in candles("status").output
    answer = candles("update")
    assert answer.exit_code == 2
    assert f"Nothing is stored of {name_of(venue)} 1m: name the symbols" in answer.output
    assert klines(venue) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("backfill",), "Missing option '--start'"),
        (("backfill", "--start", "soon"), "'soon' is no date"),
        (("update", "--symbols", "NO/SUCH"), "binance does not list NO/SUCH"),
        (("update", "--symbols", "BTC/USDT"), "say from when on to download it"),
        (("update", "--symbols", "BTC/USDT", "--exchange", "binanse"), "ccxt knows no exchange 'binanse'"),
        (("update", "--symbols", "BTC/USDT", "--database", "mysql://here/there"), "Accepted are sqlite"),
    ],
)
def test_a_mistake_is_one_message(candles, arguments, message):
    answer = candles(*arguments)

    assert answer.exit_code in {1, 2}
    assert message in answer.output
    assert "Traceback" not in answer.output


def test_several_exchanges(candles, venue, store):
    start = ("--start", "2024-01-03", "--symbols", "BTC/USDT", "--exchange", "binance+binanceus")
    assert candles("backfill", *start).exit_code == 0

    assert sorted(store.series()["exchange"]) == [name_of(venue), name_of(venue, "binanceus")]
    assert len(store.read(name_of(venue, "binanceus"), MINUTE)) == 1_120
    assert isinstance(store, CandleStore)
