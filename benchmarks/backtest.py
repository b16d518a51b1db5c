"""Backtests: our kernel against vectorbt's two engines and backtesting.py, on the same prices, decisions and costs.

CPU seconds of one core; each contestant runs in a process of its own, after a small run of the same kind that compiles
and loads everything, and says what memory it took; of our three turns the median counts. The final equities are
compared first. backtesting.py is measured where ``ALGOTRADE_BACKTESTING_PYTHON`` names the Python of an environment of
its own that has it:

    python3 -m venv /tmp/backtesting && /tmp/backtesting/bin/pip install backtesting
    ALGOTRADE_BACKTESTING_PYTHON=/tmp/backtesting/bin/python python benchmarks/backtest.py

Name parts (``one``, ``sweep``, ``many``) to run them alone.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

for _library in ("OMP", "OPENBLAS", "MKL"):
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")

from measure import Benchmark, Figure

HERE = Path(__file__).parent
PEER_VARIABLE = "ALGOTRADE_BACKTESTING_PYTHON"
GOALS = {"one": 10.0, "sweep": 50.0, "many": 20.0}
SWEEP_MEMORY_MB = 500.0
TURNS = ("kernel", "rust", "kernel", "numba", "kernel")
TITLES = {
    "one": "1,000,000 candles of one asset",
    "sweep": "1,000 variants x 50,000 candles, Sharpe ratio and drawdown of each",
    "many": "100 assets x 50,000 candles, shared cash, weights every 24 candles",
}
BACKTESTING_CANDLES = 100_000
"""backtesting.py needs seconds for each hundred thousand; its time is given for each candle."""


@dataclass(frozen=True)
class Outcome:
    """What one contestant answered."""

    seconds: float
    peak_mb: float
    final: float


def contest(python: str, script: str, *arguments: str) -> Outcome:
    """Run one contestant and read its last line."""
    command = [python, str(HERE / "peers" / script), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    return Outcome(**json.loads(done.stdout.splitlines()[-1]))


def measure(bench: Benchmark, part: str) -> None:
    """One part: every contestant, the ratio to vectorbt's best, and whether it meets its goal."""
    print(f"-- {TITLES[part]}")
    # The kernel before, between and after the others: a machine that others use has faster and slower minutes.
    turns = [(name, contest(sys.executable, "backtests.py", name, part)) for name in TURNS]
    ours = sorted((answer for name, answer in turns if name == "kernel"), key=lambda answer: answer.seconds)[1]
    answers = {**dict(turns), "kernel": ours}
    for name in ("rust", "numba"):
        difference = abs(answers[name].final / ours.final - 1.0)
        bench.add(f"{part}: final equity, kernel and vectorbt ({name}) differ by", difference, "fraction")
    for name, answer in answers.items():
        label = "kernel" if name == "kernel" else f"vectorbt, {name} engine"
        times = None if name == "kernel" else Figure("the kernel's", ours.seconds, "CPU s")
        bench.add(f"{part}: {label}", answer.seconds, "CPU s", times)
        bench.add("  peak memory of its process", answer.peak_mb, "MB")
    best = min(answers["rust"].seconds, answers["numba"].seconds)
    reached = best / ours.seconds
    print(
        f"   {reached:.0f} times less CPU than vectorbt's best; the goal of {GOALS[part]:g} is",
        verdict(reached > GOALS[part]),
    )
    if part == "sweep":
        print(f"   the kernel's peak memory under {SWEEP_MEMORY_MB:g} MB:", verdict(ours.peak_mb < SWEEP_MEMORY_MB))
    if part == "one":
        measure_backtesting(bench, ours)


def verdict(met: bool) -> str:
    return "met" if met else "MISSED"


def measure_backtesting(bench: Benchmark, ours: Outcome) -> None:
    """backtesting.py on fewer candles, by the candle."""
    python = os.environ.get(PEER_VARIABLE)
    if python is None:
        print(f"backtesting.py left out: {PEER_VARIABLE} names no Python that has it")
        return
    theirs = contest(python, "backtesting_py.py", str(BACKTESTING_CANDLES))
    own = Figure("the kernel's", ours.seconds / 1_000_000 * 1e9, "ns")
    bench.add("one: backtesting.py, a candle", theirs.seconds / BACKTESTING_CANDLES * 1e9, "ns", own)
    bench.add("  peak memory of its process", theirs.peak_mb, "MB")


def main() -> None:
    bench = Benchmark("backtest")
    for part in sys.argv[1:] or TITLES:
        measure(bench, part)
    bench.write()


if __name__ == "__main__":
    main()
