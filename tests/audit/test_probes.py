"""Other futures: the same up to the row, valid candles after it, and rows chosen where leaks show."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from algotrade.audit import PROBES, ProbeSettings, probed_rows, probes_of, take_slice
from algotrade.audit.perturbation import LISTED, blocks_of, changed_after, complete, ragged, without
from algotrade.errors import TooFewCandles
from tests.audit.conftest import market

PANEL = complete(market(120), seed=1)


def assert_same_until(one, other, row: int, symbols: int) -> None:
    for name, block in blocks_of(one).items():
        np.testing.assert_array_equal(getattr(other, name)[: row + 1, :symbols], block[: row + 1], err_msg=name)


@given(st.integers(0, 118), st.integers(0, 1000), st.sampled_from(PROBES))
@settings(max_examples=60, deadline=None)
def test_every_probe_keeps_the_past_and_changes_the_future(row, seed, name):
    (probe,) = probes_of(PANEL, ProbeSettings(names=(name,), seed=seed), [row])
    assert_same_until(PANEL, probe.panel, row, len(PANEL.symbols))
    later = probe.panel.close[row + 1 :]
    assert len(later) == 0 if name == "truncation" else not np.array_equal(later, PANEL.close[row + 1 :])
    assert np.isnan(probe.panel.close[: row + 1, len(PANEL.symbols) :]).all()


@given(st.integers(0, 118), st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_a_changed_candle_is_still_one_and_nothing_of_it_stays(row, seed):
    changed = changed_after(PANEL, row, (seed,))[slice(row + 1, None)]
    top, bottom = np.maximum(changed.open, changed.close), np.minimum(changed.open, changed.close)
    assert (changed.high >= top * (1 - 1e-12)).all()
    assert (changed.low <= bottom * (1 + 1e-12)).all()
    assert (changed.low > 0).all()
    assert (changed.volume >= 0).all()
    assert (changed.taker_buy_volume <= changed.volume * (1 + 1e-12)).all()
    before = PANEL[row + 1 :]
    for field in fields(PANEL):
        old, new = getattr(before, field.name), getattr(changed, field.name)
        if isinstance(old, np.ndarray) and old.shape == before.close.shape:
            assert (old != new).mean() > 0.9, field.name
    assert not np.allclose(np.log(before.high / before.low), np.log(changed.high / changed.low))


def test_the_others_are_changed_and_one_is_not():
    for probe in probes_of(PANEL, ProbeSettings(names=("others",)), [10, 20, 30]):
        (kept,) = probe.columns
        same = (probe.panel.close == PANEL.close).all(axis=0)
        assert same.tolist() == [column == kept for column in range(len(PANEL.symbols))]


def test_a_delisted_symbol_ends_and_a_listed_one_begins_after_the_row():
    delisted, listed = probes_of(PANEL, ProbeSettings(names=("delisting", "listing")), [50])
    assert (~delisted.panel.present[51:]).all(axis=0).sum() == 1
    assert listed.panel.symbols[-1] == LISTED
    assert listed.panel.present[:, -1].tolist() == [row > 50 for row in range(120)]
    assert listed.widened


def test_gaps_leave_the_history_its_end():
    """The folds of a chain are laid out from there."""
    for seed in range(20):
        (probe,) = probes_of(PANEL, ProbeSettings(names=("gaps",), seed=seed), [30])
        assert probe.panel.present[31:].all(axis=0).any()
        assert not probe.panel.present[31:].all()


def test_one_symbol_has_no_others_and_is_not_delisted():
    alone = market(60, ("BTC/USDT",))
    assert {probe.name for probe in probes_of(alone, ProbeSettings(), [30])} == set(PROBES) - {"others", "delisting"}


@given(st.integers(1, 12), st.integers(0, 60), st.integers(0, 100))
@settings(max_examples=60, deadline=None)
def test_rows_lie_next_to_gaps_and_listings_and_before_the_end(moments, warm_up, seed):
    torn = without(without(PANEL, slice(70, 75), [1]), slice(0, 65), [2])
    rows = probed_rows(torn, ProbeSettings(moments=moments, seed=seed), warm_up)
    assert rows == sorted(set(rows))
    assert all(warm_up <= row <= 118 for row in rows)
    assert 118 in rows
    assert {64, 65, 69, 70, 74, 75} & set(rows)
    assert len(rows) <= max(moments, 2)


def test_a_panel_without_gaps_gets_some_after_the_warm_up_and_one_with_gaps_keeps_its_own():
    torn = ragged(PANEL, 40, seed=3)
    assert not torn.present[40:].all()
    assert torn.present[-1].all()
    assert ragged(torn, 40, seed=4) is torn


def test_columns_that_are_not_there_are_made_up_and_others_are_left():
    bare = market(60)
    filled = complete(bare, seed=2)
    assert np.isfinite(filled.funding_rate).all()
    np.testing.assert_array_equal(filled.close, bare.close)
    np.testing.assert_array_equal(filled.taker_buy_volume, bare.taker_buy_volume)


def test_the_slice_is_the_newest_part_of_the_symbols_with_most_candles():
    torn = without(PANEL, slice(60, 120), [0])
    part = take_slice(torn, candles=40, symbols=2, lookback=10)
    assert part.symbols == PANEL.symbols[1:3]
    assert part.open_time.tolist() == PANEL.open_time[-50:].tolist()


def test_too_short_a_history_is_refused():
    with pytest.raises(TooFewCandles, match="100 candles for the features to look back"):
        take_slice(PANEL, candles=60, symbols=2, lookback=100)
