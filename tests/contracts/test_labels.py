"""Laws that every registered label keeps; a new one meets them unasked."""

import inspect
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from algotrade.audit import probe_labels
from algotrade.audit.perturbation import changed_after, torn_after
from algotrade.domain.candles import Panel, to_milliseconds
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import ConfigurationError, TooFewCandles
from algotrade.simulation.market import MarketSettings, simulate_market
from algotrade.validation.labels import LABEL_COLUMNS, LABELS, Label, build_label

KEYS = ["symbol", "open_time"]
HORIZON = 6
ROWS = 420


def market(rows: int, symbols: tuple[str, ...], seed: int) -> Panel:
    return Panel.from_frame(
        simulate_market(MarketSettings(symbols=symbols, candles=rows, seed=seed, signal=0.2)), Timeframe("1h")
    )


@pytest.fixture(scope="module")
def panel() -> Panel:
    """Three symbols with gaps, and one of them listed late."""
    whole = market(ROWS, ("BTC/USDT", "ETH/USDT", "SOL/USDT"), 11)
    torn = torn_after(whole, 150, (1,))
    blocks = {name: getattr(torn, name).copy() for name in ("open", "high", "low", "close", "volume")}
    for block in blocks.values():
        block[:200, 2] = np.nan
    return replace(torn, **blocks)


@pytest.fixture(scope="module", params=list(LABELS))
def label(request) -> Label:
    kind = LABELS[request.param]
    known = kind.settings_type.__dataclass_fields__
    return build_label({"kind": request.param, "horizon": HORIZON, **({"window": 24} if "window" in known else {})})


@pytest.fixture(scope="module")
def labels(label, panel) -> pd.DataFrame:
    return label.of(panel)


def known_row(frame: pd.DataFrame, panel: Panel) -> np.ndarray:
    return (to_milliseconds(frame["known_at"]) - panel.open_time[0]) // panel.timeframe.milliseconds


def known_by(frame: pd.DataFrame, panel: Panel, row: int) -> pd.DataFrame:
    return frame[known_row(frame, panel) <= row].reset_index(drop=True)


def test_the_frame_has_its_columns_sorted_and_whole(labels):
    assert list(labels.columns) == list(LABEL_COLUMNS)
    assert not labels.isna().any().any()
    assert not labels.duplicated(KEYS).any()
    pd.testing.assert_frame_equal(labels, labels.sort_values(KEYS, ignore_index=True))
    assert labels["symbol"].nunique() == 3
    assert len(labels) > 600
    for column in ("open_time", "known_at"):
        assert str(labels[column].dtype) == "datetime64[ms, UTC]"


def test_a_label_is_known_after_the_close_of_its_row_and_within_its_horizon(label, labels, panel):
    opened = (to_milliseconds(labels["open_time"]) - panel.open_time[0]) // panel.timeframe.milliseconds
    after = known_row(labels, panel) - opened
    # The close of a row is the open of the next: one candle after its own open.
    assert after.min() > 1
    assert after.max() == label.horizon + 1


def test_the_target_has_the_sign_of_the_forward_return(labels):
    np.testing.assert_array_equal(np.sign(labels["target"]), np.sign(labels["forward_return"]))


@settings(max_examples=25, deadline=None)
@given(row=st.integers(60, ROWS - 2))
def test_a_label_is_the_same_when_the_history_ends_when_it_is_known(label, panel, labels, row):
    """Its value, its weight, and that it is there at all."""
    # The open of the last row is known when the row opens, and nothing else of it.
    ended = panel[: row + 1]
    blocks = {name: getattr(ended, name).copy() for name in ("high", "low", "close")}
    for block in blocks.values():
        block[-1] = np.nan
    before = label.of(replace(ended, **blocks))
    pd.testing.assert_frame_equal(known_by(before, panel, row), known_by(labels, panel, row), check_exact=True)
    assert (known_row(before, panel) <= row).all()


