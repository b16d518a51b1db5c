"""The record of a run holds the code as it was, and neither data nor secrets; what has changed since is told."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from algotrade.data.digest import content_digest, frame_digest
from algotrade.data.provenance import (
    DataState,
    ModelFiles,
    RunRecord,
    changed_files,
    code_state,
    differences,
    git_commit,
    machine_state,
    project_root,
)
from algotrade.data.provenance import code as code_module
from algotrade.errors import DataError

PEM = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAAB\n-----END PRIVATE KEY-----\n"


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=test", "-c", "user.email=test@example.org")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project under git with one module, its configuration and data that git does not ignore."""
    root = tmp_path / "project"
    for name, text in {
        "src/package/model.py": "depth = 3\n",
        "conf/base/parameters.yml": "horizon: 8\n",
        "data/candles.csv": "1,2,3\n",
        "requirements.lock": "numpy==2.4.6\n",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (root / "conf" / "local").mkdir()
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "first")
    return root


def write(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)


def test_a_clean_checkout_has_a_commit_and_no_diff(project: Path):
    state = code_state(project)
    assert state.commit == git_commit(project)
    assert len(state.commit) == 40
    assert (state.diff, state.diff_digest, state.diff_complete) == ("", "", True)
    assert len(state.lock_digest) == 64


def test_the_diff_brings_changed_and_new_code_back(project: Path, tmp_path: Path):
    git(project, "clone", "-q", str(project), str(tmp_path / "clone"))
    changes = {
        "src/package/model.py": "depth = 4\n",
        "src/package/new_model.py": "depth = 5\n",
        "conf/base/parameters.yml": "horizon: 9\n",
    }
    for name, text in changes.items():
        write(project, name, text)
    state = code_state(project)
    assert state.diff_complete
    write(tmp_path, "changes.diff", state.diff)

    git(tmp_path / "clone", "apply", str(tmp_path / "changes.diff"))

    assert {name: (tmp_path / "clone" / name).read_text() for name in changes} == changes
    assert git_commit(project) == f"{state.commit}+changes"


def test_neither_data_nor_secrets_are_in_it(project: Path):
    secret = "hunter2-very-secret"
    for name, text in {
        "data/candles.csv": f"4,5,{secret}\n",
        "conf/local/credentials.yml": f"key: {secret}\n",
        "conf/base/credentials.yml": f"key: {secret}\n",
        "conf/base/mlflow.yml": f"uri: postgresql://me:{secret}@db/mlflow\n",
        "conf/base/parameters.yml": f"horizon: 8\napi_key: {secret}\n  db_password: '{secret}'\n",
        "src/package/model.py": f'API_TOKEN = "{secret}"\ntoken = next(tokens)\n',
        "src/package/key.py": f'KEY = """{PEM}"""\n',
    }.items():
        write(project, name, text)

    state = code_state(project)

    assert secret not in state.diff
    assert "MC4CAQ" not in state.diff
    assert "token = next(tokens)" in state.diff, "a name is no secret"
    assert not state.diff_complete, "what was replaced cannot be brought back"
    assert "data/candles.csv" not in state.diff
    assert "credentials" not in state.diff


def test_a_long_diff_is_cut_and_known_by_its_digest(project: Path, monkeypatch: pytest.MonkeyPatch):
    write(project, "src/package/model.py", "depth = 4\n" * 1000)
    whole = code_state(project)
    monkeypatch.setattr(code_module, "LONGEST_DIFF", 100)
    cut = code_state(project)
    assert (len(cut.diff), cut.diff_complete, cut.diff_digest) == (100, False, whole.diff_digest)


def test_without_git_the_source_is_known_all_the_same(tmp_path: Path):
    state = code_state(tmp_path)
    assert (state.commit, state.diff, state.lock_digest) == ("unknown", "", "")
    assert len(state.source_digest) == 64


def test_the_source_digest_changes_with_any_file(tmp_path: Path):
    write(tmp_path, "a.py", "1")
    write(tmp_path, "sub/b.py", "2")
    first = code_module.source_digest(tmp_path)
    write(tmp_path, "notes.md", "no code")
    assert code_module.source_digest(tmp_path) == first
    (tmp_path / "sub" / "b.py").rename(tmp_path / "c.py")
    renamed = code_module.source_digest(tmp_path)
    write(tmp_path, "c.py", "3")
    assert len({first, renamed, code_module.source_digest(tmp_path)}) == 3


def test_the_project_of_this_code_is_found_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert (project_root() / "src" / "algotrade" / "errors.py").is_file()


def test_the_machine_tells_processor_and_libraries():
    state = machine_state()
    assert state.cpus >= 1
    assert state.libraries["lightgbm"]
    assert state == machine_state()


