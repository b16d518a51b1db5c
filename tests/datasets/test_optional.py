"""An entry that an earlier version did not write loads as empty; once saved it is like any other."""

from pathlib import Path

import pandas as pd
import pytest

from algotrade.datasets.optional import OptionalDataset

FRAME = pd.DataFrame({"a": [1.0, 2.0]})


@pytest.mark.parametrize(
    ("kind", "empty", "data"),
    [("pandas.ParquetDataset", "frame", FRAME), ("json.JSONDataset", "mapping", {"a": 1})],
)
def test_it_is_empty_until_it_is_saved(kind: str, empty: str, data: object, tmp_path: Path):
    path = tmp_path / "kept"
    optional = OptionalDataset(dataset={"type": kind, "filepath": str(path)}, empty=empty)
    assert not optional.exists()
    assert len(optional.load()) == 0
    assert isinstance(optional.load(), type(data))
    optional.save(data)
    assert optional.exists()
    assert path.is_file()
    assert pd.DataFrame(optional.load(), index=[0, 1]).equals(pd.DataFrame(data, index=[0, 1]))


def test_it_tells_where_the_file_is_and_what_is_in_it(tmp_path: Path):
    path = tmp_path / "kept.parquet"
    optional = OptionalDataset(dataset={"type": "pandas.ParquetDataset", "filepath": str(path)})
    assert str(optional._describe()["filepath"]) == str(path)
    optional.save(FRAME)
    assert optional.preview(nrows=1)