@settings(max_examples=25, deadline=None)
@given(row=st.integers(60, ROWS - 2), seed=st.integers(0, 1000), torn=st.booleans())
def test_no_label_depends_on_prices_after_it_is_known(label, panel, labels, row, seed, torn):
    other = (torn_after if torn else changed_after)(panel, row - 1, (seed,))
    blocks = {"open": other.open.copy()}
    blocks["open"][row] = panel.open[row]
    after = label.of(replace(other, **blocks))
    pd.testing.assert_frame_equal(known_by(after, panel, row), known_by(labels, panel, row), check_exact=True)


@settings(max_examples=10, deadline=None)
@given(row=st.integers(60, ROWS - HORIZON - 3), level=st.sampled_from([0.25, 1.0, 1024.0]))
def test_neither_prices_nor_their_direction_up_to_the_row_are_in_a_label(label, panel, labels, row, level):
    """What a label keeps of the past is how large its moves were."""
    blocks = {name: getattr(panel, name).copy() for name in ("open", "high", "low", "close")}
    mirrored = {name: level * 1e4 / block[: row + 1] for name, block in blocks.items()}
    for name, source in {"open": "open", "high": "low", "low": "high", "close": "close"}.items():
        blocks[name][: row + 1] = mirrored[source]
    after = label.of(replace(panel, **blocks))
    moment = pd.to_datetime(panel.open_time[row], unit="ms", utc=True)
    pd.testing.assert_frame_equal(
        after[after["open_time"] == moment].drop(columns="weight").reset_index(drop=True),
        labels[labels["open_time"] == moment].drop(columns="weight").reset_index(drop=True),
        check_exact=False,
        rtol=1e-9,
        atol=1e-12,
    )


def test_what_lies_further_back_than_the_lookback_is_in_no_label(label, panel, labels):
    first = 250
    short = label.of(panel[first - max(label.lookback, 1) + 1 :])
    start = pd.to_datetime(panel.open_time[first], unit="ms", utc=True)
    kept = [column for column in LABEL_COLUMNS if column != "weight"]
    pd.testing.assert_frame_equal(
        short.loc[short["open_time"] >= start, kept].reset_index(drop=True),
        labels.loc[labels["open_time"] >= start, kept].reset_index(drop=True),
        check_exact=True,
    )


def test_weights_are_those_of_overlapping_labels(label, labels):
    assert (labels["weight"] > 0).all()
    assert labels["weight"].max() <= label.horizon
    if label.name == "forward_return":
        # Labels of one length that overlap wholly: none is more unique than another, to the last bit.
        assert (labels["weight"] == 1.0).mean() > 0.8


def test_the_audit_has_nothing_against_it(label):
    whole = market(700, ("BTC/USDT", "ETH/USDT", "SOL/USDT"), 4)
    assert probe_labels(label.of, whole, name=label.name, lookback=label.lookback) == []


def test_equal_settings_give_equal_labels(label, labels, panel):
    pd.testing.assert_frame_equal(build_label({"kind": label.name, **vars(label.settings)}).of(panel), labels)


def test_a_history_without_a_single_label_is_refused_with_a_way_out(label, panel):
    with pytest.raises(TooFewCandles, match=f"horizon of {HORIZON} needs {label.fewest_candles} candles") as caught:
        label.of(panel[: label.fewest_candles - 1])
    assert "Fetch a longer history" in str(caught.value)
    label.of(panel[: label.fewest_candles])


def test_unknown_settings_are_refused_with_the_known_ones(label):
    with pytest.raises(ConfigurationError, match=r"horizn.*horizon"):
        build_label({"kind": label.name, "horizn": 3})
    with pytest.raises(ConfigurationError, match="horizon = 0"):
        build_label({"kind": label.name, "horizon": 0})


def test_an_unknown_kind_is_refused_with_the_known_ones():
    with pytest.raises(ConfigurationError, match=r"Unknown label 'tripple'.*forward_return, triple_barrier"):
        build_label({"kind": "tripple"})


def test_the_formula_says_what_is_forecast_and_the_documentation_has_its_source(label):
    assert "known at" in label.formula
    assert "t+1+horizon" in label.formula
    assert LABELS[label.name] is type(label)
    text = inspect.getdoc(type(label))
    assert text is not None
    for part in (".. math::", "References", "nit: "):
        assert part in text
