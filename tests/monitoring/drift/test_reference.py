"""A reference is made of enough history, compares as it was calibrated, and is the same after a file."""

import numpy as np
import pytest
from kedro.io import DatasetError
from tests.monitoring.drift.conftest import HISTORY, WINDOW, draw_panel, observe, origin_of

from algotrade.datasets.drift import DriftReferenceDataset
from algotrade.errors import ConfigurationError, DataError, FeatureError, NoCandles, TooFewCandles
from algotrade.monitoring.drift import DriftSettings, Observations, compare, learn_reference
from algotrade.monitoring.drift.blocks import Blocks
from algotrade.monitoring.drift.grid import Grid
from algotrade.monitoring.drift.statistics import counts_of, of_feature

FEATURES = 6


@pytest.fixture(scope="module")
def rows() -> Observations:
    return observe(draw_panel(2, features=FEATURES))


@pytest.fixture(scope="module")
def reference(rows, settings):
    return learn_reference(rows.between(0, HISTORY - 1), origin_of(FEATURES), settings)


def test_each_window_of_the_reference_is_compared_with_the_rest_beyond_its_embargo(rows, settings):
    known = rows.between(0, HISTORY - 1)
    blocks = Blocks.over(known.candle, settings)
    values = known.features[:, 1]
    grid = Grid.of(values, settings.bins)
    window, rest = blocks.sums(blocks.by_segment(grid.cell_of(values), grid.cells + 1))
    found = of_feature(grid, rest, window, np.zeros(len(window)))
    for place in (0, len(blocks.starts) // 2, len(blocks.starts) - 1):
        start = blocks.starts[place]
        inside = (known.candle >= start) & (known.candle < start + WINDOW)
        near = (known.candle >= start - WINDOW) & (known.candle < start + 2 * WINDOW)
        expected = of_feature(grid, counts_of(grid, values[~near]), counts_of(grid, values[inside]), np.zeros(()))
        np.testing.assert_allclose(found[place], expected, atol=1e-12)


def test_a_window_without_candles_of_its_own_is_not_drawn(rows, settings):
    known = rows.between(0, HISTORY - 1)
    outage = (known.candle < 800) | (known.candle >= 1200)
    blocks = Blocks.over(known.candle[outage], settings)
    assert len(blocks.starts) < settings.draws
    assert not ((blocks.starts > 800) & (blocks.starts + WINDOW < 1200)).any()
    learn_reference(known[outage], origin_of(FEATURES), settings)


def test_a_file_keeps_everything(reference, rows, tmp_path):
    dataset = DriftReferenceDataset(str(tmp_path / "reporting" / "reference.parquet"))
    assert dataset.load() is None
    dataset.save(reference)

    kept = dataset.load()

    assert kept is not None
    assert (kept.origin, kept.settings, kept.first, kept.last) == (
        reference.origin, reference.settings, reference.first, reference.last,
    )  # fmt: skip
    before, after = compare(reference, rows), compare(kept, rows)
    np.testing.assert_array_equal(before.statistics, after.statistics)
    np.testing.assert_array_equal(before.z, after.z)
    assert before.p_value == after.p_value
    np.testing.assert_allclose(kept.sample.features, reference.sample.features, rtol=1e-6)
    assert [path.name for path in (tmp_path / "reporting").iterdir()] == ["reference.parquet"]


def test_the_file_is_a_plain_table_that_says_what_it_is(reference, tmp_path):
    import json

    import pandas as pd
    import pyarrow.parquet as pq

    path = tmp_path / "reference.parquet"
    DriftReferenceDataset(str(path)).save(reference)
    table = pd.read_parquet(path)
    assert list(table) == ["open_time", *(f"x{place}" for place in range(FEATURES))]
    header = json.loads(pq.read_schema(path).metadata[b"algotrade.drift"])
    assert header["origin"]["fingerprint"] == "f00d"
    assert header["origin"]["data_digest"] == "beef"
    assert header["thresholds"]["ks x1"] == pytest.approx(reference.calibration.thresholds[FEATURES + 1])


def test_a_file_of_something_else_is_refused(tmp_path):
    import pandas as pd

    path = tmp_path / "reference.parquet"
    pd.DataFrame({"a": [1]}).to_parquet(path)
    with pytest.raises(DatasetError, match="cannot be read as a drift reference") as refused:
        DriftReferenceDataset(str(path)).load()
    assert isinstance(refused.value.__cause__, DataError)
    path.write_bytes(b"no parquet")
    with pytest.raises(DatasetError, match="Remove it"):
        DriftReferenceDataset(str(path)).load()


def test_other_features_are_refused(reference):
    reference.require("f00d")
    with pytest.raises(FeatureError, match=r"fingerprint f00d, but those to be compared with it have beef"):
        reference.require("beef")


def test_too_short_a_history_names_a_window_that_would_do(rows, settings):
    with pytest.raises(TooFewCandles, match=r"Set drift\.current_candles to 52 or less") as refused:
        learn_reference(rows.between(0, 999), origin_of(FEATURES), settings)
    assert "takes 19" in str(refused.value)
    shorter = DriftSettings(current_candles=52, embargo=26)
    learn_reference(rows.between(0, 999), origin_of(FEATURES), shorter)
    with pytest.raises(NoCandles, match="no feature rows"):
        learn_reference(rows.between(-10, -1), origin_of(FEATURES), settings)


def test_a_window_with_few_of_its_candles_is_refused(reference, rows):
    holed = rows[(rows.candle < HISTORY) | (rows.candle % 4 == 1)]
    with pytest.raises(TooFewCandles, match="less than half"):
        compare(reference, holed)


def test_candles_that_the_model_has_seen_are_counted(reference, rows):
    assert compare(reference, rows).known_candles == 0
    assert compare(reference, rows.between(0, HISTORY - 1)).known_candles == WINDOW
    assert compare(reference, rows.between(0, HISTORY + 29)).known_candles == WINDOW - 30


def test_a_large_reference_is_thinned_and_the_window_with_it(rows):
    settings = DriftSettings(current_candles=WINDOW, embargo=130, reference_rows=2000, sample_rows=300)
    reference = learn_reference(rows.between(0, HISTORY - 1), origin_of(FEATURES), settings)
    assert reference.rows == pytest.approx(2000, rel=0.1)
    assert len(reference.sample) == pytest.approx(300, rel=0.3)
    window = compare(reference, rows).current
    assert len(window) == pytest.approx(2000 * WINDOW / HISTORY, rel=0.4)
    assert set(np.unique(window.candle, return_counts=True)[1]) == {2}, "every symbol of a candle that is kept"


def test_a_feature_without_a_value_or_without_variation_is_watched_for_getting_one(rows, settings):
    features = rows.features.copy()
    features[:, 0], features[:, 1] = np.nan, 2.0
    quiet = Observations(rows.candle, features)
    reference = learn_reference(quiet.between(0, HISTORY - 1), origin_of(FEATURES), settings)
    assert not compare(reference, quiet).exceeding.reshape(-1)[:2].any()
    features = features.copy()
    features[rows.candle >= HISTORY, :2] = 1.0
    found = compare(reference, Observations(rows.candle, features))
    psi, ks, wasserstein, missing = found.by_feature(found.exceeding)
    assert missing.tolist() == [True] + [False] * (FEATURES - 1)
    assert psi[1]
    assert ks[1]
    assert wasserstein[1]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"current_candles": 3}, "current_candles is 3; accepted is a whole number of at least 24"),
        ({"draws": 2.5}, "draws is 2.5"),
        ({"level": 0.0}, "level is 0.0; accepted is a share from 0.002 to 0.5"),
        ({"bins": 51}, "at most 50"),
    ],
)
def test_settings_out_of_range_are_refused(change, complaint):
    with pytest.raises(ConfigurationError, match=complaint):
        DriftSettings(**change)
