"""The simulated market: valid, reproducible, realistic, and as predictable as it says."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from algotrade.domain.candles import REQUIRED_COLUMNS, VALUE_COLUMNS
from algotrade.errors import ConfigurationError
from algotrade.simulation.market import MarketSettings, simulate, simulate_market, true_expected_returns

PAIR = ("BTC/USDT", "ETH/USDT")


@pytest.fixture(scope="module")
def candles() -> pd.DataFrame:
    return simulate_market(MarketSettings(candles=20_000, seed=3, signal=0.0))


def wide(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    symbols = {symbol: rows.set_index("open_time")[column] for symbol, rows in frame.groupby("symbol")}
    return pd.DataFrame(symbols)


def correlation(left: pd.DataFrame, right: pd.DataFrame) -> float:
    """Correlation over every cell that both have."""
    x, y = left.to_numpy().ravel(), right.to_numpy().ravel()
    both = np.isfinite(x) & np.isfinite(y)
    return float(np.corrcoef(x[both], y[both])[0, 1])


def forward_return(candles: pd.DataFrame, horizon: int) -> pd.DataFrame:
    opens = np.log(wide(candles, "open"))
    return opens.shift(-1 - horizon) - opens.shift(-1)


def test_same_settings_same_market() -> None:
    settings = MarketSettings(symbols=PAIR, candles=300, seed=5)
    pd.testing.assert_frame_equal(simulate_market(settings), simulate_market(settings))
    other = simulate_market(MarketSettings(symbols=PAIR, candles=300, seed=6))
    assert not np.allclose(other["close"], simulate_market(settings)["close"])


def test_frame_obeys_the_candle_contract(candles: pd.DataFrame) -> None:
    assert set(candles.columns) == {"exchange", "symbol", "timeframe", *REQUIRED_COLUMNS, *VALUE_COLUMNS}
    assert str(candles["open_time"].dtype) == "datetime64[ms, UTC]"
    assert candles.sort_values(["symbol", "open_time"]).index.equals(candles.index)
    assert not candles.duplicated(["symbol", "open_time"]).any()
    assert (candles["low"] <= candles[["open", "close"]].min(axis=1)).all()
    assert (candles["high"] >= candles[["open", "close"]].max(axis=1)).all()
    assert (candles[["open", "high", "low", "close", "volume", "quote_volume", "trades"]] > 0).all().all()
    assert candles["taker_buy_volume"].between(0, candles["volume"]).all()
    average_price = candles["quote_volume"] / candles["volume"]
    assert average_price.between(candles["low"], candles["high"]).all()


def test_start_and_timeframe_are_obeyed() -> None:
    frame = simulate_market(MarketSettings(symbols=PAIR, timeframe="1d", start="2024-02-28", candles=3))
    assert frame["open_time"].dt.strftime("%Y-%m-%d").tolist() == ["2024-02-28", "2024-02-29", "2024-03-01"] * 2


def test_open_is_close_to_the_close_before(candles: pd.DataFrame) -> None:
    closes = np.log(wide(candles, "close"))
    gap = np.log(wide(candles, "open")) - closes.shift(1)
    assert (gap.std() < 0.05 * closes.diff().std()).all()


def test_returns_have_fat_tails_and_volatility_clusters(candles: pd.DataFrame) -> None:
    returns = np.log(wide(candles, "close")).diff().dropna()
    assert (returns.kurt() > 3).all()
    for symbol in returns:
        size = returns[symbol].abs()
        assert size.autocorr(1) > 0.15
        assert size.autocorr(24) > 0.1
        assert size.autocorr(100) > 0.02


def test_volume_follows_volatility_and_assets_move_together(candles: pd.DataFrame) -> None:
    returns = np.log(wide(candles, "close")).diff()
    volume = np.log(wide(candles, "quote_volume"))
    for symbol in returns:
        assert volume[symbol].corr(returns[symbol].abs()) > 0.3
    correlations = returns.corr().to_numpy()[np.triu_indices(returns.shape[1], 1)]
    assert correlations.min() > 0.3
    assert correlations.max() < 0.9


def test_volatility_has_a_daily_season(candles: pd.DataFrame) -> None:
    returns = np.log(wide(candles, "close")).diff()
    by_hour = returns.std(axis=1).groupby(returns.index.hour).mean()
    assert by_hour.loc[13:17].mean() > 1.2 * by_hour.loc[1:5].mean()


def test_ranges_agree_with_returns(candles: pd.DataFrame) -> None:
    """Parkinson's estimate of variance from the range is unbiased for a path without jumps."""
    spread = np.log(candles["high"] / candles["low"])
    body = np.log(candles["close"] / candles["open"])
    ratio = (spread**2).mean() / (4 * np.log(2)) / (body**2).mean()
    assert 0.9 < ratio < 1.05


