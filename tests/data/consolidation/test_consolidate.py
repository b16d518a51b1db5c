"""One series of several exchanges: what a candle is made of, and who is left out of it."""

import numpy as np
import pandas as pd
import pytest

from algotrade.data.consolidation import ConsolidationSettings, chosen_series, consolidate, consolidated_name
from algotrade.data.schema import CandleSchema
from algotrade.domain.candles import VALUE_COLUMNS
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import ConfigurationError

HOUR = Timeframe("1h")
PRICES = ["open", "high", "low", "close"]


def scaled(candles: pd.DataFrame, exchange: str, factor: float = 1.0, volume: float = 1.0) -> pd.DataFrame:
    """The candles as another exchange has them."""
    prices = candles[PRICES] * factor
    return candles.assign(exchange=exchange, **prices, volume=candles["volume"] * volume)


@pytest.fixture
def candles(make_candles) -> pd.DataFrame:
    return make_candles(rows=100)


@pytest.fixture
def three(candles) -> pd.DataFrame:
    """Three exchanges that differ by a few basis points."""
    return pd.concat([candles, scaled(candles, "kraken", 1.0004), scaled(candles, "bybit", 0.9997)])


class TestACandle:
    def test_prices_are_weighted_by_volume_and_activity_is_summed(self, candles):
        both = pd.concat([candles, scaled(candles, "kraken", 1.001, volume=3.0)])

        found = consolidate(both, HOUR).candles

        assert found["exchange"].unique().tolist() == ["consolidated(binance+kraken)"]
        for name in PRICES:
            np.testing.assert_allclose(found[name], candles[name] * (1 + 0.001 * 3 / 4), rtol=1e-12)
        np.testing.assert_allclose(found["volume"], 4 * candles["volume"])
        for name in ("quote_volume", "trades", "taker_buy_volume"):
            np.testing.assert_allclose(found[name], 2 * candles[name])

    def test_it_keeps_the_contract(self, three):
        CandleSchema.validate(consolidate(three, HOUR).candles)

    def test_a_number_that_one_exchange_does_not_give_is_not_made_up(self, candles):
        other = scaled(candles, "kraken").assign(trades=np.nan)

        found = consolidate(pd.concat([candles, other.iloc[:50]]), HOUR).candles

        assert found["trades"][:50].isna().all()
        assert found["trades"][50:].tolist() == candles["trades"][50:].tolist()

    def test_without_volume_every_exchange_weighs_the_same(self, candles):
        still = candles.assign(volume=0.0)
        both = pd.concat([still, scaled(still, "kraken", 1.002)])

        np.testing.assert_allclose(consolidate(both, HOUR).candles["close"], 1.001 * candles["close"])

    def test_what_only_one_exchange_has_is_taken_as_it_is(self, candles):
        other = scaled(candles, "kraken", 1.0005)
        both = pd.concat([candles.iloc[:60], other.iloc[40:]])

        found = consolidate(both, HOUR).candles

        assert len(found) == 100
        pd.testing.assert_frame_equal(found[list(VALUE_COLUMNS)][:40], candles[list(VALUE_COLUMNS)][:40])
        pd.testing.assert_frame_equal(
            found[list(VALUE_COLUMNS)][60:], other.reset_index(drop=True)[list(VALUE_COLUMNS)][60:]
        )

    def test_a_gap_of_all_exchanges_stays_one(self, three):
        cut = three[three["open_time"] != three["open_time"].iloc[30]]

        assert len(consolidate(cut, HOUR).candles) == 99


class TestWhoIsLeftOut:
    def test_the_one_that_is_far_from_the_median(self, three, candles):
        far = scaled(candles.iloc[20:23], "okx", 1.05)
        rest = scaled(candles.drop(index=[20, 21, 22]), "okx")

        found = consolidate(pd.concat([three, far, rest]), HOUR)
        without = consolidate(three, HOUR).candles

        pd.testing.assert_frame_equal(
            found.candles[PRICES][20:23].reset_index(drop=True), without[PRICES][20:23].reset_index(drop=True)
        )
        span = found.left_out.to_dict("records")
        assert [(one["exchange"], one["candles"]) for one in span] == [("okx", 3)]
        assert span[0]["start"] == candles["open_time"][20]
        assert span[0]["end"] == candles["open_time"][23]
        assert 400 < span[0]["max_deviation_bps"] < 500

    @pytest.mark.parametrize("column", PRICES)
    def test_one_price_is_enough(self, three, candles, column):
        factor = 0.97 if column == "low" else 1.03
        odd = scaled(candles, "okx")
        bent = odd[column].iloc[10] * factor
        odd.loc[10, column] = bent
        odd.loc[10, "high"] = max(odd.loc[10, "high"], bent)
        odd.loc[10, "low"] = min(odd.loc[10, "low"], bent)

        left_out = consolidate(pd.concat([three, odd]), HOUR).left_out

        assert left_out["exchange"].tolist() == ["okx"]
        assert left_out["start"].tolist() == [candles["open_time"][10]]

    def test_nobody_when_all_disperse(self, candles):
        wild = pd.concat(
            [scaled(candles, name, factor) for name, factor in [("a", 0.97), ("b", 0.99), ("c", 1.01), ("d", 1.03)]]
        )

        assert consolidate(wild, HOUR).left_out.empty

    def test_of_two_the_one_that_trades_less(self, candles):
        both = pd.concat([candles, scaled(candles, "kraken", 1.02, volume=0.5)])

        found = consolidate(both, HOUR)

        assert found.candles["close"].tolist() == candles["close"].tolist()
        assert found.left_out[["exchange", "candles"]].to_numpy().tolist() == [["kraken", 100]]

    def test_of_two_that_trade_alike_neither(self, candles):
        both = pd.concat([candles, scaled(candles, "kraken", 1.02)])

        assert consolidate(both, HOUR).left_out.empty

    def test_below_the_least_number_of_exchanges_there_is_no_candle(self, three, candles):
        lonely = three[(three["exchange"] == "binance") | (three["open_time"] < candles["open_time"][30])]

        found = consolidate(lonely, HOUR, ConsolidationSettings(min_venues=2)).candles

        assert found["open_time"].tolist() == candles["open_time"][:30].tolist()

    def test_the_bound_is_the_users(self, candles):
        both = pd.concat([candles, scaled(candles, "kraken", 1.0004, volume=0.5)])

        strict = consolidate(both, HOUR, ConsolidationSettings(max_deviation_bps=3))

        assert strict.divergence["left_out"].tolist() == [0, 100]


