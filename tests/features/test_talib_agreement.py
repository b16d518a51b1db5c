"""Every feature that TA-Lib has, too, against TA-Lib's own function, in whatever unit the feature is shown."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
import talib
from talib.abstract import Function

from algotrade.domain.candles import Candles, FloatArray, Panel
from algotrade.features import FEATURES

Twin = Callable[[Candles], npt.ArrayLike]
# Population to sample standard deviation, which TA-Lib does not divide by n - 1.
SAMPLE = {window: np.sqrt(window / (window - 1)) for window in (20, 24, 48)}


def bars(c: Candles) -> tuple[FloatArray, FloatArray, FloatArray]:
    return c.high, c.low, c.close


def returns(c: Candles) -> FloatArray:
    return np.log(1 + talib.ROCP(c.close, 1))


def atr(c: Candles) -> FloatArray:
    return talib.ATR(*bars(c), 14)


def z_score(c: Candles, window: int) -> FloatArray:
    return (c.close - talib.SMA(c.close, window)) / (SAMPLE[window] * talib.STDDEV(c.close, window))


def from_line(c: Candles, window: int) -> FloatArray:
    """Log close less the line's end, by the standard error that the correlation with time leaves."""
    logs = np.log(c.close)
    explained = talib.CORREL(np.arange(float(len(logs))), logs, window) ** 2
    error = np.sqrt(window * talib.VAR(logs, window) * (1 - explained) / (window - 2))
    return (logs - talib.LINEARREG(logs, window)) / error


def squared(c: Candles, window: int) -> FloatArray:
    return np.sqrt(talib.SUM(returns(c)[1:] ** 2, window) / window)


def later(values: FloatArray, rows: int) -> FloatArray:
    return np.append(np.full(rows, np.nan), values)[: len(values)]


def ichimoku_cloud(c: Candles) -> FloatArray:
    short, base, slow = (talib.MIDPRICE(c.high, c.low, window) for window in (9, 26, 52))
    return np.log(c.close / later((short + base) / 4 + slow / 2, 26))


def obv_change(c: Candles, window: int) -> FloatArray:
    total = talib.OBV(c.close, c.volume)
    return (total - later(total, window)) / talib.SUM(c.volume, window)