def _observables(candles: pd.DataFrame) -> dict[str, pd.DataFrame]:
    closes = np.log(wide(candles, "close"))
    returns = closes.diff()
    leader = returns[["BTC/USDT"] * returns.shape[1]].set_axis(returns.columns, axis=1)
    size = returns.abs().ewm(span=48).mean()
    shares = wide(candles, "taker_buy_volume") / wide(candles, "volume") - 0.5
    volume = np.log(wide(candles, "volume"))
    location = (wide(candles, "close") - wide(candles, "low")) / (wide(candles, "high") - wide(candles, "low")) - 0.5
    return {
        "last return": returns / size,
        "momentum": returns.rolling(24).sum() / size,
        "trend": returns.ewm(span=60).mean() / size,
        "leader": leader / size,
        "market": returns.sub(returns.mean(axis=1), axis=0) / size,
        "taker share": shares.rolling(12).mean(),
        "close location": location.rolling(8).mean(),
        "volume surprise": volume - volume.rolling(48).mean(),
        "volatility ratio": np.log(size / returns.abs().ewm(span=168).mean()),
        "size of the last return": returns.abs() / size,
    }


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_without_signal_nothing_observable_predicts_direction(seed: int) -> None:
    settings = MarketSettings(candles=12_000, seed=seed, signal=0.0)
    candles = simulate_market(settings)
    assert (true_expected_returns(settings)["expected_return"] == 0).all()
    target = np.sign(forward_return(candles, 1)[:-2])
    # The assets move together, so their observations count for far fewer than their number.
    effective = 12_000 / (1 + (target.shape[1] - 1) * 0.6) * target.shape[1]
    for name, observed in _observables(candles).items():
        assert abs(correlation(observed[:-2], target)) < 4 / np.sqrt(effective), name


def test_without_signal_up_is_as_likely_as_down() -> None:
    """Pooled over seeds, the share of rises over 8 candles is a half, in calm and in turmoil."""
    rises, quiet_rises = [], []
    for seed in range(6):
        candles = simulate_market(MarketSettings(candles=12_000, seed=seed, signal=0.0))
        returns = np.log(wide(candles, "close")).diff()
        calm = returns.abs().ewm(span=48).mean() < returns.abs().ewm(span=480).mean()
        up = (forward_return(candles, 8) > 0)[:-9]
        rises.append(up.to_numpy().mean())
        quiet_rises.append(up.to_numpy()[calm[:-9].to_numpy()].mean())
    assert np.mean(rises) == pytest.approx(0.5, abs=0.012)
    assert np.mean(quiet_rises) == pytest.approx(0.5, abs=0.015)


@pytest.mark.parametrize("signal", [0.05, 0.15, 0.25])
def test_planted_mean_explains_the_stated_share(signal: float) -> None:
    correlations, slopes = [], []
    for seed in (1, 2):
        market = simulate(MarketSettings(candles=15_000, seed=seed, signal=signal))
        expected = wide(market.expected_returns, "expected_return")
        realised = forward_return(market.candles, 1)
        for symbol in expected:
            correlations.append(expected[symbol].corr(realised[symbol]))
            slopes.append(expected[symbol].cov(realised[symbol]) / expected[symbol].var())
    assert np.mean(correlations) == pytest.approx(signal, rel=0.1, abs=0.01)
    assert np.mean(slopes) == pytest.approx(1.0, abs=max(0.1, 0.015 / signal)), (
        "the planted mean is the mean, not just a signal"
    )


