"""Rows that a fold learns from: known in time, of symbols that have joined, counted and laid out."""

import numpy as np
import pandas as pd
import pytest

from algotrade.domain.candles import Panel
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import LookAheadFound
from algotrade.models.base import build_model
from algotrade.models.preparation import PreparationSettings
from algotrade.validation import (
    FoldSettings,
    TrainingData,
    TrainingSettings,
    build_label,
    fit_preparations,
    training_data,
    training_rows,
    walk_forward,
    walk_forward_folds,
)
from algotrade.validation.fold_layout import LAYOUT_COLUMNS, fold_layout
from algotrade.validation.folds import early_stopping_split
from algotrade.validation.training_rows import fitting_masks, fold_rows, rows_tested

HOUR = Timeframe("1h")
STEP = HOUR.milliseconds
ROWS = 1000
LATE = "LATE/USDT"
LISTED = 560
JOINS = TrainingSettings(min_symbol_rows=100)


def panel_with_late_listing(make_panel) -> Panel:
    random = np.random.default_rng(4)
    opens = 100 * np.exp(np.cumsum(0.01 * random.standard_normal((ROWS, 3)), axis=0))
    opens[:LISTED, 2] = np.nan
    return make_panel(opens, ("A/USDT", "B/USDT", LATE))


@pytest.fixture
def data(make_panel) -> TrainingData:
    """Two symbols over 1000 candles and one that is listed at the 560th, with labels of a triple barrier."""
    panel = panel_with_late_listing(make_panel)
    features = pd.DataFrame(
        {
            "symbol": np.repeat(panel.symbols, ROWS),
            "open_time": pd.to_datetime(np.tile(panel.open_time, 3), unit="ms", utc=True).as_unit("ms"),
            "noise": np.random.default_rng(1).standard_normal(3 * ROWS),
        }
    )
    features.loc[features["symbol"] == LATE, "noise"] = np.where(
        np.arange(ROWS) < LISTED, np.nan, features["noise"].to_numpy()[:ROWS]
    )
    labels = build_label({"kind": "triple_barrier", "horizon": 8, "window": 20}).of(panel)
    return training_data(features, labels, HOUR, 1)


@pytest.fixture
def folds(data):
    return walk_forward_folds(data.open_time, data.known_at, STEP, FoldSettings(folds=4, embargo=3))


def symbols_of(data: TrainingData, rows: np.ndarray) -> set[str]:
    return {data.symbols[code] for code in np.unique(data.symbol_codes[rows])}


def test_a_symbol_joins_once_it_has_enough_training_rows(data, folds):
    """Test spans begin at about rows 500, 625, 750 and 875: it has 65 rows at the second, 180 at the third."""
    trained = [LATE in symbols_of(data, np.logical_or(*fitting_masks(data, fold, JOINS))) for fold in folds]
    tested = [LATE in symbols_of(data, rows_tested(data, fold, JOINS)) for fold in folds]
    assert trained == tested == [False, False, True, True]
    at_once = TrainingSettings(min_symbol_rows=0)
    assert [LATE in symbols_of(data, rows_tested(data, fold, at_once)) for fold in folds] == [True] * 4


def test_a_walk_forecasts_no_symbol_that_has_not_joined(data, folds):
    predictions = walk_forward(build_model("majority", {}), data, folds, JOINS).predictions
    assert set(predictions.loc[predictions["symbol"] == LATE, "fold"]) == {2, 3}
    assert set(predictions.loc[predictions["symbol"] == "A/USDT", "fold"]) == {0, 1, 2, 3}