class TestDivergence:
    def test_each_exchange_of_each_symbol_is_described(self, three, make_candles):
        other = make_candles("ETH/USDT", rows=30, seed=3)

        found = consolidate(pd.concat([three, other]), HOUR).divergence.set_index(["symbol", "exchange"])

        kraken, alone = found.loc[("BTC/USDT", "kraken")], found.loc[("ETH/USDT", "binance")]
        assert kraken["median_deviation_bps"] == pytest.approx(4.0, abs=0.01)
        assert (kraken["candles"], kraken["compared"], kraken["left_out"]) == (100, 100, 0)
        assert (alone["candles"], alone["compared"]) == (30, 0)
        assert np.isnan(alone["max_deviation_bps"])

    def test_of_two_it_is_the_distance_between_them(self, candles):
        both = pd.concat([candles, scaled(candles, "kraken", 1.0010)])

        found = consolidate(both, HOUR).divergence

        np.testing.assert_allclose(found["median_deviation_bps"], 1e4 * np.log(1.001))

    def test_the_timeline_is_short_and_loses_no_extreme(self, make_candles):
        long = make_candles(rows=5_000)
        other = scaled(long, "kraken")
        other.loc[3_333, PRICES] *= 1.004

        found = consolidate(pd.concat([long, other]), HOUR).timeline

        assert len(found) <= 2 * 200
        assert found["max_deviation_bps"].max() == pytest.approx(1e4 * np.log(1.004))
        assert found["compared"].sum() == 10_000
        assert not HOUR.off_grid(found["time"].array.as_unit("ms").asi8).any()

    def test_spans_end_where_candles_are_missing(self, candles):
        far = scaled(candles, "kraken", 1.03, volume=0.1)

        spans = consolidate(pd.concat([candles.drop(index=[50]), far.drop(index=[50])]), HOUR).left_out

        assert spans["candles"].tolist() == [50, 49]


class TestNames:
    def test_the_order_of_the_exchanges_does_not_matter(self):
        assert consolidated_name(["kraken", "binance", "kraken"]) == "consolidated(binance+kraken)"

    def test_a_symbol_of_one_exchange_has_the_name_of_the_run(self, candles):
        found = consolidate(candles, HOUR, exchanges=["binance", "kraken"]).candles

        assert found["exchange"].unique().tolist() == ["consolidated(binance+kraken)"]

    @pytest.mark.parametrize(
        ("venue", "chosen"),
        [
            (None, "consolidated(binance+kraken)"),
            ("consolidated", "consolidated(binance+kraken)"),
            ("consolidated(binance+kraken)", "consolidated(binance+kraken)"),
            ("Kraken", "kraken"),
        ],
    )
    def test_the_venue_of_a_run(self, venue, chosen):
        assert chosen_series(["kraken", "binance"], venue) == chosen

    def test_an_unknown_venue_is_refused_with_the_known_ones(self):
        with pytest.raises(ConfigurationError, match=r"venue=okx .* Accepted: binance, kraken, consolidated\."):
            chosen_series(["kraken", "binance"], "okx")
        with pytest.raises(ConfigurationError, match=r"Accepted: binance\. .*exchange=binance\+kraken"):
            chosen_series(["binance"], "consolidated")


@pytest.mark.parametrize("wrong", [{"max_deviation_bps": 0.0}, {"mad_multiple": -1.0}, {"min_venues": 0}])
def test_settings_out_of_range_are_refused_by_name(wrong):
    with pytest.raises(ConfigurationError, match=f"ingestion.consolidation.{next(iter(wrong))} is "):
        ConsolidationSettings(**wrong)


def test_nothing_to_consolidate_is_an_empty_frame(candles):
    found = consolidate(candles.head(0), HOUR)

    assert found.candles.empty
    assert list(found.divergence) == list(consolidate(candles, HOUR).divergence)


def test_real_exchanges(market_data):
    from algotrade.data.importers import read_folder
    from algotrade.data.quality import inspect_candles

    raw = read_folder(market_data / "candles", HOUR, exchange="bitstamp+gemini").frame
    found = consolidate(inspect_candles(raw, HOUR).candles, HOUR)

    CandleSchema.validate(found.candles)
    divergence = found.divergence.set_index("exchange")
    assert divergence["median_deviation_bps"].between(5, 15).all()
    assert divergence["left_out_share"].between(0, 0.005).all()
    assert (found.candles["high"] <= 69_000.0).all()
