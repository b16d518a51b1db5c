"""A run on several exchanges: each is kept, what they add up to is kept too, and the run trades on one of these."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from algotrade.data.consolidation import consolidate
from algotrade.data.digest import content_digest
from algotrade.data.quality.faults import Fault
from algotrade.data.source import EXCHANGE, SourceCandles
from algotrade.data.store import CandleStore
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import AlgotradeError, ConfigurationError
from algotrade.pipelines.ingestion import nodes
from algotrade.pipelines.reporting.nodes import draw_quality
from algotrade.reporting import data_metrics
from tests.kedro_runs import Run

HOUR = Timeframe("1h")
PRICES = ["open", "high", "low", "close"]
BOTH = "consolidated(binance+kraken)"
FREE = {"ingestion": {"require_enough_history": False}}


def view(market: pd.DataFrame, exchange: str, noise: float, volume: float) -> pd.DataFrame:
    """One exchange's view of the market."""
    steps = np.exp(np.random.default_rng(len(exchange)).normal(0, noise, len(market)))
    prices = market[PRICES].mul(steps, axis=0)
    return market.assign(exchange=exchange, **prices, volume=market["volume"] * volume)


@pytest.fixture(scope="module")
def market() -> pd.DataFrame:
    from algotrade.simulation.market import MarketSettings, simulate_market

    candles = simulate_market(MarketSettings(symbols=("BTC/USDT", "ETH/USDT"), candles=400))
    binance, kraken = view(candles, "binance", 1e-4, 1.0), view(candles, "kraken", 2e-4, 0.3)
    kraken.loc[kraken.index[450:453], PRICES] *= 1.05
    # kraken lists ETH only, and both have holes of their own.
    kraken = kraken[kraken["symbol"] == "ETH/USDT"].drop(index=kraken.index[600])
    return pd.concat([binance.drop(index=binance.index[[20, 21, 700]]), kraken], ignore_index=True)


@pytest.fixture
def folder(market: pd.DataFrame, tmp_path: Path) -> Path:
    for (exchange, symbol), rows in market.groupby(["exchange", "symbol"]):
        path = tmp_path / "files" / exchange / f"{symbol.replace('/', '')}-1h.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        rows.rename(columns={"open_time": "ts"}).drop(columns=["exchange", "symbol", "timeframe"]).to_parquet(path)
    return tmp_path / "files"


@pytest.fixture
def ingest(run: Run, folder: Path, tmp_path: Path):
    """Run the ingestion on the folder; gives the store and the folder of intermediate data."""

    def ingested(**parameters: object) -> tuple[CandleStore, Path]:
        chosen = {"exchange": "binance+kraken", **FREE, **parameters}
        run("ingestion", source="files", path=str(folder), timeframe="1h", **chosen)
        return CandleStore(f"sqlite:///{tmp_path}/data/02_intermediate/candles.db"), tmp_path / "data"

    return ingested


def universe_of(data: Path) -> dict:
    return json.loads((data / "02_intermediate" / "universe.json").read_text())


def candles_of(data: Path) -> pd.DataFrame:
    return pd.read_parquet(data / "03_primary" / "candles.parquet")


def test_each_exchange_and_the_consolidated_series_are_stored(ingest, market):
    store, _ = ingest()

    stored = store.series().groupby("exchange")["rows"].sum().to_dict()
    own = market.groupby("exchange").size().to_dict()
    assert {name: stored[name] for name in own} == own
    times = market.groupby("symbol")["open_time"].nunique()
    assert stored[BOTH] == times.sum()
    expected = consolidate(market, HOUR).candles
    numbers = ["open", "high", "low", "close", "volume"]
    np.testing.assert_allclose(store.read(BOTH, HOUR)[numbers], expected[numbers])


def test_the_run_trades_on_the_consolidated_series_by_default(ingest):
    store, data = ingest()

    universe, candles = universe_of(data), candles_of(data)
    assert universe["exchange"] == BOTH
    assert universe["exchanges"] == ["binance", "kraken"]
    assert universe["symbols"] == ["BTC/USDT", "ETH/USDT"]
    assert candles["exchange"].unique().tolist() == [BOTH]
    assert universe["data_digest"] == content_digest(store.read(BOTH, HOUR))
    assert "weighted by volume" in " ".join(universe["notes"])


def test_a_venue_can_be_chosen(ingest):
    store, data = ingest(venue="kraken")

    universe, candles = universe_of(data), candles_of(data)
    assert universe["exchange"] == "kraken"
    assert universe["symbols"] == ["ETH/USDT"]
    assert universe["data_digest"] == content_digest(store.read("kraken", HOUR))
    assert candles["exchange"].unique().tolist() == ["kraken"]
    assert BOTH in set(store.series()["exchange"])


def test_a_venue_that_is_not_there_is_refused_before_anything_is_stored(ingest, tmp_path):
    with pytest.raises(Exception, match="venue=okx is not among") as caught:
        ingest(venue="okx")

    error = caught.value
    while not isinstance(error, AlgotradeError):
        error = error.__cause__
    assert isinstance(error, ConfigurationError)
    assert not (tmp_path / "data" / "02_intermediate" / "candles.db").exists()


def test_a_second_run_with_one_exchange_leaves_the_consolidated_candles_alone(ingest):
    store, _ = ingest()
    before = store.read(BOTH, HOUR)

    _, data = ingest(exchange="binance")

    pd.testing.assert_frame_equal(store.read(BOTH, HOUR), before)
    assert universe_of(data)["exchange"] == "binance"


