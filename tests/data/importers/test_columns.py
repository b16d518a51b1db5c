"""Cells become times and numbers, or an error that names the cell."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from algotrade.data.importers.columns import epoch_milliseconds, numbers, times
from algotrade.errors import BadCandles

PATH = Path("BTCUSDT-1h.csv")
MOMENT_MS = 1_735_689_600_000


def chunked(values: list, kind: pa.DataType | None = None) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(values, kind)])


@pytest.mark.parametrize("unit", [1e-3, 1, 1e3, 1e6], ids=["s", "ms", "us", "ns"])
def test_an_epoch_stamp_is_told_by_its_size(unit):
    assert epoch_milliseconds(np.array([int(MOMENT_MS * unit)])).tolist() == [MOMENT_MS]


@pytest.mark.parametrize(
    "column",
    [
        chunked([MOMENT_MS]),
        chunked([MOMENT_MS / 1_000]),
        chunked([MOMENT_MS], pa.timestamp("ms", "UTC")),
        chunked([MOMENT_MS * 1_000_000], pa.timestamp("ns")),
        chunked(["2025-01-01 00:00:00"]),
        chunked(["2025-01-01T00:00:00"]),
        chunked([20_089], pa.date32()),
    ],
    ids=["integers", "floats", "aware", "naive", "text", "ISO text", "dates"],
)
def test_times_of_every_kind(column):
    assert times(column, PATH).tolist() == [MOMENT_MS]


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (chunked([MOMENT_MS, None]), "row 2 has no time"),
        (chunked(["tomorrow"]), "tomorrow"),
        (chunked([True]), "accepted are timestamps"),
    ],
)
def test_what_is_no_time_is_an_error(column, said):
    with pytest.raises(BadCandles, match=said):
        times(column, PATH)


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (chunked([1, 2]), [1.0, 2.0]),
        (chunked(["1.5", " 2 ", "-3e-2"]), [1.5, 2.0, -0.03]),
        (chunked(["1.5", "", None]), [1.5, np.nan, np.nan]),
        (chunked(["nan", "inf", "1"]), [np.nan, np.inf, 1.0]),
        (chunked([None, None], pa.null()), [np.nan, np.nan]),
        (chunked([7, None]), [7.0, np.nan]),
    ],
)
def test_numbers_of_every_kind(column, expected):
    np.testing.assert_equal(numbers(column, "open", PATH), expected)


def test_what_is_no_number_is_an_error_with_its_row():
    with pytest.raises(BadCandles, match=r"row 2 has 'n/a!' as volume"):
        numbers(chunked(["1", "n/a!"]), "volume", PATH)


def test_a_column_of_another_kind_is_an_error():
    with pytest.raises(BadCandles, match="column open holds bool"):
        numbers(chunked([True]), "open", PATH)