def twins() -> Iterator[tuple[str, Twin]]:
    for w in (1, 2, 4, 8, 12, 24, 48):
        yield f"log_return_{w}", lambda c, w=w: np.log(talib.ROCR(c.close, w))
    for w in (7, 14):
        yield f"rsi_{w}", lambda c, w=w: talib.RSI(c.close, w)
    yield "stochastic_rsi_14", lambda c: talib.STOCHRSI(c.close, 14, fastk_period=14, fastd_period=1)[0] / 100
    yield "macd", lambda c: talib.MACD(c.close)[0] / c.close
    yield "macd_histogram", lambda c: talib.MACD(c.close)[2] / c.close
    yield "ppo_13", lambda c: talib.PPO(c.close, 6, 13, matype=talib.MA_Type.EMA)
    yield "trix_9", lambda c: talib.TRIX(c.close, 9)
    yield "cmo_20", lambda c: talib.CMOU(c.close, 20)
    yield "ultimate_oscillator", lambda c: talib.ULTOSC(*bars(c))
    yield "adx_14", lambda c: talib.ADX(*bars(c), 14)
    yield "di_difference_14", lambda c: talib.PLUS_DI(*bars(c), 14) - talib.MINUS_DI(*bars(c), 14)
    yield "plus_di_7", lambda c: talib.PLUS_DI(*bars(c), 7)
    yield "minus_di_7", lambda c: talib.MINUS_DI(*bars(c), 7)
    yield "aroon_25", lambda c: talib.AROONOSC(c.high, c.low, 25)
    yield "aroon_up_14", lambda c: talib.AROON(c.high, c.low, 14)[1]
    yield "aroon_down_14", lambda c: talib.AROON(c.high, c.low, 14)[0]
    yield "ema_distance_20", lambda c: (c.close - talib.EMA(c.close, 20)) / atr(c)
    yield "tema_distance_10", lambda c: (c.close - talib.TEMA(c.close, 10)) / atr(c)
    yield "regression_slope_24", lambda c: talib.LINEARREG_SLOPE(np.log(c.close), 24)
    yield "regression_distance_24", lambda c: from_line(c, 24)
    for w in (20, 48):
        yield f"bollinger_position_{w}", lambda c, w=w: z_score(c, w)
    yield "bollinger_width_20", lambda c: SAMPLE[20] * (talib.BBANDS(c.close, 20)[0] / talib.SMA(c.close, 20) - 1) * 2
    yield "squeeze_20", lambda c: SAMPLE[20] * talib.STDDEV(c.close, 20) * 2 / (1.5 * atr(c))
    yield "normalised_true_range_14", lambda c: talib.NATR(*bars(c), 14) / 100
    for w in (14, 48):
        yield f"stochastic_{w}", lambda c, w=w: talib.STOCHF(*bars(c), w, 1)[0] / 100
    yield "slow_stochastic_14", lambda c: talib.STOCH(*bars(c), 14, 3, 0, 3, 0)[0] / 100
    yield "stochastic_spread_14", lambda c: np.subtract(*talib.STOCH(*bars(c), 14, 3, 0, 3, 0)) / 100
    yield "williams_r_28", lambda c: talib.WILLR(*bars(c), 28)
    yield "cci_20", lambda c: talib.CCI(*bars(c), 20)
    yield "balance_of_power_14", lambda c: talib.SMA(talib.BOP(c.open, *bars(c)), 14)
    yield "mfi_14", lambda c: talib.MFI(*bars(c), c.volume, 14)
    yield "chaikin_money_flow_20", lambda c: talib.CMF(*bars(c), c.volume, 20)
    yield "chaikin_oscillator", lambda c: talib.ADOSC(*bars(c), c.volume, 3, 10) / talib.SMA(c.volume, 20)
    yield "ichimoku_cross", lambda c: np.log(talib.MIDPRICE(c.high, c.low, 9) / talib.MIDPRICE(c.high, c.low, 26))
    yield "ichimoku_cloud", ichimoku_cloud
    for w in (12, 48, 168):
        yield f"realised_volatility_{w}", lambda c, w=w: np.append(np.nan, squared(c, w))
    yield "close_to_close_24", lambda c: np.append(np.nan, SAMPLE[24] * talib.STDDEV(returns(c)[1:], 24))
    yield "obv_change_20", lambda c: obv_change(c, 20)
    yield "vwap_distance_24", lambda c: np.log(c.close / talib.VWMA(talib.TYPPRICE(*bars(c)), c.volume, 24))


TWINS = dict(twins())
"""From the name of a feature to the same value out of TA-Lib's functions."""

OTHER_IDEAS = {
    "acceleration": "a difference of returns; TA-Lib's acceleration bands are something else",
    "body_share": "",
    "close_location": "the factor within CMF, which is compared with the volume",
    "kama_distance": "KAMA itself never forgets; the finite one is compared where KAMA forgets, with the kernels",
    "scaled_return": "",
    "wick_imbalance": "",
    "market_beta": "against the market's mean return, not between two prices",
    "downside_beta": "against the market's mean return, not between two prices",
}
"""Technical features without a twin, and features with a name that TA-Lib uses for something else, and why."""

# What a market that stands still is worth where TA-Lib has another convention or divides nothing by nothing.
STILL = {
    "stochastic_rsi_14": 0.5,
    "ultimate_oscillator": 50.0,
    "stochastic_14": 0.5,
    "stochastic_48": 0.5,
    "slow_stochastic_14": 0.5,
    "williams_r_28": -50.0,
    "mfi_14": 50.0,
} | dict.fromkeys(
    ["ema_distance_20", "tema_distance_10", "squeeze_20", "chaikin_oscillator",
     "bollinger_position_20", "bollinger_position_48", "regression_distance_24", "obv_change_20", "vwap_distance_24"],
    0.0,
)  # fmt: skip


@pytest.fixture(scope="module")
def random(panel: Panel) -> Candles:
    return panel.candles("ETH/USDT")


@pytest.fixture(scope="module")
def trending(random: Candles) -> Candles:
    drift = np.exp(0.01 * np.arange(len(random)))
    return replace(random, **{name: getattr(random, name) * drift for name in ("open", "high", "low", "close")})


