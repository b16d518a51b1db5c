"""Feature values a second: all of them in batch and live, and rolling ones against pyqlib's Alpha158 and pandas.

CPU seconds of one core, medians; the machine code is compiled and loaded before anything is timed. pyqlib is measured
where ``ALGOTRADE_QLIB_PYTHON`` names the Python of an environment of its own that has it:

    python3 -m venv /tmp/qlib && /tmp/qlib/bin/pip install pyqlib==0.9.7
    ALGOTRADE_QLIB_PYTHON=/tmp/qlib/bin/python python benchmarks/features.py
"""

import gc
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

for _library in ("OMP", "OPENBLAS", "MKL"):
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from measure import Benchmark, Figure
from online_store import embedded_store, fill, report, round_trip, seconds_of

from algotrade.domain.candles import CONTEXT_COLUMNS, VALUE_COLUMNS, Panel
from algotrade.domain.timeframe import Timeframe
from algotrade.features import FEATURES, Feature, FeatureSet

HOUR, DAY = Timeframe("1h"), Timeframe("1d")
PEER = Path(__file__).parent / "peers" / "qlib_alpha158.py"
PEER_VARIABLE = "ALGOTRADE_QLIB_PYTHON"
INSTRUMENTS, DAYS = 800, 3_500
TURNS = 3
WINDOWS = (5, 10, 20, 30, 60)
ROLLING = (  # a function of the registry, in each of Alpha158's five windows
    "log_return_1",
    "scaled_return_4",
    "bollinger_position_20",
    "bollinger_width_20",
    "stochastic_14",
    "williams_r_28",
    "cci_20",
    "mfi_14",
    "aroon_25",
    "close_location_8",
    "wick_imbalance_8",
    "realised_volatility_12",
    "parkinson_24",
    "garman_klass_24",
    "rogers_satchell_24",
    "downside_share_48",
    "jump_share_48",
    "volatility_of_volatility_48",
    "efficiency_ratio_12",
    "trend_strength_24",
    "drawdown_72",
    "rally_72",
    "rise_balance_24",
    "volume_z_24",
    "obv_change_20",
    "volume_return_correlation_48",
    "vwap_distance_24",
)


