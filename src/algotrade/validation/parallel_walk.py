"""The walk shared out among processes: the same models and the same forecasts, sooner."""

import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pandas as pd

from algotrade.errors import ModelError
from algotrade.models.base import Model
from algotrade.validation.folds import Fold
from algotrade.validation.preparing import FoldPreparation
from algotrade.validation.training_data import TrainingData
from algotrade.validation.training_rows import TrainingSettings
from algotrade.validation.walk_forward import WalkForward, walk_forward

_Task = tuple[Fold, Sequence[FoldPreparation] | None]


def walk_by_fold(
    model: Model,
    data: TrainingData,
    folds: Sequence[Fold],
    training: TrainingSettings | None = None,
    preparations: Sequence[FoldPreparation] | None = None,
    workers: int = 1,
) -> Iterator[WalkForward]:
    """The walk of each fold alone, in order, each as soon as it and all before it are done.

    With several workers the folds are walked in as many processes, which share one copy of the data. The model's
    threads are shared out among them, which changes no bit of what LightGBM and TensorFlow find. Those of linear
    algebra are not, for its sums depend in their last bits on how many there are.

    Parameters
    ----------
    model, data, folds, training, preparations
        As ``walk_forward`` takes them.
    workers : int
        Processes; 1 stays in this one.

    Raises
    ------
    TooFewCandles
        As ``walk_forward`` does.
    ModelError
        As ``walk_forward`` does, and if a process was ended from outside.
    """
    own = [None if preparations is None else preparations[place : place + 1] for place in range(len(folds))]
    tasks = list(zip(folds, own, strict=True))
    processes = min(workers, len(tasks))
    if processes <= 1:
        for fold, prepared in tasks:
            yield walk_forward(model, data, [fold], training, prepared)
        return
    for walk in _elsewhere(
        _with_threads(model, max(_threads(model) // processes, 1)), data, training, tasks, processes
    ):
        yield replace(walk, models=tuple(_with_threads(fitted, _threads(model)) for fitted in walk.models))


def join_walks(walks: Sequence[WalkForward]) -> WalkForward:
    """One walk of the walks of its folds, in their order."""
    return WalkForward(
        pd.concat([walk.predictions for walk in walks], ignore_index=True),
        pd.concat([walk.folds for walk in walks], ignore_index=True),
        tuple(model for walk in walks for model in walk.models),
    )


def _elsewhere(
    model: Model, data: TrainingData, training: TrainingSettings | None, tasks: Sequence[_Task], processes: int
) -> Iterator[WalkForward]:
    import joblib  # noqa: PLC0415  # with several workers only

    with tempfile.TemporaryDirectory(prefix="algotrade-walk-") as folder:
        path = Path(folder) / "data.joblib"
        joblib.dump(data, path)
        # A fork of this process, with the threads of LightGBM and TensorFlow in it, might hang. The server that is
        # forked instead has none; it imports once what all workers of all walks need.
        context = get_context("forkserver")
        context.set_forkserver_preload(["__main__", __name__])
        with ProcessPoolExecutor(processes, mp_context=context) as pool:
            try:
                yield from pool.map(partial(_walk, path, model, training), tasks)
            except BrokenProcessPool as error:
                raise ModelError(
                    f"One of {processes} processes that walked {model.name} forward was ended from outside, most "
                    "likely for want of memory. Lower training.workers or training.fitting.max_training_rows."
                ) from error


def _walk(path: Path, model: Model, training: TrainingSettings | None, task: _Task) -> WalkForward:
    fold, prepared = task
    return walk_forward(model, _mapped(path), [fold], training, prepared)


@cache
def _mapped(path: Path) -> TrainingData:
    """The data as the parent wrote them, mapped into memory: all processes read the same pages."""
    import joblib  # noqa: PLC0415  # with several workers only

    data: TrainingData = joblib.load(path, mmap_mode="r")
    return data


def _threads(model: Model) -> int:
    return int(getattr(model.settings, "num_threads", 1))


def _with_threads(model: Model, threads: int) -> Model:
    if not hasattr(model.settings, "num_threads"):
        return model
    settings: Any = replace(model.settings, num_threads=threads)
    return replace(model, settings=settings)
