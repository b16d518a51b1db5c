"""The bootstrap resamples what it says, and its shortcuts are those of resampled rows."""

import numpy as np
import pandas as pd
import pytest

from algotrade.errors import ConfigurationError
from algotrade.validation.scores import SCORES, Resampling, TimeBlocks, model_score, score_draws

EXACT = tuple(score for score in SCORES if score != "information_coefficient")


def repeated(frame: pd.DataFrame, resampling: Resampling, draw: int) -> pd.DataFrame:
    """The rows of a draw, each as often as its cell is in it."""
    times = resampling.counts[draw, resampling.cell_of].astype(int)
    return frame.loc[frame.index.repeat(times)]


@pytest.fixture(scope="module")
def frame(make_forecasts):
    rounded = make_forecasts(3, strength=0.03, times=600, symbols=3)
    return rounded.assign(probability=rounded["probability"].round(2))  # ties


@pytest.mark.parametrize("score", EXACT)
def test_a_drawn_score_is_that_of_the_drawn_rows(frame, score):
    resampling = TimeBlocks.of(frame).resampled(draws=20, seed=1)
    drawn = score_draws(frame, score, resampling)
    expected = [model_score(repeated(frame, resampling, draw), score) for draw in range(20)]
    np.testing.assert_allclose(drawn, expected, atol=1e-12)


def test_the_drawn_information_coefficient_keeps_the_ranks_of_all_rows_and_is_close(frame):
    resampling = TimeBlocks.of(frame).resampled(draws=100, seed=1)
    drawn = score_draws(frame, "information_coefficient", resampling)
    anew = [model_score(repeated(frame, resampling, draw), "information_coefficient") for draw in range(100)]
    assert np.sqrt(np.mean((drawn - anew) ** 2)) < 0.2 * np.std(anew)
    assert np.std(drawn) == pytest.approx(np.std(anew), rel=0.1)


def test_every_draw_is_as_long_as_the_span_and_made_of_whole_runs():
    open_time = np.arange(0, 1000, dtype=np.int64) * 10
    resampling = TimeBlocks(open_time, 500).resampled(draws=50, seed=0)
    assert resampling.blocks == 20
    assert (resampling.counts.sum(axis=1) == resampling.counts.shape[1]).all()
    # Cells next to each other are drawn together: their counts rise and fall as one.
    counts = resampling.counts
    assert np.corrcoef(counts[:, 50], counts[:, 51])[0, 1] > 0.7
    assert abs(np.corrcoef(counts[:, 50], counts[:, 100])[0, 1]) < 0.5
    # The circle closes: the last cell goes with the first.
    assert np.corrcoef(counts[:, 0], counts[:, -1])[0, 1] > 0.7


def test_all_symbols_of_a_moment_are_in_one_cell(frame):
    resampling = TimeBlocks.of(frame).resampled(draws=5)
    cells = pd.Series(resampling.cell_of).groupby(frame["open_time"].to_numpy())
    assert (cells.min() == cells.max()).all()


def test_a_block_is_longer_than_a_label_and_there_are_twelve_where_that_is_possible(make_forecasts):
    blocks = TimeBlocks.of(make_forecasts(0, times=1200, horizon=12))
    assert blocks.length >= 13 * 3_600_000
    assert blocks.count >= 12
    assert TimeBlocks.of(make_forecasts(0, times=6000, symbols=1, horizon=2)).length == 10 * 3 * 3_600_000


def test_the_seed_decides_the_draws(frame):
    blocks = TimeBlocks.of(frame)
    first, second, other = (score_draws(frame, "auc", blocks.resampled(50, seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, second)
    assert (first != other).any()


def test_an_unknown_score_is_refused_with_those_that_there_are(frame):
    with pytest.raises(ConfigurationError, match=r"no score 'auk'.*accuracy"):
        score_draws(frame, "auk", TimeBlocks.of(frame).resampled(10))
