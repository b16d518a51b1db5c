"""The candle store behaves as a dictionary that was written to disk."""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from algotrade.data.store import CandleStore
from algotrade.domain.candles import VALUE_COLUMNS, from_milliseconds
from algotrade.domain.timeframe import Timeframe

HOUR = Timeframe("1h")
SYMBOLS = ("A/B", "C/D", "E/F")
Model = dict[tuple[str, int], tuple[float | None, ...]]

known = st.floats(min_value=0.5, max_value=1e12)
unknown_or_known = st.none() | st.floats(min_value=0.0, max_value=1e12)
numbers = st.tuples(*[known] * 5, *[unknown_or_known] * 3)
batches = st.lists(
    st.dictionaries(st.tuples(st.sampled_from(SYMBOLS), st.integers(0, 12)), numbers, min_size=1, max_size=15),
    min_size=1,
    max_size=5,
)


def frame_of(batch: Model) -> pd.DataFrame:
    keys = sorted(batch)
    values = np.array([batch[key] for key in keys], dtype=np.float64)
    return pd.DataFrame(
        {
            "exchange": "x",
            "symbol": [symbol for symbol, _ in keys],
            "timeframe": "1h",
            "open_time": from_milliseconds([hour * HOUR.milliseconds for _, hour in keys]),
            **dict(zip(VALUE_COLUMNS, values.T, strict=True)),
        }
    )


@settings(max_examples=20, deadline=None)
@given(batches)
def test_any_sequence_of_upserts_leaves_the_last_word_on_every_candle(history):
    model: Model = {}
    with tempfile.TemporaryDirectory() as folder:
        store = CandleStore(f"sqlite:///{Path(folder) / 'candles.db'}")
        for batch in history:
            count = store.upsert(frame_of(batch))

            assert count.new == len(batch.keys() - model.keys())
            assert count.unchanged == sum(model.get(key) == value for key, value in batch.items())
            assert count.new + count.changed + count.unchanged == len(batch)
            model |= batch

        pd.testing.assert_frame_equal(store.read("x", HOUR), frame_of(model))
