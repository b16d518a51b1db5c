"""The book of decisions remembers who reigned, in order, whatever broke."""

from pathlib import Path

import pytest

from algotrade.errors import ModelError
from algotrade.tracking import DecisionHistory, Record


@pytest.fixture
def history(tmp_path: Path) -> DecisionHistory:
    return DecisionHistory(tmp_path / "decisions.jsonl")


def told(history: DecisionHistory, *records: tuple[str, str | None, str | None]) -> list[str]:
    for kind, before, after in records:
        history.append(Record("2026-01-01T00:00:00+00:00", kind, "me", "because", before, after, {"x": 1}))
    return history.reigns()


def test_what_is_written_is_read_again(history):
    told(history, ("gate", None, "a"), ("gate", "a", "a"))
    first, second = history.records()
    assert (first.kind, first.before, first.after, first.details) == ("gate", None, "a", {"x": 1})
    assert (second.before, second.after) == ("a", "a")


@pytest.mark.parametrize(
    ("records", "reigns"),
    [
        ([], []),
        ([("gate", None, None)], []),
        ([("gate", None, "a"), ("gate", "a", "b"), ("gate", "b", "b")], ["a", "b"]),
        ([("gate", None, "a"), ("promote", "a", "b"), ("rollback", "b", "a")], ["a"]),
        ([("gate", None, "a"), ("gate", "a", "b"), ("gate", "b", "c"), ("rollback", "c", "b")], ["a", "b"]),
        ([("gate", None, "a"), ("gate", "a", "b"), ("rollback", "b", "a"), ("gate", "a", "c")], ["a", "c"]),
        ([("promote", "put there", "a")], ["put there", "a"]),  # nobody wrote down how the first one came
    ],
)
def test_reigns_follow_each_other(history, records, reigns):
    assert told(history, *records) == reigns


def test_going_back_twice_goes_back_twice(history):
    told(history, ("gate", None, "a"), ("gate", "a", "b"), ("gate", "b", "c"))
    assert history.champion_before("c") == "b"
    told(history, ("rollback", "c", "b"))
    assert history.champion_before("b") == "a"


@pytest.mark.parametrize(
    ("records", "present"), [([], None), ([("gate", None, "a")], "a"), ([("gate", None, "a")], "z")]
)
def test_where_there_was_none_before_it_says_so(history, records, present):
    told(history, *records)
    with pytest.raises(ModelError, match="no champion to go back to"):
        history.champion_before(present)


def test_half_a_line_of_a_killed_process_spoils_nothing(history):
    told(history, ("gate", None, "a"))
    with history.path.open("a") as file:
        file.write('{"time": "2026')
    assert told(history, ("gate", "a", "b")) == ["a", "b"]
    assert len(history.records()) == 2


def test_lines_are_only_added(history):
    told(history, ("gate", None, "a"))
    before = history.path.read_bytes()
    told(history, ("gate", "a", "b"))
    assert history.path.read_bytes().startswith(before)
