"""A bundle as a new process meets it that only serves: what it answers, how fast, and what it had to load for that.

``python -m algotrade.models.rehearsal FOLDER WINDOWS.npy ANSWERS.npz`` is what ``rehearse`` runs.
"""

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np

from algotrade.domain.candles import FloatArray
from algotrade.errors import ModelError
from algotrade.models.bundle import ModelBundle
from algotrade.models.samples import Forecast

TRAINING_LIBRARIES = ("keras", "mlflow", "optuna", "tensorflow")
"""What serving must not need."""
_ROUNDS = 200
_WARM_UP = 20
_PATIENCE_SECONDS = 120


@dataclass(frozen=True)
class Rehearsal:
    """What a serving process made of a bundle.

    Attributes
    ----------
    forecast : Forecast
        Of the windows, all at once.
    one_by_one : Forecast
        Of each window alone, by the fast path.
    milliseconds : float
        Median time of one prediction by the fast path.
    heavy : tuple of str
        Libraries of the training that were loaded.
    """

    forecast: Forecast
    one_by_one: Forecast
    milliseconds: float
    heavy: tuple[str, ...]


def rehearse(folder: Path, windows: FloatArray) -> Rehearsal:
    """Load the bundle in a new process and let it forecast after each window.

    Parameters
    ----------
    folder : Path
        Of the bundle.
    windows : ndarray, shape ``(n, history, F)``

    Raises
    ------
    ModelError
        If the process cannot load or use the bundle.
    """
    with tempfile.TemporaryDirectory(prefix="algotrade-") as scratch:
        asked, answered = Path(scratch) / "windows.npy", Path(scratch) / "answers.npz"
        np.save(asked, windows)
        process = subprocess.run(  # noqa: S603 - this module, with paths of our own
            [sys.executable, "-m", "algotrade.models.rehearsal", str(folder), str(asked), str(answered)],
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            timeout=_PATIENCE_SECONDS,
            check=False,
        )
        if process.returncode != 0:
            reason = process.stderr.strip().splitlines()[-1:] or ["it ended without a word"]
            raise ModelError(f"A new process cannot serve the bundle {folder}: {reason[0]}. Train the model again.")
        with np.load(answered) as answers:
            return Rehearsal(
                Forecast(*answers["forecast"]),
                Forecast(*answers["one_by_one"]),
                float(answers["milliseconds"]),
                tuple(answers["heavy"].tolist()),
            )


def _serve(folder: Path, asked: Path, answered: Path) -> None:
    bundle, windows = ModelBundle.load(folder), np.load(asked)
    forecast = bundle.predict(windows)
    one_by_one = np.array([bundle.predict_one(window) for window in windows]).T
    np.savez(
        answered,
        forecast=np.stack([forecast.probability, forecast.expected_return]),
        one_by_one=one_by_one,
        milliseconds=_median_milliseconds(bundle, windows[-1]),
        heavy=np.array([name for name in TRAINING_LIBRARIES if name in sys.modules], dtype=str),
    )


def _median_milliseconds(bundle: ModelBundle, window: FloatArray) -> float:
    seconds = []
    for _ in range(_WARM_UP + _ROUNDS):
        started = perf_counter()
        bundle.predict_one(window)
        seconds.append(perf_counter() - started)
    return float(np.median(seconds[_WARM_UP:]) * 1_000)


if __name__ == "__main__":
    _serve(*(Path(argument) for argument in sys.argv[1:]))
