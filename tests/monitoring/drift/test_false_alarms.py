"""Where nothing has changed, the report alarms as often as its level says, however much everything depends."""

import numpy as np
import pytest
from scipy.stats import binom
from tests.monitoring.drift.conftest import HISTORY, WINDOW, draw_panel, observe, origin_of

from algotrade.domain.candles import Panel
from algotrade.domain.timeframe import Timeframe
from algotrade.features import FEATURES, FeatureSet
from algotrade.monitoring.drift import DriftSettings, Observations, Origin, compare, learn_reference
from algotrade.simulation.market import MarketSettings, simulate_market

LEVEL = 0.1
SYMBOLS = ("BTC/USDT", "ETH/USDT", "SOL/USDT")
MARKET_FEATURES = (
    "log_return_1", "log_return_12", "log_return_48", "realised_volatility_12", "realised_volatility_48",
    "parkinson_24", "rsi_14", "adx_14", "volume_z_96", "taker_buy_imbalance_4", "relative_quote_volume_12",
    "market_beta_72", "dispersion_12", "efficiency_ratio_48", "hour_sin", "weekday_cos",
)  # fmt: skip


def within_binomial_error(alarms: int, checks: int, level: float) -> bool:
    """Whether so many alarms are no surprise at the level: in the central 98 %."""
    low, high = binom.ppf([0.01, 0.99], checks, level)
    return bool(low <= alarms <= high)


def autoregressive_alarms(seeds: range, level: float) -> int:
    settings, origin = DriftSettings(current_candles=WINDOW, embargo=WINDOW, level=level), origin_of(12)
    alarms = 0
    for seed in seeds:
        rows = observe(draw_panel(seed))
        alarms += compare(learn_reference(rows.between(0, HISTORY - 1), origin, settings), rows).detected
    return alarms


def market_rows(seed: int, candles: int) -> tuple[Observations, Origin]:
    features = FeatureSet.of(MARKET_FEATURES)
    market = MarketSettings(symbols=SYMBOLS, candles=candles + features.lookback, seed=seed, signal=0.1)
    values = features.matrix(Panel.from_frame(simulate_market(market), Timeframe("1h"), SYMBOLS))[features.lookback :]
    origin = Origin(
        names=features.names, families=tuple(FEATURES[name].family for name in features.names), fingerprint="f00d",
        model_version="v1", data_digest="beef", exchange="simulated", timeframe="1h", timeframe_ms=3_600_000,
        symbols=SYMBOLS,
    )  # fmt: skip
    return observe(np.asarray(values)), origin


def market_alarms(seeds: range, level: float, window: int = 168, windows: int = 20) -> int:
    settings = DriftSettings(current_candles=window, embargo=window, level=level)
    alarms = 0
    for seed in seeds:
        rows, origin = market_rows(seed, window * (windows + 1))
        alarms += compare(learn_reference(rows.between(0, window * windows - 1), origin, settings), rows).detected
    return alarms


def test_autoregressive_panels_alarm_at_the_level():
    alarms = autoregressive_alarms(range(60), LEVEL)
    assert within_binomial_error(alarms, 60, LEVEL), f"{alarms} alarms in 60 checks at {LEVEL}"


def test_simulated_markets_alarm_at_the_level():
    alarms = market_alarms(range(40), LEVEL)
    assert within_binomial_error(alarms, 40, LEVEL), f"{alarms} alarms in 40 checks at {LEVEL}"


def test_critical_values_for_independent_rows_would_alarm_all_the_time():
    from scipy.stats import ks_2samp

    alarms = 0
    for seed in range(10):
        panel = draw_panel(seed)
        p_values = [
            ks_2samp(panel[:-WINDOW, :, column].ravel(), panel[-WINDOW:, :, column].ravel()).pvalue
            for column in range(12)
        ]
        alarms += min(p_values) < LEVEL / 12
    assert alarms >= 9


@pytest.mark.slow
@pytest.mark.parametrize("level", [0.05, 0.1, 0.2])
def test_many_autoregressive_panels_alarm_at_the_level(level):
    alarms = autoregressive_alarms(range(1000, 1200), level)
    assert within_binomial_error(alarms, 200, level), f"{alarms} alarms in 200 checks at {level}"


@pytest.mark.slow
@pytest.mark.parametrize("level", [0.1, 0.2])
def test_many_simulated_markets_alarm_at_the_level(level):
    alarms = market_alarms(range(1000, 1200), level)
    assert within_binomial_error(alarms, 200, level), f"{alarms} alarms in 200 checks at {level}"
