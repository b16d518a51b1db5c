"""CPU seconds of pyqlib's Alpha158 handler on random candles, run by the Python of an environment that has pyqlib.

    python benchmarks/peers/qlib_alpha158.py INSTRUMENTS DAYS

prints one line of JSON: seconds (and those without the handler's processors), cells, peak memory and version. The
candles are written in pyqlib's own binary form first, which is not timed. `benchmarks/features.py` calls it.
"""

import json
import resource
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

SEED = 7


def write_candles(folder: Path, instruments: int, days: int) -> pd.DatetimeIndex:
    """Heavy-tailed random walks with volume spikes, one folder an instrument, as pyqlib reads them."""
    rng = np.random.default_rng(SEED)
    calendar = pd.bdate_range("2008-01-02", periods=days)
    (folder / "calendars").mkdir()
    (folder / "calendars" / "day.txt").write_text("\n".join(calendar.strftime("%Y-%m-%d")) + "\n")
    (folder / "instruments").mkdir()
    names = [f"S{number:04d}" for number in range(instruments)]
    span = f"{calendar[0]:%Y-%m-%d}\t{calendar[-1]:%Y-%m-%d}"
    (folder / "instruments" / "all.txt").write_text("".join(f"{name}\t{span}\n" for name in names))
    for name in names:
        close = 100 * np.exp(np.cumsum(0.01 * rng.standard_t(4, days)))
        open_ = close * np.exp(0.002 * rng.standard_normal(days))
        spread = np.exp(np.abs(0.005 * rng.standard_normal((2, days))))
        high, low = np.maximum(open_, close) * spread[0], np.minimum(open_, close) / spread[1]
        volume = 1e6 * np.exp(rng.standard_normal(days)) * np.where(rng.random(days) < 0.01, 20, 1)
        values = {"open": open_, "high": high, "low": low, "close": close, "volume": volume}
        values |= {"vwap": (high + low + close) / 3, "factor": np.ones(days)}
        own = folder / "features" / name.lower()
        own.mkdir(parents=True)
        for field, numbers in values.items():
            np.concatenate([[0], numbers]).astype("<f4").tofile(own / f"{field}.day.bin")
    return calendar


def cpu_seconds() -> float:
    """Of this process and of its children that have ended."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def main(instruments: int, days: int) -> dict[str, float | str]:
    import qlib
    from qlib.contrib.data.handler import Alpha158
    from qlib.data.dataset.handler import DataHandler

    with tempfile.TemporaryDirectory() as folder:
        calendar = write_candles(Path(folder), instruments, days)
        qlib.init(provider_uri=folder, region="us", kernels=1, expression_cache=None, dataset_cache=None)
        started = cpu_seconds()
        handler = Alpha158(
            instruments="all",
            start_time=calendar[0],
            end_time=calendar[-1],
            fit_start_time=calendar[0],
            fit_end_time=calendar[-1],
            init_data=False,
        )
        DataHandler.setup_data(handler)
        loaded = cpu_seconds()
        handler.fit_process_data()
        seconds = cpu_seconds() - started
        features = handler.fetch(col_set="feature")
    return {
        "seconds": seconds,
        "without_processors": loaded - started,
        "cells": int(features.shape[0] * features.shape[1]),
        "columns": int(features.shape[1]),
        "peak_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        "version": qlib.__version__,
    }


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]), int(sys.argv[2]))))
