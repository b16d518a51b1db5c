"""Milliseconds of one prediction in process, of every model, loaded from its files and without TensorFlow.

The models are fitted by a process of its own, on as many features as the default run leaves them (54) and with the
default settings; the trees all grow, which early stopping usually prevents. What is timed is ``predict_one`` on one
window of rows, each time another one.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

for _library in ("OMP", "OPENBLAS", "MKL"):
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")

import numpy as np
from measure import Benchmark

from algotrade.models import MODELS, LabelledSamples, Model, Samples, Targets, build_model

ROWS, FEATURES, HISTORY = 6_000, 54, 24
CALLS, TURNS, WARM_UP = 2_000, 5, 200
NAMES = ("log_return_8", *(f"feature_{number}" for number in range(1, FEATURES)))
NETWORK = {"history": HISTORY, "epochs": 1}
MEMBERS = {"logistic": {}, "ridge": {}, "lightgbm": {}, "lstm": NETWORK}
SETTINGS = {"lstm": NETWORK, "ensemble": {"members": MEMBERS}}
LIMITS = {"lightgbm": 0.1, "ensemble": 1.0}
"""Milliseconds that the median is to stay below."""
TRAINING_LIBRARIES = ("tensorflow", "keras")


def random_samples(seed: int = 7) -> LabelledSamples:
    random = np.random.default_rng(seed)
    features = random.standard_normal((ROWS, FEATURES))
    returns = 0.01 * (0.2 * features[:, 0] * np.sign(features[:, 1]) + random.standard_normal(ROWS))
    ends = np.arange(HISTORY - 1, ROWS)
    samples = Samples(features, ends, names=NAMES, history=HISTORY)
    return LabelledSamples(samples, Targets.of_returns(returns[ends]))


def fit_and_save(folder: Path) -> None:
    training = random_samples()
    for name in MODELS:
        (folder / name).mkdir()
        build_model(name, SETTINGS.get(name, {})).fit(training).save(folder / name)


def percentiles(model: Model, windows: np.ndarray) -> tuple[float, float]:
    """Median over the turns of the 50th and the 99th percentile of a call, milliseconds."""
    for window in windows[:WARM_UP]:
        model.predict_one(window)
    turns = []
    for _ in range(TURNS):
        times = np.empty(len(windows))
        for position, window in enumerate(windows):
            started = time.perf_counter()
            model.predict_one(window)
            times[position] = time.perf_counter() - started
        turns.append(np.percentile(times, (50, 99)))
    middle, rare = 1e3 * np.median(turns, axis=0)
    return float(middle), float(rare)


def measure_latency(bench: Benchmark) -> None:
    """Latency of every model of the registry, and whether the promised ones hold."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, __file__, "--fit", folder], check=True)
        models = {name: MODELS[name].load(Path(folder) / name) for name in MODELS}
    samples = random_samples(seed=8).samples.take(np.arange(CALLS))
    missed = []
    for name, model in models.items():
        middle, rare = percentiles(model, samples.windows(model.history))
        bench.add(f"{name}, one prediction, p50", middle, "ms")
        bench.add(f"{name}, one prediction, p99", rare, "ms")
        if middle >= LIMITS.get(name, np.inf):
            missed.append(f"{name}: {middle:.3f} ms, not below {LIMITS[name]} ms")
    loaded = sorted(set(TRAINING_LIBRARIES) & set(sys.modules))
    bench.add("training libraries loaded", len(loaded), "libraries")
    for complaint in missed:
        print(f"missed: {complaint}", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--fit"]:
        fit_and_save(Path(sys.argv[2]))
    else:
        benchmark = Benchmark("prediction")
        measure_latency(benchmark)
        benchmark.write()
