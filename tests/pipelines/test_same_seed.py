"""Same seed, same data: the same ``metrics.json``, byte for byte, apart from the timings."""

import json
from pathlib import Path

import pytest

from tests.kedro_runs import SYMBOLS, kedro


def written(data: Path) -> str:
    """The file as it is, without its timings."""
    metrics = json.loads((data / "08_reporting" / "metrics.json").read_text())
    del metrics["timings"]
    return json.dumps(metrics, indent=2)


def again(data: Path, *arguments: str) -> str:
    answer = kedro(data, "run", "--env", "test", *arguments, "--params", f"symbols={SYMBOLS}")
    assert answer.returncode == 0, answer.stderr
    return written(data)


def test_backtests_that_are_judged_again_say_the_same(finished: Path):
    before = written(finished)
    assert again(finished, "--pipelines", "backtesting,reporting") == before


@pytest.mark.slow
def test_another_folder_says_the_same(finished: Path, tmp_path: Path):
    assert again(tmp_path / "data") == written(finished)
