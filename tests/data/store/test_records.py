"""Funding rates, trades and tops of the book: each once, bounded reads, nothing impossible."""

import numpy as np
import pandas as pd
import pytest

from algotrade.data.store import UpsertCount
from algotrade.domain.candles import from_milliseconds
from algotrade.errors import BadCandles, ConfigurationError

START_MS = 1_700_000_000_000
STEP_MS = 250


def times(count: int) -> pd.DatetimeIndex:
    return from_milliseconds(START_MS + STEP_MS * np.arange(count))


@pytest.fixture
def rates() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "exchange": "binance",
            "symbol": ["BTC/USDT:USDT"] * 4 + ["ETH/USDT:USDT"] * 3,
            "time": [*times(4), *times(3)],
            "rate": [0.0001, -0.0002, 0.0, 1e-9, 0.0003, 0.0004, 0.0005],
        }
    ).astype({"exchange": "str", "symbol": "str"})


@pytest.fixture
def trades() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "exchange": "binance",
            "symbol": "BTC/USDT",
            # Two trades at one time are two trades.
            "time": times(6).repeat(2)[:6],
            "trade_id": [f"{n:03d}" for n in range(6)],
            "price": np.linspace(100, 101, 6),
            "amount": 0.5,
            "side": ["buy", "sell", None, "buy", "buy", "sell"],
        }
    ).astype({"exchange": "str", "symbol": "str", "trade_id": "str", "side": "str"})


@pytest.fixture
def tops() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "exchange": "binance",
            "symbol": "BTC/USDT",
            "time": times(3),
            "bid": [99.0, 99.5, 99.25],
            "bid_size": [1.0, 0.0, 2.0],
            "ask": 100.0,
            "ask_size": 3.0,
        }
    ).astype({"exchange": "str", "symbol": "str"})


@pytest.mark.parametrize("kind", ["funding_rates", "trades", "book_tops"])
def test_what_is_stored_comes_back_once(store, kind, rates, trades, tops):
    records = {"funding_rates": rates, "trades": trades, "book_tops": tops}[kind]
    add, read = getattr(store, f"add_{kind}"), getattr(store, kind)

    assert read("binance").empty
    assert add(records.sample(frac=1, random_state=1)) == UpsertCount(len(records), 0, 0)
    assert add(pd.concat([records, records])) == UpsertCount(0, 0, len(records))
    assert add(records.head(0)) == UpsertCount(0, 0, 0)

    pd.testing.assert_frame_equal(read("binance"), records)
    assert read("binance").dtypes.to_dict() == read("kraken").dtypes.to_dict()
    assert read("kraken").empty


def test_the_new_values_win(store, rates):
    store.add_funding_rates(rates)
    rates.loc[[1, 5], "rate"] = 0.5
    more = pd.concat([rates, rates.tail(1).assign(time=times(9)[-1:])])

    assert store.add_funding_rates(more) == UpsertCount(1, 2, 5)


def test_bounds(store, rates):
    store.add_funding_rates(rates)
    moments = times(4)

    read = store.funding_rates("binance", ["ETH/USDT:USDT"], moments[1], moments[2])

    assert read["rate"].tolist() == [0.0004]
    assert len(store.funding_rates("binance", start=moments[1])) == 5
    assert store.funding_rates("binance", ["DOGE/USDT:USDT"]).empty
    with pytest.raises(ConfigurationError, match="no time zone"):
        store.funding_rates("binance", start=pd.Timestamp("2024-01-01"))


def test_symbols_in_any_notation_and_exchanges_apart(store, trades):
    store.add_trades(trades.assign(symbol="btcusdt"))
    store.add_trades(trades.head(2).assign(exchange="kraken"))

    assert store.trades("binance", ["BTC-USDT"])["symbol"].unique().tolist() == ["BTC/USDT"]
    assert len(store.trades("kraken")) == 2


@pytest.mark.parametrize(
    ("kind", "spoil", "said"),
    [
        ("funding_rates", lambda rates: rates.drop(columns="rate"), "funding rates to store lack rate"),
        ("funding_rates", lambda rates: rates.assign(rate=np.inf), "impossible rate, first inf"),
        ("funding_rates", lambda rates: rates.assign(time=pd.NaT), "have no time"),
        ("funding_rates", lambda rates: pd.concat([rates, rates.assign(rate=0.7)]), "twice with different values"),
        ("trades", lambda trades: trades.assign(price=0.0), "6 trades to store have an impossible price, first 0.0"),
        ("trades", lambda trades: trades.assign(trade_id=None), "have no trade_id"),
        ("book_tops", lambda tops: tops.assign(ask_size=-1.0), "impossible ask_size"),
    ],
)
def test_what_is_impossible_is_refused_whole(store, kind, spoil, said, rates, trades, tops):
    records = {"funding_rates": rates, "trades": trades, "book_tops": tops}[kind]

    with pytest.raises(BadCandles, match=said):
        getattr(store, f"add_{kind}")(spoil(records))
    assert getattr(store, kind)("binance").empty


def test_trades_without_any_side(store, trades):
    store.add_trades(trades.drop(columns="side"))

    assert store.trades("binance")["side"].isna().all()
    assert store.add_trades(trades) == UpsertCount(0, 5, 1)


def test_many_trades_take_seconds(store, trades):
    many = pd.concat([trades.iloc[[0]]] * 20_000, ignore_index=True)
    many = many.assign(time=times(20_000), trade_id=[str(n) for n in range(20_000)])

    assert store.add_trades(many).new == 20_000
    pd.testing.assert_frame_equal(store.trades("binance"), many)
