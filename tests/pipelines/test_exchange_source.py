"""``kedro run --params source=exchange``: candles of an exchange come through the store, and only once."""

from functools import partial

import pandas as pd
import pytest

from algotrade.data.exchange import Patience
from algotrade.data.exchange.clients import URL_VARIABLE
from algotrade.data.store import CandleStore
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import ConfigurationError, NoCandles, VenueUnavailable
from algotrade.simulation.venue import ServerError
from tests.data.download.conftest import klines, market, name_of, serve, venue  # noqa: F401 - fixtures

PARAMETERS = {"source": "exchange", "exchange": "binance", "timeframe": "15m", "start": "2024-01-01"}
QUARTERS = 4_000 // 15


@pytest.fixture
def ingest(run, venue, tmp_path, monkeypatch):  # noqa: F811
    """Run the ingestion pipeline against the venue."""
    monkeypatch.setenv(URL_VARIABLE, venue.url)
    monkeypatch.setattr("algotrade.data.exchange.pace.Pace.take", lambda self, seconds: None)

    def ingested(**parameters: object) -> pd.DataFrame:
        chosen = PARAMETERS | {"symbols": "BTC/USDT+XRP/USDT", "ingestion": {"require_enough_history": False}}
        run("ingestion", **(chosen | parameters))
        return pd.read_parquet(tmp_path / "data" / "03_primary" / "candles.parquet")

    return ingested


def test_the_run_reads_what_the_exchange_has(ingest, venue):  # noqa: F811
    candles = ingest()

    assert candles.groupby("symbol").size().to_dict() == {"BTC/USDT": QUARTERS, "XRP/USDT": QUARTERS}
    assert set(candles["exchange"]) == {name_of(venue)}
    truth = venue.closed_candles("BTC/USDT", "15m")
    assert candles.loc[candles["symbol"] == "BTC/USDT", "close"].tolist() == truth.close.tolist()
    assert candles["taker_buy_volume"].notna().all()

    before = len(klines(venue))
    pd.testing.assert_frame_equal(ingest(), candles)
    assert len(klines(venue)) == before


def test_several_exchanges_are_stored_each(ingest, venue, tmp_path):  # noqa: F811
    ingest(exchange="binance+binanceus", start="2024-01-02")

    store = CandleStore(f"sqlite:///{tmp_path}/data/02_intermediate/candles.db")
    for exchange in ("binance", "binanceus"):
        assert len(store.read(name_of(venue, exchange), Timeframe("15m"))) == 2 * (QUARTERS - 96)


def test_mistakes_are_told(ingest):
    with pytest.raises(ConfigurationError, match="does not list NO/SUCH"):
        ingest(symbols="NO/SUCH")
    with pytest.raises(NoCandles, match=r"The store has no 15m candles|no 15m candles of"):
        ingest(start="2024-01-03T18:30")


def test_an_exchange_that_is_down(ingest, venue, monkeypatch):  # noqa: F811
    monkeypatch.setattr("algotrade.data.exchange.gateway.Patience", partial(Patience, 2, 0.0))
    venue.inject(ServerError())

    with pytest.raises(VenueUnavailable, match="does not answer as it should"):
        ingest()
