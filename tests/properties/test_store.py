"""The candle store behaves as a dictionary that was written to disk, on every database."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.postgres import new_database, postgres_server  # noqa: F401 - fixture

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


names = itertools.count()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def store(request, tmp_path_factory):
    if request.param == "sqlite":
        yield CandleStore(f"sqlite:///{tmp_path_factory.mktemp('store')}/candles.db")
        return
    with new_database(request.getfixturevalue("postgres_server")) as url:
        yield CandleStore(url)


def frame_of(batch: Model, exchange: str) -> pd.DataFrame:
    keys = sorted(batch)
    values = np.array([batch[key] for key in keys], dtype=np.float64)
    return pd.DataFrame(
        {
            "exchange": exchange,
            "symbol": [symbol for symbol, _ in keys],
            "timeframe": "1h",
            "open_time": from_milliseconds([hour * HOUR.milliseconds for _, hour in keys]),
            **dict(zip(VALUE_COLUMNS, values.T, strict=True)),
        }
    )


def merged(old: tuple[float | None, ...] | None, new: tuple[float | None, ...]) -> tuple[float | None, ...]:
    """The new values, but for those that are not known."""
    return new if old is None else tuple(a if b is None else b for a, b in zip(old, new, strict=True))


@settings(max_examples=20, deadline=None)
@given(batches)
def test_any_sequence_of_upserts_leaves_the_last_word_on_every_candle(store, history):
    model: Model = {}
    exchange = f"exchange {next(names)}"
    for batch in history:
        count = store.upsert(frame_of(batch, exchange))

        after = model | {key: merged(model.get(key), value) for key, value in batch.items()}
        assert count.new == len(after) - len(model)
        assert count.unchanged == sum(model.get(key) == after[key] for key in batch)
        assert count.new + count.changed + count.unchanged == len(batch)
        model = after

    pd.testing.assert_frame_equal(store.read(exchange, HOUR), frame_of(model, exchange))
