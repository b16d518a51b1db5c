"""What a study is made of, in a few short digests: two studies with the same ones may be continued by each other."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

import numpy as np

from algotrade import __version__
from algotrade.domain.timeframe import IntArray
from algotrade.models.base import Model
from algotrade.validation.tuning.inner import InnerData
from algotrade.validation.tuning.settings import TuningSettings
from algotrade.validation.tuning.spaces import Space

_LENGTH = 12
_LIBRARIES = ("keras", "lightgbm", "numpy", "optuna", "scikit-learn")
_OF_THE_MACHINE = "num_threads"


def fingerprint(model: Model, space: Space, data: InnerData, tuning: TuningSettings) -> dict[str, str]:
    """Digest of each thing that makes the trials of a search others: from the data to the versions of the libraries.

    How many trials there are to be, the time for them and the number of threads are not among them.

    Parameters
    ----------
    model : Model
        Unfitted, with the configured settings.
    space : Space
    data : InnerData
    tuning : TuningSettings
    """
    settings = {name: value for name, value in asdict(model.settings).items() if name != _OF_THE_MACHINE}
    return {
        "data": _digest_of_data(data, model.history),
        "folds": _digest([asdict(cut) for cut in data.cuts] + [asdict(data.fitting)]),
        "preparation": _digest(asdict(data.preparation)),
        "settings": _digest({"model": model.name, **settings}),
        "space": _digest(space.to_json()),
        "search": _digest({"seed": tuning.seed, "pruner": tuning.pruner}),
        "program": _digest({"algotrade": __version__, **{name: version(name) for name in _LIBRARIES}}),
    }


def short(parts: Mapping[str, str]) -> str:
    """One digest of them all.

    >>> short({"data": "a"}) == short({"data": "b"})
    False
    """
    return _digest(dict(parts))


def _digest(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:_LENGTH]


def _digest_of_data(data: InnerData, history: int) -> str:
    inside = data.inside
    samples, targets = inside.labelled.samples, inside.labelled.targets
    named = [inside.symbols, str(inside.timeframe), inside.feature_names, inside.decay_half_life_days]
    digest = hashlib.blake2b(json.dumps(named).encode())
    learned = (targets.forward_return, targets.target, targets.weight)
    for array in (inside.symbol_codes, inside.open_time, inside.known_at, *learned):
        digest.update(np.ascontiguousarray(array).data)
    for rows in np.array_split(_rows_read(samples.ends, len(samples.features), history), 16):
        digest.update(np.ascontiguousarray(samples.features[rows]).data)
    return digest.hexdigest()[:_LENGTH]


def _rows_read(ends: IntArray, count: int, history: int) -> IntArray:
    """Feature rows that a model of this history reads for these samples."""
    read = np.zeros(count, dtype=np.bool_)
    for back in range(history):
        read[ends - back] = True
    return np.flatnonzero(read)
