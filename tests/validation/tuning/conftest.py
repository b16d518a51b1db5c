"""A small market cut into inner folds."""

import pytest
from tests.postgres import postgres_server, postgres_url  # noqa: F401 - fixtures

from algotrade.validation import FoldSettings, TuningSettings, walk_forward_folds
from algotrade.validation.folds import Fold
from algotrade.validation.tuning import InnerData, inner_data

BASE = {"num_threads": 1, "max_rounds": 25, "patience": 5}
QUICK = TuningSettings(trials=7, inner_folds=2)


@pytest.fixture(scope="session")
def first_fold(predictable) -> Fold:
    return walk_forward_folds(predictable.open_time, predictable.known_at, 3_600_000, FoldSettings(folds=2))[0]


@pytest.fixture(scope="session")
def inner(predictable, first_fold) -> InnerData:
    return inner_data(predictable, first_fold, QUICK)
