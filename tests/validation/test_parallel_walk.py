"""A walk in several processes gives what it gives in one, to the last bit."""

import os
import signal

import pandas as pd
import pytest

from algotrade.errors import ModelError, TooFewCandles
from algotrade.models import build_model
from algotrade.models.majority import Majority
from algotrade.models.preparation import PreparationSettings
from algotrade.validation import (
    FoldSettings,
    TrainingSettings,
    fit_preparations,
    parallel_walk,
    walk_forward,
    walk_forward_folds,
)
from algotrade.validation.parallel_walk import join_walks, walk_by_fold


def slow(name):
    return pytest.param(name, marks=pytest.mark.slow)


MODELS = {
    "logistic": {},
    "ridge": {},
    "lightgbm": {"num_threads": 2, "max_rounds": 20},
    "lstm": {"num_threads": 2, "history": 3, "units": 4, "epochs": 1, "max_sequences": 400},
}


@pytest.fixture(scope="module")
def folds(predictable):
    return walk_forward_folds(predictable.open_time, predictable.known_at, 3_600_000, FoldSettings(folds=3))


def walked(name, data, folds, workers):
    preparations = fit_preparations(data, folds, PreparationSettings(factors={"kind": "pca", "count": 2})).folds
    return join_walks(list(walk_by_fold(build_model(name, MODELS[name]), data, folds, None, preparations, workers)))


def same(one, other):
    pd.testing.assert_frame_equal(one.predictions, other.predictions, check_exact=True)
    pd.testing.assert_frame_equal(one.folds.drop(columns="seconds"), other.folds.drop(columns="seconds"))


@pytest.mark.parametrize("name", [slow("logistic"), slow("ridge"), "lightgbm", slow("lstm")])
def test_two_processes_find_what_one_finds(predictable, folds, name, tmp_path):
    alone, shared = walked(name, predictable, folds, 1), walked(name, predictable, folds, 2)
    same(alone, shared)
    for number, (mine, theirs) in enumerate(zip(alone.models, shared.models, strict=True)):
        assert theirs.settings == mine.settings
        assert files(mine, tmp_path / f"{number}-alone") == files(theirs, tmp_path / f"{number}-shared")


def files(model, folder):
    folder.mkdir()
    model.save(folder)
    texts = {path.name: path.read_bytes() for path in folder.iterdir()}
    # LightGBM notes how many threads it was allowed.
    return {name: text.replace(b"[num_threads: 1]", b"[num_threads: 2]") for name, text in texts.items()}


def test_fold_by_fold_is_the_walk(predictable, folds):
    model = build_model("logistic")
    same(join_walks(list(walk_by_fold(model, predictable, folds))), walk_forward(model, predictable, folds))


def test_folds_come_in_order_with_the_threads_shared_out(predictable, folds, monkeypatch):
    seen = []

    def here(model, data, training, tasks, processes):
        seen.append((model.settings.num_threads, processes))
        return [walk_forward(model, data, [fold], training, prepared) for fold, prepared in tasks]

    monkeypatch.setattr(parallel_walk, "_elsewhere", here)
    walks = list(
        walk_by_fold(build_model("lightgbm", {"max_rounds": 3, "num_threads": 4}), predictable, folds, workers=2)
    )
    assert [walk.predictions["fold"].iloc[0] for walk in walks] == [0, 1, 2]
    assert seen == [(2, 2)]
    assert {walk.models[0].settings.num_threads for walk in walks} == {4}


def test_a_process_that_is_killed_is_an_error_that_helps(predictable, folds):
    model = build_model("majority")
    walks = walk_by_fold(Killed(model.settings), predictable, folds, workers=2)
    with pytest.raises(ModelError, match=r"majority forward was ended from outside.*training.workers"):
        list(walks)


class Killed(Majority):
    """A model whose fit costs its process the life."""

    def fit(self, training, early_stopping=None):
        os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.slow
def test_an_error_in_a_process_is_the_error_of_the_walk(predictable, folds):
    with pytest.raises(TooFewCandles, match="stop early on"):
        list(walk_by_fold(build_model("logistic"), predictable, folds, TrainingSettings(1 - 1e-9), workers=2))
