"""One contestant of `benchmarks/backtest.py` on one of its parts.

    python benchmarks/peers/backtests.py kernel|rust|numba one|sweep|many

prints one line of JSON: CPU seconds, peak memory (MB) and final equity (the mean of all of a sweep).
"""

import gc
import json
import os
import resource
import sys
import time

for _library in ("OMP", "OPENBLAS", "MKL"):
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")

import numpy as np

FEE, SLIPPAGE, CASH = 0.0002, 0.0001, 100_000.0
SIZES = {"one": (1_000_000, 1), "sweep": (50_000, 1), "many": (50_000, 100)}
SMALL = {"one": (2_000, 1), "sweep": (2_000, 1), "many": (2_000, 5)}
VARIANTS, REPEATS = 1_000, 7
CHUNK = 250  # of variants at once for vectorbt: all of them take 5.6 GB


def market(rows: int, symbols: int) -> tuple[np.ndarray, np.ndarray]:
    """Opens and closes of random walks, an hour a candle."""
    rng = np.random.default_rng(7)
    close = 100.0 * np.exp(np.cumsum(0.005 * rng.standard_normal((rows, symbols)), axis=0))
    opens = np.vstack([np.full((1, symbols), 100.0), close[:-1]]) * np.exp(5e-4 * rng.standard_normal((rows, symbols)))
    return opens, close


class Averages(dict[int, np.ndarray]):
    """Simple moving averages by window, each computed once; NaN until it is full."""

    def __init__(self, close: np.ndarray) -> None:
        self.total = np.concatenate([[0.0], np.cumsum(close)])

    def __missing__(self, window: int) -> np.ndarray:
        mean = (self.total[window:] - self.total[:-window]) / window
        self[window] = np.concatenate([np.full(window - 1, np.nan), mean])
        return self[window]


def variants(count: int) -> list[tuple[int, int]]:
    return [(5 + number % 25, 40 + 6 * (number // 25)) for number in range(count)]


def crossed(average: Averages, variant: tuple[int, int]) -> np.ndarray:
    """Whether the fast average is above the slow one at each close."""
    return average[variant[0]] > average[variant[1]]


def scheduled_weights(rows: int, symbols: int) -> np.ndarray:
    """New random weights every 24 candles; the rest in cash covers the costs."""
    rng = np.random.default_rng(8)
    drawn = 0.9 * rng.dirichlet(np.ones(symbols), rows // 24 + 1)
    return np.repeat(drawn, 24, axis=0)[:rows]


class Kernel:
    """Ours, through its public functions."""

    def __init__(self) -> None:
        from algotrade.backtesting.simulate import SimulationSettings
        from algotrade.domain.costs import Costs

        self.costs, self.account = Costs(1e4 * FEE, 1e4 * SLIPPAGE), SimulationSettings

    def panel(self, opens: np.ndarray, close: np.ndarray) -> object:
        from algotrade.domain.candles import Panel
        from algotrade.domain.timeframe import Timeframe

        hour, (rows, symbols) = Timeframe("1h"), close.shape
        high, low, known = np.maximum(opens, close), np.minimum(opens, close), np.broadcast_to(1.0, close.shape)
        times = hour.milliseconds * np.arange(450_000, 450_000 + rows)
        names = tuple(f"C{number:03d}/USDT" for number in range(symbols))
        return Panel(hour, names, times, opens, high, low, close, *[known] * 5)

    def one(self, opens: np.ndarray, close: np.ndarray) -> tuple[object, ...]:
        from algotrade.backtesting.simulate import account_ledger

        panel, weights = self.panel(opens, close), crossed(Averages(close[:, 0]), (20, 100)).astype(float)[:, None]
        account = self.account(rebalance_band=0.99)
        return lambda: account_ledger(panel, weights, self.costs, account).equity[-1]

    def sweep(self, opens: np.ndarray, close: np.ndarray) -> object:
        from algotrade.backtesting.simulate import summarise

        panel, average, account = self.panel(opens, close), Averages(close[:, 0]), self.account(rebalance_band=0.99)

        def run() -> float:
            finals = []
            for variant in variants(VARIANTS):
                weights = crossed(average, variant).astype(float)[:, None]
                done = summarise(panel, weights, self.costs, account)
                assert np.isfinite(done.sharpe() + done.max_drawdown)
                finals.append(done.final_equity)
            return float(np.mean(finals))

        return run

    def many(self, opens: np.ndarray, close: np.ndarray) -> object:
        from algotrade.backtesting.simulate import account_ledger

        panel, weights = self.panel(opens, close), scheduled_weights(*close.shape)
        account = self.account(rebalance_band=0.0, rebalance_every=24)
        return lambda: account_ledger(panel, weights, self.costs, account).equity[-1]


class Vectorbt:
    """vectorbt with one of its engines."""

    def __init__(self, engine: str) -> None:
        import vectorbt as vbt

        self.vbt = vbt
        vbt.settings["engine"] = engine

    def by_signals(self, opens: np.ndarray, close: np.ndarray, above: np.ndarray) -> object:
        before = np.vstack([np.zeros((1, above.shape[1]), dtype=bool), above[:-1]])
        return self.vbt.Portfolio.from_signals(
            close=close,
            entries=before,
            exits=~before,
            price=opens,
            fees=FEE,
            slippage=SLIPPAGE,
            init_cash=CASH,
            freq="1h",
        )

    def one(self, opens: np.ndarray, close: np.ndarray) -> object:
        above = crossed(Averages(close[:, 0]), (20, 100))[:, None]
        return lambda: np.asarray(self.by_signals(opens, close, above).value()).ravel()[-1]

    def sweep(self, opens: np.ndarray, close: np.ndarray) -> object:
        average = Averages(close[:, 0])

        def run() -> float:
            finals = []
            for first in range(0, VARIANTS, CHUNK):
                above = np.column_stack([crossed(average, each) for each in variants(VARIANTS)[first : first + CHUNK]])
                portfolio = self.by_signals(opens, close, above)
                assert np.isfinite(portfolio.sharpe_ratio() + portfolio.max_drawdown()).all()
                finals.extend(portfolio.final_value())
            return float(np.mean(finals))

        return run

    def many(self, opens: np.ndarray, close: np.ndarray) -> object:
        weights = scheduled_weights(*close.shape)
        size = np.full(weights.shape, np.nan)
        size[1::24] = weights[:-1:24] if len(weights) % 24 == 1 else weights[::24][: len(size[1::24])]

        def run() -> float:
            portfolio = self.vbt.Portfolio.from_orders(
                close=close, size=size, size_type="targetpercent", price=opens, val_price=opens, fees=FEE,
                slippage=SLIPPAGE, init_cash=CASH, cash_sharing=True, group_by=True, call_seq="auto", freq="1h",
            )  # fmt: skip
            return float(np.asarray(portfolio.value()).ravel()[-1])

        return run


def main(contestant: str, part: str) -> dict[str, float]:
    global VARIANTS, CHUNK
    chosen = Kernel() if contestant == "kernel" else Vectorbt(contestant)
    full, VARIANTS, CHUNK = (VARIANTS, CHUNK), 4, 4
    getattr(chosen, part)(*market(*SMALL[part]))()
    VARIANTS, CHUNK = full
    run = getattr(chosen, part)(*market(*SIZES[part]))
    times = []
    for _ in range(REPEATS if part != "sweep" or contestant == "kernel" else 1):
        gc.collect()
        started = time.process_time()
        final = float(run())
        times.append(time.process_time() - started)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": float(np.median(times)), "peak_mb": peak, "final": final}


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
