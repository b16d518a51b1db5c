"""Features against TA-Lib, pandas and values worked out by hand."""

import numpy as np
import pandas as pd
import pytest
import talib

from algotrade.domain.candles import Candles, FloatArray, Panel
from algotrade.domain.timeframe import Timeframe
from algotrade.features import FEATURES, FeatureSet


def compute(name: str, data: Candles | Panel) -> FloatArray:
    return FEATURES[name].compute(data)


def bars(closes: list[float], **given: list[float]) -> Candles:
    """Candles of an hour around some closes."""
    n = len(closes)
    blocks = {name: np.array(given.get(name, closes), dtype=float) for name in ("open", "high", "low")}
    volume = np.array(given.get("volume", [1.0] * n), dtype=float)
    unknown = np.full(n, np.nan)
    bought = np.array(given["taker_buy_volume"], dtype=float) if "taker_buy_volume" in given else unknown
    open_time = 3_600_000 * np.arange(n, dtype=np.int64)
    return Candles(open_time, **blocks, close=np.array(closes, dtype=float), volume=volume, quote_volume=unknown,
                   trades=unknown, taker_buy_volume=bought)  # fmt: skip


def panel_of(**closes: list[float]) -> Panel:
    """Panel with flat candles at some closes; the volume is 1, so the dearest symbol leads."""
    rows = [
        {"symbol": symbol, "open_time": pd.Timestamp(3_600_000 * t, unit="ms", tz="UTC"), "volume": 1.0}
        | dict.fromkeys(("open", "high", "low", "close"), price)
        for symbol, prices in closes.items()
        for t, price in enumerate(prices)
        if np.isfinite(price)
    ]
    return Panel.from_frame(pd.DataFrame(rows), Timeframe("1h"), symbols=list(closes))


@pytest.fixture(scope="module")
def candles(panel: Panel) -> Candles:
    return panel.candles("ETH/USDT")


def talib_twin(name: str, c: Candles) -> FloatArray:
    hlc = (c.high, c.low, c.close)
    upper, middle, lower = talib.BBANDS(c.close, timeperiod=20)
    population = np.sqrt(19 / 20)
    twins = {
        "rsi_14": lambda: talib.RSI(c.close, 14),
        "macd": lambda: talib.MACD(c.close)[0] / c.close,
        "macd_histogram": lambda: talib.MACD(c.close)[2] / c.close,
        "ema_distance_20": lambda: (c.close - talib.EMA(c.close, 20)) / talib.ATR(*hlc, 14),
        "bollinger_position_20": lambda: (c.close - middle) / ((upper - middle) / 2) * population,
        "bollinger_width_20": lambda: (upper - lower) / middle / population,
        "adx_14": lambda: talib.ADX(*hlc, 14),
        "di_difference_14": lambda: talib.PLUS_DI(*hlc, 14) - talib.MINUS_DI(*hlc, 14),
        "normalised_true_range_14": lambda: talib.NATR(*hlc, 14) / 100,
        "stochastic_14": lambda: talib.STOCHF(*hlc, fastk_period=14, fastd_period=1)[0] / 100,
        "williams_r_28": lambda: talib.WILLR(*hlc, 28),
        "cci_20": lambda: talib.CCI(*hlc, 20),
        "mfi_14": lambda: talib.MFI(*hlc, c.volume, 14),
        "aroon_25": lambda: talib.AROONOSC(c.high, c.low, 25),
        "log_return_12": lambda: np.log1p(talib.ROCP(c.close, 12)),
        "obv_change_20": lambda: (
            np.append(np.full(20, np.nan), talib.OBV(c.close, c.volume)[20:] - talib.OBV(c.close, c.volume)[:-20])
            / talib.SUM(c.volume, 20)
        ),
    }
    return np.asarray(twins[name]())


@pytest.mark.parametrize(
    "name",
    ["rsi_14", "macd", "macd_histogram", "ema_distance_20", "bollinger_position_20", "bollinger_width_20", "adx_14",
     "di_difference_14", "normalised_true_range_14", "stochastic_14", "williams_r_28", "cci_20", "mfi_14", "aroon_25",
     "log_return_12", "obv_change_20"],
)  # fmt: skip
def test_agrees_with_talib(name: str, candles: Candles) -> None:
    values, expected = compute(name, candles), talib_twin(name, candles)
    start = FEATURES[name].lookback - 1
    np.testing.assert_allclose(values[start:], expected[start:], rtol=1e-7, atol=1e-7 * np.nanstd(expected))


