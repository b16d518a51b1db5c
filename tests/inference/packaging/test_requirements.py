from pathlib import Path

import pytest

from algotrade.data.provenance import project_root
from algotrade.errors import ConfigurationError
from algotrade.inference.packaging.requirements import NEVER, SERVING, serving_requirements

LOCK = project_root() / "requirements.lock"


def names_in(text: str) -> list[str]:
    return [line.partition("==")[0] for line in text.splitlines() if "==" in line.partition(";")[0]]


def test_they_are_entries_of_the_lock_with_version_marker_and_hashes() -> None:
    chosen = serving_requirements(LOCK)
    lock = LOCK.read_text()
    assert all(line in lock for line in chosen.splitlines())
    names = names_in(chosen)
    assert names == sorted(set(names))
    assert len(names) < len(names_in(lock)) / 2
    assert all(entry.count("--hash=sha256:") >= 1 for entry in chosen.replace("\\\n", " ").splitlines())


def test_what_the_roots_need_is_in_it_and_what_trains_is_not() -> None:
    names = set(names_in(serving_requirements(LOCK)))
    roots = {root.partition("[")[0] for root in SERVING}
    assert roots <= names
    assert {"llvmlite", "starlette", "hiredis", "cffi"} <= names, "needed by the roots and their extras"
    assert not names & NEVER
    assert not any(word in name for name in names for word in ("tensorflow", "mlflow", "vectorbt", "kedro"))


def test_needing_what_trains_is_an_error() -> None:
    with pytest.raises(ConfigurationError, match="kedro, which only training may use"):
        serving_requirements(LOCK, ("kedro",))


def test_a_gap_in_the_lock_is_an_error_that_names_it(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text("redis==8.1.0 \\\n    --hash=sha256:00\n")
    with pytest.raises(ConfigurationError, match="hiredis is not in the lock"):
        serving_requirements(lock, ("redis[hiredis]",))
    with pytest.raises(ConfigurationError, match="built in a checkout"):
        serving_requirements(tmp_path / "none")
