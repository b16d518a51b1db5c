"""Trades made up for a candle add up to that candle."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from algotrade.simulation.venue.listing import UNIT, Listing
from algotrade.simulation.venue.trades import Trade, WholeCandle, synthesise

LISTING = Listing("BTC/USDT", price_decimals=2, quantity_decimals=5, notional_decimals=7)
MINUTE_MS = 60_000


@st.composite
def candles(draw: st.DrawFn, listing: Listing = LISTING) -> WholeCandle:
    """Candles that some trades could have made."""
    low = draw(st.integers(1, 10_000_000))
    heights = [draw(st.integers(0, 5_000)) for _ in range(3)]
    lots = draw(st.integers(4, 10**7))
    prices = [low * listing.tick, *((low + height) * listing.tick for height in heights)]
    high = max(prices)
    # Any average price is possible once the four prices have had a lot each.
    rest = lots - 4
    spread = draw(st.integers(0, rest * (high - prices[0]) // listing.tick)) if rest else 0
    cost = (prices[1] + prices[0] + high + prices[2]) + rest * prices[0] + spread * listing.tick
    taker = draw(st.integers(0, lots))
    return WholeCandle(
        open=prices[1],
        high=high,
        low=prices[0],
        close=prices[2],
        volume=lots * listing.lot,
        quote_volume=cost * listing.lot // UNIT,
        trades=draw(st.integers(9, 3_000)),
        taker_buy_volume=taker * listing.lot,
    )


def candle_of(trades: list[Trade]) -> WholeCandle:
    prices = [trade.price for trade in trades]
    cost = sum(trade.price * trade.quantity for trade in trades)
    assert cost % UNIT == 0
    return WholeCandle(
        open=prices[0],
        high=max(prices),
        low=min(prices),
        close=prices[-1],
        volume=sum(trade.quantity for trade in trades),
        quote_volume=cost // UNIT,
        trades=sum(trade.trades for trade in trades),
        taker_buy_volume=sum(trade.quantity for trade in trades if not trade.buyer_is_maker),
    )


@settings(max_examples=300, deadline=None)
@given(candles(), st.integers(9, 40))
def test_the_trades_of_a_candle_are_exactly_that_candle(candle: WholeCandle, most: int) -> None:
    trades = synthesise(candle, LISTING, MINUTE_MS, most, "seed")

    assert candle_of(trades) == candle
    assert len(trades) == min(most, candle.trades)
    assert all(trade.quantity > 0 and trade.trades > 0 for trade in trades)
    assert trades[0].offset_ms == 0
    assert all(0 <= earlier.offset_ms <= later.offset_ms < MINUTE_MS for earlier, later in pairwise(trades))


def test_they_are_the_same_for_the_same_seed() -> None:
    candle = WholeCandle(100 * UNIT, 110 * UNIT, 90 * UNIT, 105 * UNIT, 50 * UNIT, 5_000 * UNIT, 70, 20 * UNIT)

    assert synthesise(candle, LISTING, MINUTE_MS, 16, "a") == synthesise(candle, LISTING, MINUTE_MS, 16, "a")
    assert synthesise(candle, LISTING, MINUTE_MS, 16, "a") != synthesise(candle, LISTING, MINUTE_MS, 16, "b")


def test_prices_are_on_the_tick_and_quantities_on_the_lot() -> None:
    candle = WholeCandle(100 * UNIT, 110 * UNIT, 90 * UNIT, 105 * UNIT, 50 * UNIT, 5_000 * UNIT, 70, 20 * UNIT)

    trades = synthesise(candle, LISTING, MINUTE_MS, 16, "seed")

    assert not any(trade.price % LISTING.tick or trade.quantity % LISTING.lot for trade in trades)


def test_a_candle_without_volume_has_no_trades() -> None:
    assert synthesise(WholeCandle(*[100 * UNIT] * 4, 0, 0, 0, 0), LISTING, MINUTE_MS, 16, "seed") == []


def test_a_candle_at_one_price() -> None:
    candle = WholeCandle(*[100 * UNIT] * 4, 3 * UNIT, 300 * UNIT, 2, 1 * UNIT)

    trades = synthesise(candle, LISTING, MINUTE_MS, 16, "seed")

    assert candle_of(trades) == candle
    assert len(trades) == 2


@pytest.mark.parametrize("quote_volume", [1 * UNIT, 10_000 * UNIT])
def test_an_average_price_outside_the_candle_is_met_as_closely_as_possible(quote_volume: int) -> None:
    candle = WholeCandle(100 * UNIT, 110 * UNIT, 90 * UNIT, 105 * UNIT, 50 * UNIT, quote_volume, 70, 20 * UNIT)

    made = candle_of(synthesise(candle, LISTING, MINUTE_MS, 16, "seed"))

    assert made._replace(quote_volume=quote_volume) == candle
    nearest = 90 if quote_volume == UNIT else 110
    assert made.quote_volume / made.volume == pytest.approx(nearest, rel=1e-4)