def test_rsi_is_wilders_smoothing(candles: Candles) -> None:
    change = pd.Series(candles.close).diff()
    rise = change.clip(lower=0).ewm(alpha=1 / 14, adjust=False).mean()
    fall = (-change).clip(lower=0).ewm(alpha=1 / 14, adjust=False).mean()
    assert compute("rsi_14", candles)[-1] == pytest.approx(100 * rise.iloc[-1] / (rise + fall).iloc[-1], rel=1e-9)


def test_volatility_from_ranges_of_equal_candles() -> None:
    n = 24
    candles = bars([101.0] * n, open=[100.0] * n, high=[102.0] * n, low=[99.0] * n)
    span, body = np.log(102 / 99), np.log(101 / 100)
    assert compute("parkinson_24", candles)[-1] == pytest.approx(span / np.sqrt(4 * np.log(2)))
    assert compute("garman_klass_24", candles)[-1] == pytest.approx(
        np.sqrt(0.5 * span**2 - (2 * np.log(2) - 1) * body**2)
    )
    up, down = np.log(102 / 101) * np.log(102 / 100), np.log(99 / 101) * np.log(99 / 100)
    assert compute("rogers_satchell_24", candles)[-1] == pytest.approx(np.sqrt(up + down))


def test_realised_volatility_agrees_with_the_truth(candles: Candles) -> None:
    returns = np.diff(np.log(candles.close))
    assert compute("realised_volatility_48", candles)[-1] == pytest.approx(np.sqrt((returns[-48:] ** 2).mean()))
    assert compute("parkinson_24", candles)[-1] == pytest.approx(np.std(returns[-24:]), rel=0.5)


def test_shares_of_variance() -> None:
    closes = np.exp(np.cumsum([0.0] + [0.01, -0.02] * 24)).tolist()
    assert compute("downside_share_48", bars(closes))[-1] == pytest.approx(0.0004 / 0.0005)
    jump = np.exp(np.cumsum([0.0] * 2 + [0.001, -0.001] * 12 + [0.5] + [0.001, -0.001] * 12)).tolist()
    assert compute("jump_share_48", bars(jump))[-1] > 0.95


def test_trend_and_range() -> None:
    rising = np.exp(0.01 * np.arange(120.0)).tolist()
    swinging = np.exp(0.01 * (np.arange(120.0) % 2)).tolist()
    assert compute("efficiency_ratio_12", bars(rising))[-1] == pytest.approx(1.0)
    assert compute("efficiency_ratio_12", bars(rising[::-1]))[-1] == pytest.approx(-1.0)
    assert compute("efficiency_ratio_12", bars(swinging))[-1] == pytest.approx(0.0)
    assert compute("variance_ratio_96", bars(rising))[-1] == pytest.approx(4.0)
    assert compute("variance_ratio_96", bars(swinging))[-1] == pytest.approx(0.0)
    assert compute("rise_balance_24", bars(rising))[-1] == 1.0
    assert compute("drawdown_72", bars(rising[::-1]))[-1] == pytest.approx(-0.71)
    assert compute("rally_72", bars(rising))[-1] == pytest.approx(0.71)


def test_variance_ratio_and_volatility_rank_are_neutral_without_predictability(panel: Panel) -> None:
    for symbol in panel.symbols:
        assert np.nanmean(compute("variance_ratio_96", panel.candles(symbol))) == pytest.approx(1.0, abs=0.25)
        assert np.nanmean(compute("volatility_rank_168", panel.candles(symbol))) == pytest.approx(0.5, abs=0.12)