def test_frame_digest_knows_values_names_and_order():
    frame = pd.DataFrame({"symbol": ["A", "B"], "x": [1.0, np.nan]})
    others = [
        frame.rename(columns={"x": "y"}),
        frame[["x", "symbol"]],
        frame.iloc[::-1],
        frame.assign(x=[1.0, 2.0]),
        frame.assign(symbol=["A", "C"]),
    ]
    digests = {frame_digest(each) for each in (frame, *others)}
    assert len(digests) == 6
    assert frame_digest(frame.copy()) == frame_digest(frame.set_axis([5, 6]))


CODE = code_module.CodeState(commit="c" * 40, source_digest="s" * 64, lock_digest="l" * 64)
DATA = DataState(
    digest="d" * 64, features_digest="f" * 64, feature_fingerprint="p" * 64, source="files", exchange="x",
    timeframe="1h", symbols=("BTC/USDT",), newest=datetime(2024, 1, 1, tzinfo=UTC),
)  # fmt: skip
RECORD = RunRecord(
    created_time=datetime(2024, 1, 2, tzinfo=UTC), code=CODE, machine=machine_state(), data=DATA,
    parameters={"training": {"seed": 7}}, seed=7,
    models={"trees": ModelFiles(version="1", files={"model/trees.txt": "aa", "preparation.json": "bb"})},
)  # fmt: skip


def named(**present: object) -> dict[str, bool]:
    """What differs, and whether that is decisive."""
    now = {"code": RECORD.code, "machine": RECORD.machine, "data": RECORD.data} | present
    return {each.what: each.decisive for each in differences(RECORD, **now)}


def test_nothing_differs_from_itself():
    assert named() == {}


def test_other_code_lock_libraries_and_data_are_decisive():
    code = CODE.model_copy(update={"source_digest": "x", "lock_digest": "x"})
    assert named(code=code) == {"source files": True, "requirements.lock": True}
    libraries = RECORD.machine.model_copy(update={"libraries": RECORD.machine.libraries | {"lightgbm": "0.1"}})
    assert named(machine=libraries) == {"library lightgbm": True}
    data = DATA.model_copy(update={"digest": "x", "features_digest": "x", "feature_fingerprint": "x"})
    assert named(data=data) == {"candles": True, "features": True, "feature fingerprint": True}
    assert named(data=None) == {"data": True}


def test_another_commit_with_the_same_source_and_another_machine_are_told_only():
    code = CODE.model_copy(update={"commit": "x", "diff_digest": "x"})
    assert named(code=code) == {"git commit": False, "uncommitted changes": False}
    machine = RECORD.machine.model_copy(update={"python": "x", "cpus": 99, "threads": {"OMP_NUM_THREADS": "9"}})
    assert named(machine=machine) == {"Python": False, "CPUs": False, "thread settings": False}


def test_the_way_back_to_changed_code_is_told():
    changed = RECORD.model_copy(update={"code": CODE.model_copy(update={"diff_digest": "e", "diff_complete": False})})
    found, *_ = differences(changed, CODE.model_copy(update={"source_digest": "x"}), RECORD.machine, DATA)
    assert str(found).startswith("source files: ssssssssssss then, x now. Check out cccccccccccc and apply")
    assert "not complete" in str(found)


def test_changed_files_are_named_by_candidate():
    repeated = {
        "trees": ModelFiles(version="2", files={"model/trees.txt": "zz", "preparation.json": "bb"}),
        "network": ModelFiles(version="1", files={"model/network.onnx": "cc"}),
    }
    assert changed_files(RECORD.models, repeated) == ("network/model/network.onnx", "trees/model/trees.txt")
    assert changed_files(RECORD.models, RECORD.models) == ()


def test_a_record_survives_json_and_refuses_what_is_none():
    import json

    assert RunRecord.parse(json.dumps(RECORD.to_json()), "file") == RECORD
    for text in ("", "[]", "{}", json.dumps(RECORD.to_json() | {"mood": "good"})):
        with pytest.raises(DataError, match=r"run\.json is no run record"):
            RunRecord.parse(text, "run.json")


def test_the_state_of_data_is_read_off_the_data():
    times = pd.date_range("2024-01-01", periods=3, freq="1h", tz="UTC")
    candles = pd.DataFrame({"exchange": "x", "symbol": "BTC/USDT", "timeframe": "1h", "open_time": times})
    candles = candles.assign(open=1.0, high=1.0, low=1.0, close=1.0, volume=1.0)
    universe = {"source": "files", "exchange": "x", "timeframe": "1h", "symbols": ["BTC/USDT"], "data_digest": "a lie"}
    state = DataState.of(universe, {"fingerprint": "p"}, candles, candles[["symbol", "open_time"]])
    assert state.digest == content_digest(candles)
    assert state.newest == datetime(2024, 1, 1, 2, tzinfo=UTC)