def test_what_the_store_knows_of_the_other_exchange_counts(ingest, folder):
    """Files of one exchange that grew shorter do not turn consolidated candles into those of the other."""
    store, _ = ingest()
    before = store.read(BOTH, HOUR)
    kraken = folder / "kraken" / "ETHUSDT-1h.parquet"
    pd.read_parquet(kraken).tail(50).to_parquet(kraken)

    ingest()

    pd.testing.assert_frame_equal(store.read(BOTH, HOUR), before)


def test_quality_and_divergence_are_kept_and_reported(ingest):
    _, data = ingest()
    quality = data / "03_primary" / "quality"
    frames = {path.stem: pd.read_parquet(path) for path in quality.glob("*.parquet")}

    report = pd.read_parquet(data / "03_primary" / "data_quality.parquet").set_index(["exchange", "symbol"])
    assert list(report.index)[:2] == [(BOTH, "BTC/USDT"), (BOTH, "ETH/USDT")]
    assert report.loc[("binance", "BTC/USDT"), "missing_candles"] == 2
    assert report["last_candle_age_seconds"].isna().all()
    divergence = frames["divergence"].set_index(["exchange", "symbol"])
    assert divergence.loc[("kraken", "ETH/USDT"), "median_deviation_bps"] > 0
    assert divergence.loc[("binance", "BTC/USDT"), "compared"] == 0
    assert divergence["left_out"].to_dict() == {
        ("binance", "BTC/USDT"): 0, ("binance", "ETH/USDT"): 0, ("kraken", "ETH/USDT"): 3
    }  # fmt: skip
    assert report.loc[("kraken", "ETH/USDT"), "divergent_candles"] == 3
    assert "divergence" in set(frames["anomalies"]["kind"])
    assert set(frames["gaps"]["exchange"]) == {"binance", "kraken", BOTH}
    cover = frames["coverage"].groupby("exchange")[["candles", "expected"]].sum()
    assert (cover["expected"] - cover["candles"]).to_dict() == frames["gaps"].groupby("exchange")[
        "candles"
    ].sum().to_dict()

    figures = draw_quality(frames["coverage"], frames["quarantined"], frames["anomalies"], frames["timeline"])
    assert [bool(len(figure.data)) for figure in figures] == [True, False, bool(len(frames["anomalies"])), True]
    metrics = data_metrics(universe_of(data), report.reset_index(), frames["quarantined"], frames["divergence"])
    assert metrics["rows"] == report.loc[BOTH, "rows"].sum()
    assert metrics["divergence"].keys() == {"binance", "kraken"}


def test_features_are_made_of_the_chosen_series(ingest, run):
    _, data = ingest(venue="binance")
    run("feature_engineering", feature_engineering={"names": ["log_return_1", "market_return_4"]})

    features = pd.read_parquet(data / "04_feature" / "features.parquet")
    assert len(features) == len(candles_of(data)) == 797


class TestFromExchanges:
    """What an exchange sends is checked while it is downloaded; the run finds it in the store."""

    @pytest.fixture
    def store(self, market, tmp_path) -> CandleStore:
        store = CandleStore(f"sqlite:///{tmp_path}/candles.db")
        store.upsert(market)
        rows = market[market["exchange"] == "kraken"].head(3)
        store.add_quarantine(rows.assign(volume=-1.0, reason=Fault.NEGATIVE_VOLUME.reason, origin="kraken"))
        hole = market[(market["exchange"] == "binance") & (market["symbol"] == "BTC/USDT")]["open_time"].reset_index(
            drop=True
        )
        keys = {"exchange": "binance", "symbol": "BTC/USDT", "timeframe": "1h", "reason": "the exchange was down"}
        store.add_holes(pd.DataFrame([{**keys, "start": hole[19] + pd.Timedelta(hours=1), "end": hole[20]}]))
        return store

    @pytest.fixture
    def assessed(self, store, market):
        source = SourceCandles(EXCHANGE, HOUR, market.assign(origin=market["exchange"]))
        _, _, report, reasons, universe = nodes.inspect(source, {})
        consolidated, _, left_out, _ = nodes.consolidate_exchanges(store, universe, {})
        store.upsert(consolidated)
        candles, universe = nodes.snapshot(store, universe)
        return nodes.assess(candles, universe, report, reasons, left_out, store, {})

    def test_freshness_is_measured_against_the_clock_of_the_run(self, assessed, market):
        report = assessed[0]

        ages = report["last_candle_age_seconds"]
        expected = (pd.Timestamp.now("UTC") - market["open_time"].max()).total_seconds() - 3_600
        assert ages.max() == pytest.approx(expected, abs=60)

    def test_what_was_quarantined_while_downloading_is_counted(self, assessed):
        report, *_, reasons = assessed

        assert reasons[["exchange", "reason", "rows"]].to_numpy().tolist() == [
            ["kraken", Fault.NEGATIVE_VOLUME.reason, 3]
        ]
        assert report.groupby("exchange")["quarantined"].sum().to_dict() == {BOTH: 0, "binance": 0, "kraken": 3}

    def test_a_known_hole_explains_its_gap(self, assessed):
        report, gaps, *_ = assessed

        assert gaps[gaps["reason"] != ""][["exchange", "candles", "reason"]].to_numpy().tolist() == [
            ["binance", 2, "the exchange was down"]
        ]
        known = report.set_index(["exchange", "symbol"])["known_missing_candles"]
        assert known[("binance", "BTC/USDT")] == 2
        assert known.sum() == 2