def test_default_signal_is_visible_at_the_horizons_that_are_traded() -> None:
    market = simulate(MarketSettings())
    expected = wide(market.expected_returns, "expected_return")
    visible = [correlation(expected, forward_return(market.candles, horizon)) for horizon in (1, 4, 8)]
    assert visible == sorted(visible)
    assert visible[-1] > 0.25
    strong = expected.abs() > expected.abs().median()
    earned = (np.sign(expected) * forward_return(market.candles, 8))[strong]
    assert earned.mean().mean() > 0.002, "20 basis points pay for a round trip at 10 each way"


def _weighted(values: pd.DataFrame, n: int, start: pd.Series | float = 0.0) -> pd.DataFrame:
    first = pd.DataFrame([values.iloc[0] * 0 + start], index=[values.index[0] - pd.Timedelta("1D")])
    return pd.concat([first, values]).ewm(alpha=1 / n, adjust=False).mean().iloc[1:]


def test_planted_mean_is_the_documented_function_of_past_candles() -> None:
    """Recomputed from nothing but the candle frame, after the start has been forgotten."""
    market = simulate(MarketSettings(symbols=(*PAIR, "SOL/USDT"), candles=4_000, signal=0.15))
    returns = np.log(wide(market.candles, "close")).diff().fillna(0.0)
    size = {n: _weighted(returns.abs(), n, returns.abs().mean()) for n in (16, 48, 168)}
    volatility = 1.25 * size[48]
    z = {n: np.sqrt(2 * n - 1) * _weighted(returns, n) / volatility for n in (12, 32)}
    trend = np.tanh(z[32]) * np.tanh(3 * np.log(size[168] / size[16]))
    catch_up = np.tanh(z[12].rsub(z[12]["BTC/USDT"], axis=0))
    lags = np.arange(500)
    weights = (23 / 24) ** lags * np.sin(2 * np.pi * lags / 48)
    swing = (returns / volatility).apply(lambda column: np.convolve(column, weights)[: len(column)])
    swing = -np.tanh(swing / np.sqrt(0.5 / (1 - (23 / 24) ** 2)))
    share = wide(market.candles, "taker_buy_volume") / wide(market.candles, "volume")
    flow = np.tanh(_weighted(share - 0.5, 12) / 0.026)
    g = 0.50 * trend + 0.45 * catch_up + 0.50 * swing + 0.60 * flow
    recomputed = 0.15 / (1 - 1.4 * 0.15) / 0.535 * volatility * g
    planted = wide(market.expected_returns, "expected_return")
    difference = (recomputed - planted).abs()[2_500:]
    assert difference.to_numpy().max() < 1e-5 * planted.std().mean()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"signal": 0.9}, "signal is 0.9"),
        ({"signal": "strong"}, "signal is 'strong'"),
        ({"candles": 0}, "candles is 0"),
        ({"candles": 10.5}, "candles is 10.5"),
        ({"seed": -1}, "seed is -1"),
        ({"symbols": ()}, "symbols is"),
        ({"symbols": ("BTC/USDT", "BTC/USDT")}, "only once"),
        ({"start": "yesterday evening"}, "is not a date"),
        ({"start": "2023-01-01T00:30"}, "not on the 1h grid"),
        ({"timeframe": "an hour"}, "Unknown timeframe"),
        ({"volatility": 0.1}, "unknown volatility. Known are: symbols"),
    ],
)
def test_settings_are_checked_at_the_door(change: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        MarketSettings.of(change)


def test_settings_take_what_a_configuration_file_holds() -> None:
    settings = MarketSettings.of({"symbols": list(PAIR), "start": "2023-01-01T01:00+01:00", "signal": 0})
    assert settings.symbols == PAIR
    assert pd.Timestamp(settings.open_time[0], unit="ms").isoformat() == "2023-01-01T00:00:00"
    assert all(later > earlier for earlier, later in pairwise(settings.open_time.tolist()))
