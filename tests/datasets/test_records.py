"""Small files about runs are there or not, whole or refused."""

import pytest
from kedro.io import DatasetError
from tests.data.test_provenance import RECORD

from algotrade.datasets.records import HistoryDataset, PagesDataset, RunRecordDataset, VerdictDataset
from algotrade.errors import DataError


def test_what_is_not_there_is_none(tmp_path):
    assert RunRecordDataset(str(tmp_path / "a.json")).load() is None
    assert VerdictDataset(str(tmp_path / "b.json")).load() is None
    assert HistoryDataset(str(tmp_path / "c.jsonl")).load() == []
    assert PagesDataset(str(tmp_path / "d")).load() == {}
    assert list(tmp_path.iterdir()) == []


def test_what_is_saved_is_loaded_and_replaced_as_a_whole(tmp_path):
    record, verdict = RunRecordDataset(str(tmp_path / "x" / "a.json")), VerdictDataset(str(tmp_path / "x" / "b.json"))
    for seed in (1, 2):
        record.save(RECORD.model_copy(update={"seed": seed}))
        verdict.save({"seed": seed})
    assert record.load() == RECORD.model_copy(update={"seed": 2})
    assert verdict.load() == {"seed": 2}
    assert record.exists()
    assert sorted(path.name for path in (tmp_path / "x").iterdir()) == ["a.json", "b.json"]


def test_a_history_grows(tmp_path):
    history = HistoryDataset(str(tmp_path / "x" / "h.jsonl"))
    for number in range(3):
        history.save({"number": number})
    assert [line["number"] for line in history.load()] == [0, 1, 2]


def test_pages_of_earlier_runs_stay(tmp_path):
    pages = PagesDataset(str(tmp_path / "cards"))
    pages.save({"trees-1": "# trees", "network-1": "# network"})
    pages.save({"trees-1": "# the same trees", "trees-2": "# other trees"})
    assert pages.load() == {"trees-1": "# the same trees", "trees-2": "# other trees", "network-1": "# network"}


@pytest.mark.parametrize("text", ["", "half a li", "[1, 2"])
def test_a_broken_file_is_named(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    for dataset in (VerdictDataset, RunRecordDataset):
        with pytest.raises(DatasetError) as caught:
            dataset(str(tmp_path / "a.json")).load()
        assert isinstance(caught.value.__cause__, DataError)
        assert "a.json" in str(caught.value.__cause__)
