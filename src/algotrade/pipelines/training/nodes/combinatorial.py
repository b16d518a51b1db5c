"""Many ways through one history: how far scores scatter, and what a choice among models is worth."""

import logging
from dataclasses import replace
from typing import Any

import pandas as pd

from algotrade.monitoring.progress import progress
from algotrade.pipelines.parameters import TrainingParameters
from algotrade.validation.combinatorial_walk import (
    PATH_COLUMNS,
    SPLIT_COLUMNS,
    choice_overfitting,
    path_scores,
    summarise_paths,
    walk_combinatorial,
)
from algotrade.validation.training_data import TrainingData

logger = logging.getLogger(__name__)


def walk_paths(data: TrainingData, parameters: dict[str, Any]) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """Scores of cheap models on every path, the splits that make them, and both in numbers; empty if switched off.

    What is fitted on features is fitted in each split anew, but for what takes longest: factors and near copies.
    """
    settings = TrainingParameters.parse(parameters)
    chosen = settings.combinatorial
    if chosen is None:
        return pd.DataFrame(columns=list(PATH_COLUMNS)), pd.DataFrame(columns=list(SPLIT_COLUMNS)), {}
    with progress("combinatorial cross-validation", chosen.splits) as advance:
        walk = walk_combinatorial(
            chosen.build_models(settings.seed),
            data,
            chosen,
            replace(settings.preparation, factors=None, max_correlation=None),
            lambda split: advance(f"groups {' and '.join(map(str, split.tested))} tested"),
        )
    scores = path_scores(walk.predictions)
    found = summarise_paths(scores, choice_overfitting(walk.predictions), chosen)
    logger.info(
        "%d paths: %s is best; choosing it on half of the days is wrong on the others with a probability of %s",
        *(found["paths"], found["best"], found["probability_of_overfitting"]),
    )
    return scores, walk.splits, found
