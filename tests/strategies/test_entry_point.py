"""A strategy of another distribution is found by its entry point, by the registry and by configuration."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

MODULE = '''
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from algotrade.strategies.base import STRATEGIES, Strategy, starting_weights
from algotrade.strategies.parameters import parameter


@STRATEGIES.register("theirs")
@dataclass(frozen=True)
class Theirs(Strategy):
    """The same share of every symbol, always."""

    name: ClassVar[str] = "theirs"

    share: float = parameter(0.1, between=(0.0, 0.2), search=(0.1, 0.2))

    @property
    def lookback(self) -> int:
        return 0

    def target_weights(self, view, initial_weights=None):
        starting_weights(view, initial_weights)
        return np.full((len(view), len(view.panel.symbols)), self.share)
'''
PROGRAM = """
from algotrade.pipelines.parameters import BacktestingParameters
from algotrade.strategies import STRATEGIES, build_strategy

assert "theirs" in STRATEGIES and "momentum" in STRATEGIES
assert STRATEGIES["theirs"].__module__ == "their_strategies"
parsed = BacktestingParameters.parse({"strategies": {"theirs": {"share": 0.2}}})
print(*parsed.build_strategies(), *STRATEGIES["theirs"].variants(), sep="; ")
mixed = build_strategy("ensemble", {"members": [{"strategy": "theirs"}, {"strategy": "momentum"}]})
print(mixed.books)
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder with what installing a distribution leaves behind."""
    information = tmp_path / "their_strategies-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: their-strategies\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text("[algotrade.strategies]\ntheirs = their_strategies\n")
    (tmp_path / "their_strategies.py").write_text(MODULE)
    return tmp_path


def test_an_installed_strategy_is_like_a_shipped_one(site: Path):
    # In a process of its own: a registry looks once, and this one's should not keep the strategy.
    path = os.pathsep.join(filter(None, (str(site), os.environ.get("PYTHONPATH"))))
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines() == ["theirs(share=0.2); theirs(share=0.1); theirs(share=0.2)", "2"]