@pytest.fixture(scope="module")
def coarse(random: Candles) -> Candles:
    """Prices in large steps and few trades, so that highs are equal and candles have no range."""
    prices = ("open", "high", "low", "close")
    rounded = {name: 200 + np.round(getattr(random, name) / random.close[0] * 200) for name in prices}
    return replace(random, **rounded, volume=np.where(np.arange(len(random)) % 3 == 0, random.volume, 0.0))


@pytest.fixture(scope="module")
def still(random: Candles) -> Candles:
    flat = {name: np.full(len(random), 0.25) for name in ("open", "high", "low", "close")}
    return replace(random, **flat, volume=np.zeros(len(random)))


@pytest.mark.parametrize("market", ["random", "trending", "coarse"])
@pytest.mark.parametrize("name", TWINS)
def test_agrees_with_talib(name: str, market: str, request: pytest.FixtureRequest) -> None:
    candles = request.getfixturevalue(market)
    start = FEATURES[name].lookback - 1
    values = FEATURES[name].compute(candles)[start:]
    with np.errstate(invalid="ignore", divide="ignore"):
        expected = np.asarray(TWINS[name](candles))[start:]
    assert np.isfinite(values).all()
    known = np.isfinite(expected)
    assert known.mean() > 0.95, "TA-Lib's side of the comparison is empty"
    np.testing.assert_allclose(values[known], expected[known], rtol=1e-7, atol=1e-7 * np.std(expected[known]))


@pytest.mark.parametrize("name", TWINS)
def test_agrees_with_talib_where_nothing_moves_or_says_what_it_does(name: str, still: Candles) -> None:
    start = FEATURES[name].lookback - 1
    with np.errstate(invalid="ignore", divide="ignore"):
        expected = np.asarray(TWINS[name](still))[start:]
    if name in STILL:
        assert not (expected == STILL[name]).all(), "TA-Lib says the same"
        expected = np.full_like(expected, STILL[name])
        assert FEATURES[name].missing
    np.testing.assert_allclose(FEATURES[name].compute(still)[start:], expected, rtol=1e-7, atol=1e-9)


def idea(name: str) -> str:
    return re.sub(r"_\d+$", "", name)


def namesakes(name: str) -> set[str]:
    """TA-Lib's functions that a feature is named after: by the function's name, or by a word of its title."""
    parts = idea(name).split("_")
    spans = {"_".join(parts[i:j]) for i in range(len(parts)) for j in range(i + 1, len(parts) + 1)}
    found = set()
    for group, functions in talib.get_function_groups().items():
        if group.startswith(("Math", "Pattern")):
            continue
        for function in functions:
            title = set(re.findall(r"[a-z]{3,}", Function(function).info["display_name"].lower())) - ORDINARY
            if function.lower() in spans or (FEATURES[name].family == "technical" and title & set(parts)):
                found.add(function)
    return found


ORDINARY = {"average", "change", "flow", "index", "line", "mode", "money", "moving", "oscillator", "over", "period",
            "power", "price", "range", "rate", "ratio", "relative", "smoothed", "strength", "the", "trend", "true",
            "volatility", "volume"}  # fmt: skip


@pytest.mark.parametrize("name", FEATURES)
def test_a_feature_with_a_namesake_in_talib_is_compared_with_it(name: str) -> None:
    if namesakes(name):
        assert name in TWINS or idea(name) in OTHER_IDEAS, f"{name} is named as TA-Lib's {namesakes(name)}"


@pytest.mark.parametrize("name", [name for name in FEATURES if FEATURES[name].family == "technical"])
def test_a_technical_feature_is_compared_or_known_to_have_no_twin(name: str) -> None:
    assert (name in TWINS) != (idea(name) in OTHER_IDEAS)
    if name not in TWINS and namesakes(name):
        assert OTHER_IDEAS[idea(name)], "say why it is not TA-Lib's"


def test_the_comparison_knows_names_that_would_be_forgotten() -> None:
    assert {"RSI", "STOCHRSI"} <= namesakes("stochastic_rsi_14")
    assert "WILLR" in namesakes("williams_r_28")
    assert "BBANDS" in namesakes("bollinger_width_20")
    assert "ULTOSC" in namesakes("ultimate_oscillator")
    assert not namesakes("realised_skewness_48")
