"""Through the real ccxt classes of four exchanges, each of which pages in its own way, the series is complete."""

import numpy as np
import pytest
from tests.data.exchange.recorded import EXCHANGES, MINUTE, MINUTE_MS, START_MS, Market, client_of, truth

from algotrade.data.exchange import ExchangeGateway, Patience
from algotrade.data.exchange.rows import stacked
from algotrade.data.quality import inspect_candles
from algotrade.domain.candles import from_milliseconds, to_milliseconds
from algotrade.errors import VenueError

OUTAGES = (range(1_200, 1_211), range(3_333, 3_334))
KEPT = {"kraken": 719}
"""Closed candles that an exchange still has: Kraken's last of 720 is forming."""


@pytest.fixture(params=sorted(EXCHANGES))
def exchange(request) -> str:
    return str(request.param)


@pytest.fixture
def market() -> Market:
    return Market(minutes=4_000, outages=OUTAGES)


@pytest.fixture
def gateway(exchange, market) -> ExchangeGateway:
    return ExchangeGateway(exchange, client_of(exchange, market))


def fetched(gateway: ExchangeGateway, exchange: str, first: int, before: int):
    """Frame and holes (in minutes) of a span of minutes."""
    symbol, _ = EXCHANGES[exchange]
    (accepted,) = gateway.accepted([symbol], MINUTE)
    span = (START_MS + first * MINUTE_MS, START_MS + before * MINUTE_MS)
    found = list(gateway.pages(accepted, MINUTE, span))
    holes = [
        ((start - START_MS) // MINUTE_MS, (stop - START_MS) // MINUTE_MS)
        for page in found
        for start, stop in page.holes
    ]
    return gateway.frame(accepted, MINUTE, stacked([page.rows for page in found])), holes


def test_the_series_is_complete(gateway, exchange, market):
    symbol, _ = EXCHANGES[exchange]

    candles = gateway.fetch_candles([symbol], MINUTE, from_milliseconds([START_MS])[0])

    expected = truth(market, market.closed[-KEPT.get(exchange, 10_000) :])
    assert np.array_equal(to_milliseconds(candles["open_time"]), expected.open_time)
    for name in ("open", "high", "low", "close", "volume"):
        assert np.array_equal(candles[name], getattr(expected, name)), name
    assert inspect_candles(candles, MINUTE).totals["quarantined"] == 0


def test_its_holes_are_found_and_nothing_else(gateway, exchange, market):
    _, holes = fetched(gateway, exchange, -50, 4_000)

    if exchange == "kraken":
        assert holes == [(-50, market.closed[-719]), (3_333, 3_334)]
        assert "latest 720 candles only" in gateway.reason_of_holes()
    else:
        assert holes == [(-50, 0), (1_200, 1_211), (3_333, 3_334)]


def test_the_forming_candle_is_left_out(gateway, exchange, market):
    candles, _ = fetched(gateway, exchange, 3_990, 4_000)

    assert gateway.running(MINUTE) == START_MS + 4_000 * MINUTE_MS
    assert to_milliseconds(candles["open_time"])[-1] == START_MS + 3_999 * MINUTE_MS


def test_a_page_is_as_long_as_the_exchange_says(gateway, exchange, market):
    rows = {"binance": 1_000, "bybit": 1_000, "coinbase": 300, "kraken": 720}[exchange]
    symbol, _ = EXCHANGES[exchange]

    assert gateway.page_rows(symbol) == rows
    fetched(gateway, exchange, 3_400, 4_000)
    # Coinbase's page ends before the candle that is forming, so its newest one has to come twice.
    assert len(market.asked) == -(-600 // rows) + (exchange == "coinbase")


def test_what_more_an_exchange_tells(gateway, exchange, market):
    candles, _ = fetched(gateway, exchange, 3_990, 3_992)

    more = {
        "binance": [1_250.0, 42.0, 6.0],
        "bybit": [candles["open"].iloc[0] * 12.5, np.nan, np.nan],
        "coinbase": [np.nan] * 3,
        "kraken": [np.nan, 42.0, np.nan],
    }
    found = candles[["quote_volume", "trades", "taker_buy_volume"]].iloc[0].to_numpy()
    assert np.array_equal(found, more[exchange], equal_nan=True)


def test_years_before_the_listing_take_a_few_requests(exchange):
    market = Market(minutes=4_000)
    gateway = ExchangeGateway(exchange, client_of(exchange, market))

    candles, holes = fetched(gateway, exchange, -3 * 525_600, 4_000)

    assert len(candles) == KEPT.get(exchange, 4_000)
    assert [start for start, _ in holes] == [-3 * 525_600]
    assert len(market.asked) < 40


@pytest.mark.parametrize("answer", [{}, {"error": [], "result": {}}, [], [[1]], [{"a": 1}], {"candles": 7}])
def test_an_answer_of_another_form_brings_no_candle_and_no_traceback(exchange, market, answer):
    """It is either asked for again and refused, or an end at which nothing is known."""
    client = client_of(exchange, market)
    gateway = ExchangeGateway(exchange, client, patience=Patience(2, 0.0))
    symbol, _ = EXCHANGES[exchange]
    gateway.accepted([symbol], MINUTE)
    gateway.running(MINUTE)
    client.fetch = lambda *_: answer

    try:
        candles, holes = fetched(gateway, exchange, 0, 4_000)
    except VenueError:
        return
    assert len(candles) == 0
    assert holes == []
