"""What a variant of each strategy costs to decide, alone and in a sweep, and its windows against pandas.

CPU seconds of one core, medians; the machine code is compiled before anything is timed. Candles are random walks.
"""

import os
import statistics
import time
from collections.abc import Callable
from dataclasses import replace

for _library in ("OMP", "OPENBLAS", "MKL"):
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from measure import Benchmark

from algotrade.domain.candles import Panel
from algotrade.domain.timeframe import Timeframe
from algotrade.risk import RiskSettings, apply_overlay
from algotrade.strategies import STRATEGIES, MarketView, build_strategy
from algotrade.strategies.windows import window_mean_std

ROWS, SYMBOLS, WINDOW = 50_000, 8, 168
CROSSES = [(fast, slow) for fast in range(5, 55) for slow in range(60, 260, 10)]
"""1,000 moving-average crosses."""


def random_view(rows: int, symbols: int) -> MarketView:
    """Correlated walks with predictions, so that every strategy trades."""
    generator = np.random.default_rng(7)
    moves = 0.008 * generator.normal(size=(rows, 1)) + 0.004 * generator.normal(size=(rows, symbols))
    close = np.asfortranarray(100.0 * np.exp(np.cumsum(moves, axis=0)))
    opens = np.asfortranarray(np.vstack([close[:1], close[:-1]]))
    ones, hour = np.ones_like(close), Timeframe("1h")
    times = hour.milliseconds * np.arange(rows, dtype=np.int64)
    names = tuple(f"S{column}/USDT" for column in range(symbols))
    panel = Panel(hour, names, times, opens, np.maximum(opens, close), np.minimum(opens, close), close, *[ones] * 4)
    expected = generator.normal(0.0, 0.004, close.shape)
    return MarketView(panel, np.clip(0.5 + 20.0 * expected, 0.0, 1.0), expected, 8)


def cpu_seconds(action: Callable[[], object], turns: int = 3) -> float:
    """Median CPU time of the turns after one that is not counted."""
    action()
    times = []
    for _ in range(turns):
        start = time.process_time()
        action()
        times.append(time.process_time() - start)
    return statistics.median(times)


def main() -> None:
    benchmark = Benchmark("strategies")
    view = random_view(ROWS, SYMBOLS)
    for name in STRATEGIES:
        strategy, variants = build_strategy(name), list(STRATEGIES[name].variants())
        strategy.target_weights(view)

        def alone(strategy=strategy) -> None:  # type: ignore[no-untyped-def]
            strategy.target_weights(replace(view, panel=view.panel[:]))

        def swept(variants=variants) -> None:  # type: ignore[no-untyped-def]
            for variant in variants:
                variant.target_weights(view)

        benchmark.add(f"{name}, alone, {ROWS:,} x {SYMBOLS}", 1e3 * cpu_seconds(alone), "ms")
        benchmark.add(f"{name}, in a sweep", 1e3 * cpu_seconds(swept) / len(variants), "ms/variant")
    one = random_view(ROWS, 1)
    crosses = [build_strategy("moving_average_cross", {"fast": fast, "slow": slow}) for fast, slow in CROSSES]
    seconds = cpu_seconds(lambda: [cross.target_weights(one) for cross in crosses], turns=1)
    benchmark.add(f"{len(crosses):,} crosses, {ROWS:,} x 1", seconds, "s")
    limits = RiskSettings(
        0.3, WINDOW, 48.0, maximum_weight=0.2, maximum_net=0.5, maximum_gross=1.0, maximum_turnover=0.1
    )
    asked = build_strategy("equal_weight").target_weights(view)
    benchmark.add(
        "every limit of the risk overlay", 1e3 * cpu_seconds(lambda: apply_overlay(view, asked, limits)), "ms"
    )
    prices = np.log(view.panel.close)
    rolling = pd.DataFrame(prices).rolling(WINDOW, min_periods=WINDOW // 2)
    by_pandas = cpu_seconds(lambda: (rolling.mean(), rolling.std()))
    pandas_rate = benchmark.add("mean and deviation by pandas", prices.size / by_pandas / 1e6, "Mvalues/s")
    ours = cpu_seconds(lambda: window_mean_std(prices, WINDOW))
    benchmark.add("mean and deviation of windows", prices.size / ours / 1e6, "Mvalues/s", pandas_rate)
    benchmark.write()


if __name__ == "__main__":
    main()
