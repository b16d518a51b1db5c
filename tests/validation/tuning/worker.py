"""A process that searches: ``python -m tests.validation.tuning.worker STORAGE_URL TRIALS [FOLDS_UNTIL_KILLED]``.

Writes the numbers of the trials that it has run. When it is to be killed, it is in the middle of a trial.
"""

import json
import os
import signal
import sys

from tests.validation.conftest import HOUR, market

from algotrade.data.studies import study_storage
from algotrade.validation import FoldSettings, TrainingData, TuningSettings, training_data, walk_forward_folds
from algotrade.validation.tuning import InnerData, Search, inner_data, search_settings
from algotrade.validation.tuning import search as search_module

SETTINGS = {"num_threads": 1, "max_rounds": 15, "patience": 5}
INNER_FOLDS = 3


def small_market() -> TrainingData:
    return training_data(*market(700, 2, strength=1.0, horizon=1), HOUR, history=3)


def inner(data: TrainingData, tuning: TuningSettings) -> InnerData:
    first_fold = walk_forward_folds(data.open_time, data.known_at, 3_600_000, FoldSettings(folds=2))[0]
    return inner_data(data, first_fold, tuning)


def searched(url: str | None, trials: int, **changes: object) -> Search:
    tuning = TuningSettings(trials=trials, inner_folds=INNER_FOLDS, **changes)
    with study_storage(url) as storage:
        return search_settings("lightgbm", SETTINGS, inner(small_market(), tuning), tuning, storage)


def kill_after(folds: int) -> None:
    """Kill this process when it has fitted so many inner folds."""
    original, fitted = search_module.loss_of, []

    def loss_of(*arguments):
        loss = original(*arguments)

        def counted(*settings_and_fold):
            if len(fitted) == folds:
                os.kill(os.getpid(), signal.SIGKILL)
            fitted.append(None)
            return loss(*settings_and_fold)

        return counted

    search_module.loss_of = loss_of


if __name__ == "__main__":
    url, trials, *killed = sys.argv[1:]
    if killed:
        kill_after(int(killed[0]))
    own = []
    options = TuningSettings(trials=int(trials), inner_folds=INNER_FOLDS, study_name="shared")
    data = inner(small_market(), options)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    with study_storage(url) as opened:
        search = search_settings("lightgbm", SETTINGS, data, options, opened, lambda trial: own.append(trial.number))
    sys.stdout.write(json.dumps({"own": own, "trials": search.table().to_dict("list")}))
