"""Rows a second of labels, fits and scores, trials a minute of the search, the walk in two processes, predictions.

    python benchmarks/training.py                    # everything, some ten minutes
    python benchmarks/training.py fit search         # parts: prediction labels fit scores network search walk

CPU seconds of this process, medians, where nothing else is said; the walk is timed by the clock, for its work is in
other processes. The candles of the data are made up, with a little signal in one column.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

for _library in ("OMP", "OPENBLAS", "MKL"):
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import pandas as pd
from measure import Benchmark, Figure, median_seconds
from prediction import measure_latency

from algotrade.data.studies import study_storage
from algotrade.domain.candles import Panel, from_milliseconds
from algotrade.domain.timeframe import Timeframe
from algotrade.models import LabelledSamples, Samples, Targets, build_model
from algotrade.validation import FoldSettings, TrainingData, TuningSettings, walk_forward_folds
from algotrade.validation.labels import LABELS, build_label
from algotrade.validation.parallel_walk import walk_by_fold
from algotrade.validation.scores import score_report
from algotrade.validation.tuning import Search, inner_data, search, search_settings
from algotrade.validation.tuning.losses import fitted_loss

HOUR = Timeframe("1h")
FEATURES, HISTORY = 54, 24
ONE_THREAD = {"lightgbm": {"num_threads": 1}, "lstm": {"num_threads": 1}}
TRIALS = 16
TURNS = 3
SPINS = 30_000_000


def made_up_data(symbols: int, candles: int, seed: int = 7) -> TrainingData:
    """Hourly rows of several symbols; every label is known two candles after its row."""
    random = np.random.default_rng(seed)
    rows = symbols * candles
    features = random.standard_normal((rows, FEATURES))
    forward_return = 0.01 * (0.1 * features[:, 0] + random.standard_normal(rows))
    codes, place = np.repeat(np.arange(symbols), candles), np.tile(np.arange(candles), symbols)
    ends = np.flatnonzero(place >= HISTORY - 1)
    names = tuple(f"feature_{number}" for number in range(FEATURES))
    open_time = HOUR.milliseconds * (450_000 + place[ends])
    return TrainingData(
        labelled=LabelledSamples(Samples(features, ends, names=names), Targets.of_returns(forward_return[ends])),
        symbols=tuple(f"C{number:02d}/USDT" for number in range(symbols)),
        symbol_codes=codes[ends],
        open_time=open_time,
        known_at=open_time + 2 * HOUR.milliseconds,
        timeframe=HOUR,
        feature_names=names,
    )


def cpu_seconds(action: Callable[[], object], repeats: int = 3) -> float:
    times = []
    for _ in range(repeats):
        started = time.process_time()
        action()
        times.append(time.process_time() - started)
    return statistics.median(times)


def random_walks(symbols: int, candles: int, seed: int = 0) -> Panel:
    """Hourly candles of several symbols, without volume."""
    random = np.random.default_rng(seed)
    close = np.asfortranarray(100 * np.exp(np.cumsum(0.01 * random.standard_normal((candles, symbols)), axis=0)))
    open_time = HOUR.milliseconds * np.arange(420_000, 420_000 + candles, dtype=np.int64)
    names = tuple(f"C{number:02d}/USDT" for number in range(symbols))
    nothing = np.full_like(close, np.nan)
    return Panel(HOUR, names, open_time, close, close * 1.002, close * 0.998, close, close, *[nothing] * 3)


def measure_labels(bench: Benchmark) -> None:
    """Each label of sixteen symbols, 60,000 candles each."""
    panel, first = random_walks(16, 60_000), random_walks(16, 500)
    for name in LABELS:
        label = build_label({"kind": name})
        label.of(first)  # compiles
        rows = len(label.of(panel))
        bench.add(f"label {name}, {rows:,} rows", rows / cpu_seconds(lambda label=label: label.of(panel)), "rows/s")


def measure_scores(bench: Benchmark) -> None:
    """Every score with its block-bootstrap interval, of six models on 6,000 hours of six symbols."""
    data = made_up_data(6, 6_000 + HISTORY - 1)
    up = data.labelled.targets.forward_return
    forecast = pd.DataFrame(
        {
            "fold": 0,
            "symbol": np.array(data.symbols)[data.symbol_codes],
            "open_time": from_milliseconds(data.open_time),
            "forward_return": up,
            "known_at": from_milliseconds(data.known_at),
        }
    )
    random = np.random.default_rng(0)
    models = []
    for number in range(6):
        lean = up + 0.1 * random.standard_normal(len(up))
        probability = 0.5 + 0.1 * np.tanh(lean)
        models.append(forecast.assign(model=f"m{number}", probability=probability, expected_return=probability - 0.5))
    everything = pd.concat(models, ignore_index=True)
    seconds = cpu_seconds(lambda: score_report(everything))
    bench.add(f"scores with intervals, {len(everything):,} forecasts", len(everything) / seconds, "rows/s")


def measure_fit(bench: Benchmark) -> None:
    """Each family that needs no TensorFlow on 100,000 rows, the last sixth of them for early stopping."""
    labelled = made_up_data(10, 10_000 + HISTORY - 1).labelled
    cut = len(labelled) * 5 // 6
    training, held_out = labelled.take(np.arange(cut)), labelled.take(np.arange(cut, len(labelled)))
    for name in ("majority", "logistic", "ridge", "lightgbm"):
        model = build_model(name, ONE_THREAD.get(name, {}))
        model.fit(training, held_out)
        seconds = cpu_seconds(lambda model=model: model.fit(training, held_out))
        bench.add(f"fit of {name}, {len(labelled):,} rows x {FEATURES}", len(labelled) / seconds, "rows/s")


def measure_network(bench: Benchmark) -> None:
    """The recurrent network: sequences a second in training, without what a fit costs anyhow, and in prediction."""
    labelled = made_up_data(4, 5_000 + HISTORY - 1).labelled
    few, many = 1, 4

    def fit(epochs: int) -> object:
        settings = {"epochs": epochs, "history": HISTORY, "max_sequences": len(labelled), **ONE_THREAD["lstm"]}
        return build_model("lstm", settings).fit(labelled)

    fit(few)  # imports TensorFlow
    short, long = cpu_seconds(lambda: fit(few)), cpu_seconds(lambda: fit(many))
    trained = (many - few) * len(labelled) / (long - short)
    bench.add(f"LSTM in training, {HISTORY} x {FEATURES}, 24 units, 1 thread", trained, "samples/s")
    fitted = build_model("lstm", {"epochs": 1, "history": HISTORY, **ONE_THREAD["lstm"]}).fit(labelled)
    fitted.predict(labelled.samples)
    seconds = cpu_seconds(lambda: fitted.predict(labelled.samples))
    learned = Figure("in training", trained, "samples/s")
    bench.add("LSTM in prediction, as ONNX", len(labelled) / seconds, "samples/s", learned)


@contextmanager
def fitted_alone() -> Iterator[None]:
    """Let every trial gather and bin its rows anew, as a model that is fitted alone does."""
    original = search.loss_of
    search.loss_of = lambda family, _, folds: fitted_loss(family, folds)
    try:
        yield
    finally:
        search.loss_of = original


def measure_search(bench: Benchmark) -> None:
    """Trials of LightGBM a minute on three inner folds of up to 40,000 rows, the same where none is pruned."""
    data = made_up_data(10, 12_000)
    first_fold = walk_forward_folds(data.open_time, data.known_at, HOUR.milliseconds, FoldSettings(folds=2))[0]
    tuning = TuningSettings(trials=TRIALS, max_rows=40_000, pruner="none")
    inner = inner_data(data, first_fold, tuning)
    assert all(len(fold.tested) for fold in inner.folds)  # prepares them

    def run(options: TuningSettings, storage: object = None) -> tuple[Search, float]:
        started = time.process_time()
        settings = {"max_rounds": 100, "patience": 20, **ONE_THREAD["lightgbm"]}
        found = search_settings("lightgbm", settings, inner, options, storage)
        return found, 60 * TRIALS / (time.process_time() - started)

    run(replace(tuning, trials=1, seed=1))  # imports Optuna
    with fitted_alone():
        alone, per_minute = run(tuning)
    plain = bench.add("trials, each with bins of its own", per_minute, "1/min")
    shared, per_minute = run(tuning)
    assert shared.trials == alone.trials
    reused = bench.add("trials, bins made once for all", per_minute, "1/min", plain)
    for pruner in ("median", "successive_halving"):
        found, per_minute = run(replace(tuning, pruner=pruner))
        name = f"trials, bins made once, {pruner.replace('_', ' ')}"
        pruned = bench.add(name, per_minute, "1/min", reused)
        bench.add("  against bins of their own", pruned.value, "1/min", plain)
        bench.add("  pruned", sum(trial.state == "pruned" for trial in found.trials), "trials")
        bench.add("  best inner log loss", found.best.value, "", Figure("unpruned", shared.best.value, ""))
    with tempfile.TemporaryDirectory() as folder, study_storage(f"sqlite:///{Path(folder)}/studies.db") as storage:
        _, per_minute = run(tuning, storage)
        bench.add("trials, bins made once, kept in SQLite", per_minute, "1/min", reused)
        started = time.process_time()
        run(tuning, storage)
        bench.add(f"reading a complete study of {TRIALS} trials", time.process_time() - started, "CPU s")


def spin(rounds: int = SPINS) -> int:
    """Arithmetic that needs nothing but a core."""
    return sum(range(rounds))


def measure_walk(bench: Benchmark) -> None:
    """Eight folds of LightGBM by the clock, in turns: one process with one and two threads, two with one each.

    Beside them what two processes gain that need nothing but a core: more the walk cannot gain on a busy machine.
    """
    data = made_up_data(10, 10_000)
    folds = walk_forward_folds(data.open_time, data.known_at, HOUR.milliseconds, FoldSettings(folds=8))
    ways = {"1 process, 1 thread": (1, 1), "1 process, 2 threads": (2, 1), "2 processes, 1 thread each": (2, 2)}

    def seconds(threads: int, workers: int) -> float:
        # Ends by its rounds, not early, so that every walk does the same.
        model = build_model("lightgbm", {"num_threads": threads, "max_rounds": 60, "patience": 60})
        return median_seconds(lambda: list(walk_by_fold(model, data, folds, workers=workers)), repeats=1)

    list(walk_by_fold(build_model("majority"), data, folds[:2], workers=2))  # starts the server of the workers
    turns, gained = [], []
    with ProcessPoolExecutor(2, mp_context=get_context("forkserver")) as pool:
        list(pool.map(spin, (1, 1)))
        for _ in range(TURNS):
            gained.append(2 * median_seconds(spin, 1) / median_seconds(lambda: list(pool.map(spin, (SPINS, SPINS))), 1))
            turns.append({way: seconds(*how) for way, how in ways.items()})
    alone, *others = ways
    bench.add(f"walk of 8 folds, {alone}", statistics.median(turn[alone] for turn in turns), "s")
    free = bench.add("as fast, two processes that need nothing but a core", statistics.median(gained), "times")
    for way in others:
        bench.add(
            f"as fast, walk in {way}", statistics.median(turn[alone] / turn[way] for turn in turns), "times", free
        )


PARTS = {
    "prediction": measure_latency,
    "labels": measure_labels,
    "fit": measure_fit,
    "scores": measure_scores,
    "network": measure_network,
    "search": measure_search,
    "walk": measure_walk,
}


def main() -> None:
    bench = Benchmark("training")
    # Predictions come first: nothing of what training needs is loaded by then.
    for part in sys.argv[1:] or PARTS:
        PARTS[part](bench)
    bench.write()


if __name__ == "__main__":
    main()