def test_rows_are_counted_by_fold_symbol_and_part(data, folds):
    layout = fold_layout(data, folds, JOINS)
    assert list(layout.columns) == list(LAYOUT_COLUMNS)
    for fold in folds:
        rows = layout[layout["fold"] == fold.index]
        fit, stop = fitting_masks(data, fold, JOINS)
        for part, mask in (("training", fit), ("early stopping", stop), ("test", rows_tested(data, fold, JOINS))):
            counted = rows[rows["part"] == part].set_index("symbol")["rows"].to_dict()
            expected = np.bincount(data.symbol_codes[mask], minlength=3)
            assert counted == {symbol: count for symbol, count in zip(data.symbols, expected, strict=True) if count}
        # Every labelled row from the start of training to the end of the test is one part, and one only.
        window = (data.open_time >= fold.train_start) & (data.open_time < fold.test_end)
        assert rows["rows"].sum() == window.sum()
    late = layout[(layout["symbol"] == LATE) & (layout["part"] == "not joined")]
    assert set(late["fold"]) == {0, 1}


def test_what_is_left_out_lies_in_front_of_what_it_is_left_out_for(data, folds):
    layout = fold_layout(data, folds, JOINS)
    for fold in folds:
        own = layout[layout["fold"] == fold.index]
        test_start = pd.to_datetime(fold.test_start, unit="ms", utc=True)
        stop_start = own.loc[own["part"] == "early stopping", "start"].min()
        for part in ("purged", "embargo"):
            for before, start in (("test", test_start), ("early stopping", stop_start)):
                rows = own[(own["part"] == part) & (own["before"] == before)]
                assert rows["rows"].sum() > 0
                assert (rows["end"] <= start).all()
    # Labels of up to nine candles, and three candles of embargo.
    assert layout.loc[layout["part"].isin(["purged", "embargo"]), "rows"].max() <= 11


class TestALeakAtTheEdge:
    """The labels of the last rows of training are known in the test span only, and purging is off by a bug."""

    @pytest.fixture(autouse=True)
    def _purging_off(self, monkeypatch):
        def unpurged(fold, open_time, known_at):
            return (open_time >= fold.train_start) & (open_time < fold.test_start)

        monkeypatch.setattr(training_rows, "train_rows", unpurged)

    def test_no_model_is_fitted(self, data, folds):
        with pytest.raises(LookAheadFound, match=r"Fold 0 would stop early on \d+ of \d+ rows .* only after 2023"):
            walk_forward(build_model("majority", {}), data, folds, JOINS)

    def test_nothing_is_fitted_on_features(self, data, folds):
        with pytest.raises(LookAheadFound, match="Purge them by their `known_at`"):
            fit_preparations(data, folds, PreparationSettings(), JOINS)


def test_a_leak_between_training_and_early_stopping_is_refused(data, folds, monkeypatch):
    def unpurged(rows, open_time, known_at, share, embargo):
        return early_stopping_split(rows, open_time, open_time, share, 0)

    monkeypatch.setattr(training_rows, "early_stopping_split", unpurged)
    with pytest.raises(LookAheadFound, match=r"Fold 2 would fit on \d+ of \d+ rows") as caught:
        fold_rows(data, folds[2], JOINS)
    assert "when these rows end" in str(caught.value)


def test_one_row_too_many_is_refused(data, folds, monkeypatch):
    fold = folds[1]
    fit, stop = fitting_masks(data, fold, JOINS)
    late = np.flatnonzero((data.known_at > fold.train_until) & (data.open_time < fold.test_start))[:1]
    monkeypatch.setattr(training_rows, "fitting_masks", lambda *_: (fit, np.isin(np.arange(len(data)), late) | stop))
    with pytest.raises(LookAheadFound, match=r"stop early on 1 of "):
        fold_rows(data, fold, JOINS)


def test_rows_without_any_feature_are_no_samples(make_market):
    features, labels = make_market(300, 2, strength=0.0, horizon=1)
    gone = features["symbol"] == "C1/USDT"
    features.loc[gone, ["signal", "noise_1", "noise_2", "noise_3"]] = np.nan
    data = training_data(features, labels, HOUR, 1)
    assert data.symbols_without_samples == ("C1/USDT",)
    assert symbols_of(data, np.ones(len(data), dtype=bool)) == {"C0/USDT"}
    assert data.symbols == ("C0/USDT", "C1/USDT")