def random_panel(symbols: int, candles: int, timeframe: Timeframe, seed: int = 7) -> Panel:
    """Heavy-tailed random walks with volume spikes and every optional column; no gaps."""
    rng = np.random.default_rng(seed)
    shape = (symbols, candles)
    close = 100 * np.exp(np.cumsum(0.01 * rng.standard_t(4, shape), axis=1))
    open_ = close * np.exp(0.002 * rng.standard_normal(shape))
    high = np.maximum(open_, close) * np.exp(np.abs(0.005 * rng.standard_normal(shape)))
    low = np.minimum(open_, close) / np.exp(np.abs(0.005 * rng.standard_normal(shape)))
    volume = 1e3 * np.exp(rng.standard_normal(shape)) * np.where(rng.random(shape) < 0.01, 20, 1)
    blocks = {"open": open_, "high": high, "low": low, "close": close, "volume": volume, "quote_volume": volume * close}
    blocks |= {"trades": np.ceil(volume), "taker_buy_volume": volume * rng.random(shape)}
    blocks |= {"funding_rate": np.repeat(1e-4 * rng.standard_normal((symbols, candles // 8 + 1)), 8, 1)[:, :candles]}
    names = tuple(f"C{number:03d}/USDT" for number in range(symbols))
    times = timeframe.milliseconds * np.arange(450_000, 450_000 + candles)
    return Panel(timeframe, names, times, **{name: blocks[name].T for name in (*VALUE_COLUMNS, *CONTEXT_COLUMNS)})


def some_symbols(panel: Panel, count: int) -> Panel:
    blocks = {name: getattr(panel, name)[:, :count] for name in (*VALUE_COLUMNS, *CONTEXT_COLUMNS)}
    return replace(panel, symbols=panel.symbols[:count], **blocks)


def cpu_seconds(action: Callable[[], object], repeats: int) -> float:
    """Median CPU time; the first run, for which the machine has to find the memory, does not count."""
    action()
    times = []
    for _ in range(repeats):
        gc.collect()
        started = time.process_time()
        action()
        times.append(time.process_time() - started)
    return statistics.median(times)


def rolling_features() -> FeatureSet:
    def of(name: str, window: int) -> Feature:
        template = FEATURES[name]
        own = f"{name.rpartition('_')[0]}_{window}"
        return replace(template, name=own, window=window, lookback=2 * window + 1)

    return FeatureSet(tuple(of(name, window) for name in ROLLING for window in WINDOWS))


def by_pandas(candles: pd.DataFrame) -> pd.DataFrame:
    """Five of the rolling features in every window, as one writes them with groupby."""
    by_symbol = candles.groupby("symbol", sort=False)
    returns = np.log(candles["close"] / by_symbol["close"].shift(1))
    squares = (returns**2).groupby(candles["symbol"], sort=False)
    sizes = returns.abs().groupby(candles["symbol"], sort=False)
    columns = {}
    for window in WINDOWS:
        closes, volumes = by_symbol["close"].rolling(window), by_symbol["volume"].rolling(window)
        mean, deviation = closes.mean().to_numpy(), closes.std().to_numpy()
        lowest, highest = by_symbol["low"].rolling(window).min(), by_symbol["high"].rolling(window).max()
        change = np.log(candles["close"] / by_symbol["close"].shift(window))
        columns[f"bollinger_position_{window}"] = (candles["close"] - mean) / deviation
        columns[f"stochastic_{window}"] = (candles["close"] - lowest.to_numpy()) / (highest - lowest).to_numpy()
        columns[f"realised_volatility_{window}"] = np.sqrt(squares.rolling(window).mean().to_numpy())
        columns[f"efficiency_ratio_{window}"] = change / sizes.rolling(window).sum().to_numpy()
        columns[f"volume_z_{window}"] = (candles["volume"] - volumes.mean().to_numpy()) / volumes.std().to_numpy()
    return pd.DataFrame(columns)


def measure_batch(bench: Benchmark) -> None:
    """All features on 50 symbols, and how the time of a cell grows with the symbols, measured in turns."""
    features, candles, sizes = FeatureSet.of(None), 20_000, (50, 5, 200)
    whole = random_panel(max(sizes), candles, HOUR)
    bench.add("features in the registry", len(features), "features")
    features.matrix(some_symbols(whole[:1_000], 2))
    peaks, times = {}, {symbols: [] for symbols in sizes}
    for turn in range(TURNS + 1):
        for symbols in sizes:
            panel = some_symbols(whole, symbols)
            spent = own_and_system_seconds(lambda panel=panel: features.matrix(replace(panel)))
            peaks.setdefault(symbols, peak_gb())
            if turn:  # in the first one the machine still has to find the memory
                times[symbols].append(spent)
    own = {symbols: np.array([mine for mine, _ in times[symbols]]) for symbols in sizes}
    both = {symbols: np.array([sum(spent) for spent in times[symbols]]) for symbols in sizes}
    cells = {symbols: symbols * candles * len(features) for symbols in sizes}
    bench.add("all features, 50 symbols x 20,000 candles", cells[50] / np.median(both[50]), "cells/s")
    bench.add("  the same", float(np.median(both[50])), "CPU s")
    bench.add("  peak memory", peaks[50], "GB")
    bench.add("  of which the result", cells[50] * 8 / 2**30, "GB")
    few = float(np.median(own[5])) / cells[5] * 1e9
    bench.add("  time of a cell, 5 symbols", few, "ns")
    for symbols in (50, 200):
        growth = float(np.median(own[symbols] / own[5])) * cells[5] / cells[symbols]
        against_few = Figure(f"with 5 symbols, where it is {few:.3g} ns", few, "ns")
        bench.add(f"  time of a cell, {symbols} symbols", growth * few, "ns", against_few)
    for symbols in sizes:
        of_system = float(np.median(1 - own[symbols] / both[symbols]))
        bench.add(f"  {symbols} symbols: share of the system, which finds memory", of_system, "of CPU")


def own_and_system_seconds(action: Callable[[], object]) -> tuple[float, float]:
    """CPU time of one call spent in the program, and in the operating system for it."""
    gc.collect()
    before = resource.getrusage(resource.RUSAGE_SELF)
    action()
    after = resource.getrusage(resource.RUSAGE_SELF)
    return after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime


def peak_gb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def measure_rolling(bench: Benchmark) -> None:
    """Declared rolling features on days of many instruments, against pyqlib's 158 and against pandas."""
    features, panel = rolling_features(), random_panel(INSTRUMENTS, DAYS, DAY)
    features.matrix(some_symbols(panel, 2))
    seconds = cpu_seconds(lambda: features.matrix(replace(panel)), 3)
    ours = seconds / (len(features) * INSTRUMENTS * DAYS) * 1e9
    bench.add(f"{len(features)} rolling features, {INSTRUMENTS} x {DAYS} days", seconds, "CPU s")
    bench.add("  time of a cell", ours, "ns")
    against(bench, "  pandas groupby, time of a cell", pandas_nanoseconds(panel), ours)
    python = os.environ.get(PEER_VARIABLE)
    if python is None:
        print(f"pyqlib left out: {PEER_VARIABLE} names no Python that has pyqlib 0.9.7")
        return
    answer = subprocess.run(
        [python, str(PEER), str(INSTRUMENTS), str(DAYS)], capture_output=True, text=True, check=True
    )
    peer = json.loads(answer.stdout.splitlines()[-1])
    bench.add(f"  pyqlib {peer['version']} Alpha158, its {peer['columns']} columns", peer["seconds"], "CPU s")
    against(bench, "  pyqlib, time of a cell", peer["seconds"] / peer["cells"] * 1e9, ours)
    against(bench, "  pyqlib without processors, a cell", peer["without_processors"] / peer["cells"] * 1e9, ours)


def against(bench: Benchmark, name: str, nanoseconds: float, ours: float) -> None:
    bench.add(name, nanoseconds, "ns", Figure("algotrade", ours, "ns"))


def pandas_nanoseconds(panel: Panel, symbols: int = 100) -> float:
    """Time of a cell, on some of the instruments; the values are checked against ours."""
    some = some_symbols(panel, symbols)
    frame = pd.DataFrame({name: getattr(some, name).T.ravel() for name in ("high", "low", "close", "volume")})
    frame.insert(0, "symbol", np.repeat(some.symbols, len(some)))
    columns = by_pandas(frame)
    ours = FeatureSet(tuple(each for each in rolling_features().features if each.name in columns)).to_frame(some)
    for name in columns:
        known = ours[name].notna()
        np.testing.assert_allclose(columns[name][known], ours[name][known], rtol=1e-6, atol=1e-6)
    return cpu_seconds(lambda: by_pandas(frame), 3) / columns.size * 1e9


def measure_live(bench: Benchmark) -> None:
    """The newest vector of one symbol with all features, and of a hundred; wall time."""
    features = FeatureSet.of(None)
    window = random_panel(100, features.lookback, HOUR)
    one = some_symbols(window, 1)
    for name, panel, repeats in (("one symbol", one, 1_000), ("100 symbols", window, 30)):
        seconds = seconds_of(lambda panel=panel: features.latest(replace(panel)), repeats)
        report(bench, f"latest, {name}, all features", seconds)
        if panel is one:
            median = float(np.median(seconds))
            bench.add("  vectors a second", 1 / median, "1/s", Figure("the target of 50 ms", 1 / 0.05, "1/s"))
    with embedded_store() as store:
        fill(store, len(features))
        for name, symbols, rows in (("1 symbol, newest row", 1, 1), ("100 symbols, newest row", 100, 1)):
            report(bench, f"Redis round trip, {name}", round_trip(store, symbols, rows))


def main() -> None:
    bench = Benchmark("features")
    chosen = sys.argv[1:] or ["batch", "rolling", "live"]
    for part, measure in (("batch", measure_batch), ("rolling", measure_rolling), ("live", measure_live)):
        if part in chosen:
            measure(bench)
    bench.write()


if __name__ == "__main__":
    main()
