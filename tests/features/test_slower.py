"""Features of slower timeframes: what pandas' own resampling gives, and only once the slower candle has closed."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from algotrade.domain.candles import VALUE_COLUMNS, FloatArray, Panel, from_milliseconds
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import ConfigurationError
from algotrade.features import FEATURES, FeatureSet
from algotrade.features.naming import feature_named
from algotrade.features.slower import last_closed, slower_panel

SLOWER = ["log_return_2@4x", "rsi_7@4h", "market_return_4@4x", "volume_z_24@6x", "hour_sin@1d"]


@pytest.fixture(scope="module")
def features() -> FeatureSet:
    return FeatureSet.of(["log_return_1", *SLOWER], Timeframe("1h"))


def resampled(panel: Panel, symbol: str, rule: str) -> pd.DataFrame:
    """By pandas: the whole slower candles of one symbol, those without a candle left out."""
    column = panel.symbols.index(symbol)
    index = from_milliseconds(panel.open_time)
    frame = pd.DataFrame({name: getattr(panel, name)[:, column] for name in VALUE_COLUMNS}, index=index)
    how = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    slow = frame.dropna(subset="close").resample(rule, origin="epoch").agg(how).dropna()
    step = pd.Timedelta(rule)
    return slow[(slow.index >= index[0]) & (slow.index + step <= index[-1] + pd.Timedelta("1h"))]


@pytest.mark.parametrize(("rule", "multiple"), [("2h", 2), ("4h", 4), ("24h", 24)])
@pytest.mark.parametrize("first", [0, 1, 3])
def test_slower_candles_are_those_of_pandas(ragged: Panel, rule: str, multiple: int, first: int) -> None:
    panel = ragged[first:-5]
    slow = slower_panel(panel, multiple)
    for column, symbol in enumerate(panel.symbols):
        expected = resampled(panel, symbol, rule)
        present = slow.present[:, column]
        assert from_milliseconds(slow.open_time[present]).tolist() == expected.index.tolist()
        for name in expected:
            np.testing.assert_allclose(getattr(slow, name)[present, column], expected[name], rtol=1e-12)


def test_a_row_sees_the_slower_candle_that_has_closed(panel: Panel) -> None:
    """The row that closes at 04:00 is the first to see the candle from 00:00 to 04:00."""
    slow = slower_panel(panel, 4)
    joined = FeatureSet.of(["log_return_1@4x"]).matrix(panel)[:, 0, 0]
    own = FeatureSet.of(["log_return_1"]).matrix(slow)[:, 0, 0]
    for row in range(200, 260):
        closes = panel.open_time[row] + 3_600_000
        newest = np.flatnonzero(slow.open_time + 4 * 3_600_000 <= closes)[-1]
        assert joined[row] == own[newest]
    assert last_closed(panel, slow)[:3].tolist() == [-1, -1, -1]


def test_the_future_changes_nothing(features: FeatureSet, ragged: Panel) -> None:
    before = features.matrix(ragged)
    for row in (640, 701, 702, 703, 1_001):
        np.testing.assert_array_equal(features.matrix(ragged[: row + 1]), before[: row + 1])
        blocks = {name: getattr(ragged, name).copy(order="K") for name in VALUE_COLUMNS}
        for block in blocks.values():
            block[row + 1 :] *= 1.7
        np.testing.assert_array_equal(features.matrix(replace(ragged, **blocks))[: row + 1], before[: row + 1])


def test_latest_is_the_last_row_and_the_lookback_is_enough(features: FeatureSet, panel: Panel, ragged: Panel) -> None:
    for market in (panel, ragged):
        matrix = features.matrix(market)
        for row in (*range(700, 730), 1_050):
            whole, window = market[: row + 1], market[: row + 1].needed(features.lookback)
            np.testing.assert_allclose(features.latest(whole), matrix[row], rtol=1e-9, atol=1e-12)
            np.testing.assert_allclose(features.latest(window), matrix[row], rtol=1e-9, atol=1e-12)


def test_frame_and_matrix_agree(features: FeatureSet, ragged: Panel) -> None:
    frame = features.to_frame(ragged)
    matrix = features.matrix(ragged)
    for column, symbol in enumerate(ragged.symbols):
        own: FloatArray = frame.loc[frame["symbol"] == symbol, list(features.names)].to_numpy()
        np.testing.assert_array_equal(own, matrix[ragged.present[:, column], column])


def test_too_short_a_history_is_nan(panel: Panel) -> None:
    assert np.isnan(FeatureSet.of(["log_return_1@4x"]).matrix(panel[:5])).all()
    assert np.isnan(FeatureSet.of(["log_return_1@24x"]).latest(panel[:5])).all()


@pytest.mark.parametrize(
    ("name", "timeframe", "message"),
    [
        ("rsi_14@4h", None, "that of the candles is not known here"),
        ("rsi_14@30m", "1h", "not of a slower timeframe"),
        ("rsi_14@90m", "1h", "not of a slower timeframe"),
        ("rsi_14@1x", None, "not of a slower timeframe"),
        ("rsi_14@often", "1h", "Unknown timeframe 'often'"),
        ("rsi_41@4x", None, "Unknown feature 'rsi_41'"),
    ],
)
def test_names_that_cannot_be_are_refused(name: str, timeframe: str | None, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        feature_named(name, Timeframe(timeframe) if timeframe else None)


def test_fingerprint_knows_the_timeframe() -> None:
    assert feature_named("rsi_14@4x").fingerprint != FEATURES["rsi_14"].fingerprint
    assert feature_named("rsi_14@4x").fingerprint != feature_named("rsi_14@8x").fingerprint