def test_volume_by_hand() -> None:
    volume = [1.0] * 23 + [25.0]
    candles = bars([10.0] * 24, volume=volume, taker_buy_volume=[0.5] * 23 + [25.0])
    assert compute("volume_z_24", candles)[-1] == pytest.approx((25 - 2) / np.std(volume, ddof=1))
    assert compute("taker_buy_imbalance_24", candles)[-1] == pytest.approx((11.5 + 25) / 48 - 0.5)
    assert compute("taker_buy_imbalance_4", bars([10.0] * 24))[-1] == 0.0
    dearer = bars([10.0] * 23 + [20.0], volume=volume)
    assert compute("vwap_distance_24", dearer)[-1] == pytest.approx(np.log(20 / ((230 + 500) / 48)))


def test_calendar_is_a_circle() -> None:
    monday = int(pd.Timestamp("2024-01-01", tz="UTC").timestamp() * 1000)
    hours = bars([1.0] * 48)
    moved = Candles(monday + hours.open_time, *(getattr(hours, name) for name in list(hours.__annotations__)[1:]))
    assert compute("hour_cos", moved)[[0, 12, 24]] == pytest.approx([1.0, -1.0, 1.0])
    assert compute("hour_sin", moved)[6] == pytest.approx(1.0)
    assert compute("weekday_cos", moved)[0] != pytest.approx(compute("weekday_cos", moved)[24])


def test_cross_asset_by_hand() -> None:
    grow = 1.1 ** np.arange(5.0)
    panel = panel_of(A=(100 * grow).tolist(), B=[50.0] * 5, C=(10 / grow).tolist())
    step = 4 * np.log(1.1)
    assert compute("market_return_4", panel)[-1] == pytest.approx([0.0] * 3, abs=1e-12)
    assert compute("relative_return_4", panel)[-1] == pytest.approx([step, 0.0, -step], abs=1e-12)
    assert compute("return_rank_4", panel)[-1] == pytest.approx([5 / 6, 3 / 6, 1 / 6])
    assert compute("breadth_4", panel)[-1] == pytest.approx([0.0] * 3)
    longer = panel_of(A=[100.0] * 12 + [110.0], B=[50.0] * 13)
    assert compute("dispersion_12", longer)[-1] == pytest.approx([np.log(1.1) / 2] * 2)


def test_market_beta_and_correlation(panel: Panel) -> None:
    returns = pd.DataFrame(np.log(panel.close)).diff()
    market = returns.mean(axis=1)
    last = returns[-72:]
    expected = last.apply(lambda column: column.cov(market[-72:]) / market[-72:].var())
    assert compute("market_beta_72", panel)[-1] == pytest.approx(expected.to_numpy())
    assert compute("market_correlation_72", panel)[-1] == pytest.approx(last.corrwith(market[-72:]).to_numpy())


def test_the_leader_is_who_trades_most_by_then() -> None:
    """B takes over the lead with a turnover that a whole-sample look would have credited it with all along."""
    rng = np.random.default_rng(1)
    a, b = (100 * np.exp(np.cumsum(rng.normal(0, 0.01, 200))) for _ in range(2))
    panel = panel_of(A=a.tolist(), B=b.tolist())
    panel.volume[:, 1] = np.where(np.arange(200) < 120, 0.01, 100.0)
    scaled = {}
    for column, closes in enumerate((a, b)):
        returns = np.diff(np.log(closes), prepend=np.nan)
        risk = np.sqrt(pd.Series(returns**2).rolling(48).mean())
        scaled[column] = (returns / risk).to_numpy()
    led = compute("leader_return_1", panel)[:, 0]
    np.testing.assert_allclose(led[60:119], scaled[0][60:119], rtol=1e-9)
    np.testing.assert_allclose(led[130:], scaled[1][130:], rtol=1e-9)
    gap = FeatureSet.of(["leader_gap_4"]).matrix(panel)[:, :, 0]
    assert (gap[60:119, 0] == 0).all()
    assert (gap[130:, 1] == 0).all()


def test_a_symbol_without_a_candle_takes_no_part() -> None:
    panel = panel_of(A=[100.0, 110.0, 121.0], B=[50.0, np.nan, 50.0])
    assert compute("market_return_1", panel)[1, 0] == pytest.approx(np.log(1.1))
    assert np.isnan(compute("market_return_1", panel)[1, 1])
    assert compute("market_return_1", panel)[2, 0] == pytest.approx(np.log(1.1)), (
        "B has no candle before to return from"
    )
