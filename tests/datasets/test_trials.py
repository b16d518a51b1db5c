"""The ledger of trials grows and never forgets, whoever writes to it at once."""

import sqlite3
from contextlib import closing
from multiprocessing import get_context

import numpy as np
import pandas as pd
import pytest

from algotrade.backtesting.trials import TRIAL_COLUMNS, TrialData, TrialLedger
from algotrade.datasets.trials import SweepResults, TrialLedgerDataset
from algotrade.errors import StoreError, StoreUnavailable

DATA = TrialData("candles", "forecasts", frozenset({"block 1", "block 2"}))


def lines(*keys: str, data: TrialData = DATA) -> TrialLedger:
    rest = [("momentum", f"momentum({key})", data.digest, "spot", "sweep", 0.1, 30) for key in keys]
    rows = [dict(zip(TRIAL_COLUMNS, (key, *own), strict=True)) for key, own in zip(keys, rest, strict=True)]
    return TrialLedger.of(data, rows)


def write(path: str, writer: int) -> None:
    for number in range(25):
        TrialLedgerDataset(path).save(lines(f"{writer}-{number}", "shared"))


@pytest.fixture
def ledger(tmp_path) -> TrialLedgerDataset:
    return TrialLedgerDataset(str(tmp_path / "data" / "trial_ledger.db"))


def test_a_fresh_folder_has_a_fresh_ledger(ledger):
    assert len(ledger.load().trials) == 0
    assert ledger.load().count(DATA) == 1
    assert not ledger.exists()


def test_what_was_saved_is_there_and_stays(ledger):
    ledger.save(lines("a", "b"))
    later = lines("b", "c")
    later.trials["sharpe"] = 0.3
    ledger.save(later)
    ledger.save(TrialLedger.empty())
    loaded = ledger.load()
    assert loaded.trials["key"].tolist() == ["a", "b", "c"]
    assert loaded.count(DATA) == 3
    assert loaded.trials["sharpe"].tolist() == [0.1, 0.1, 0.3], "what was there first stays as it is"
    assert pd.to_datetime(loaded.trials["first_seen"]).dt.tz is not None
    assert loaded.blocks["block"].tolist() == ["block 1", "block 2"]


def test_a_sharpe_ratio_that_is_none_comes_back_as_one(ledger):
    idle = lines("a")
    idle.trials["sharpe"] = np.nan
    ledger.save(idle)
    assert ledger.load().trials["sharpe"].isna().all()


def test_data_of_one_market_are_known_as_such_after_loading(ledger):
    ledger.save(lines("a", "b"))
    later = TrialData("later candles", "forecasts", frozenset({"block 2", "block 3"}))
    elsewhere = TrialData("others", "forecasts", frozenset({"block 4"}))
    assert ledger.load().count(later) == 2
    assert ledger.load().count(elsewhere) == 1


def test_processes_that_write_at_once_lose_nothing(ledger):
    writers = [get_context("fork").Process(target=write, args=(str(ledger.file.path), number)) for number in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(timeout=120)
    assert [writer.exitcode for writer in writers] == [0] * 4
    assert len(ledger.load().trials) == 4 * 25 + 1


def test_a_save_that_breaks_off_leaves_the_ledger_as_it_was(ledger):
    ledger.file.add(lines("a"))
    broken = lines("b", "c")
    broken.trials.loc[1, "strategy"] = None
    with pytest.raises(StoreError, match="NOT NULL"):
        ledger.file.add(broken)
    assert ledger.load().trials["key"].tolist() == ["a"]


def test_another_file_is_not_taken_for_a_ledger(ledger):
    ledger.file.path.parent.mkdir()
    ledger.file.path.write_text("nothing of the kind, but long enough to be looked at")
    with pytest.raises(StoreError, match="cannot be read as the ledger of trials"):
        ledger.file.load()


def test_a_locked_ledger_is_waited_for_and_then_named(ledger, monkeypatch):
    monkeypatch.setattr("algotrade.datasets.sqlite_file._SECONDS_OF_PATIENCE", 0.05)
    ledger.save(lines("a"))
    with closing(sqlite3.connect(ledger.file.path)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreUnavailable, match="Wait for the runs"):
            ledger.file.add(lines("b"))


def test_results_of_a_sweep_are_found_by_key(tmp_path):
    results = SweepResults(tmp_path / "sweeps.db")
    names = ["sharpe", "annual_return", "max_drawdown", "daily_sharpe", "skewness", "kurtosis"]
    frame = pd.DataFrame(
        {
            "strategy": "momentum", "variant": [f"v{n}" for n in range(1_200)], "parameters": "{}",
            "fills": 3, "days": 30, **dict.fromkeys(names, 0.5),
        },
        index=pd.Index([f"k{n}" for n in range(1_200)], name="key"),
    )  # fmt: skip
    frame.loc["k7", "sharpe"] = np.nan
    results.add(frame)
    results.add(frame.iloc[:10].assign(sharpe=9.0))
    found = results.of([*frame.index[3:], "unknown"])
    assert len(found) == 1_197
    assert found.loc["k8", "sharpe"] == 0.5, "what is finished is not changed"
    assert np.isnan(found.loc["k7", "sharpe"])
    assert results.of(["unknown"]).empty
