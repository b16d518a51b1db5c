"""The search for settings."""

import logging
from dataclasses import asdict
from typing import Any

import pandas as pd

from algotrade.data.studies import study_storage
from algotrade.models.base import build_model
from algotrade.monitoring.progress import progress
from algotrade.pipelines.parameters import TrainingParameters
from algotrade.pipelines.training.nodes.artefacts import folds_of
from algotrade.pipelines.training.nodes.walks import walk_every_fold
from algotrade.validation.scores import paired_difference
from algotrade.validation.training_data import TrainingData
from algotrade.validation.tuning import InnerData, Search, Trial, inner_data, search_settings

logger = logging.getLogger(__name__)


def tune(
    data: TrainingData, folds: list[dict[str, int]], parameters: dict[str, Any]
) -> tuple[dict[str, dict[str, Any]], pd.DataFrame, dict[str, Any]]:
    """Settings of every model, searched inside the training rows of the first fold or as configured; every trial."""
    settings = TrainingParameters.parse(parameters)
    found = {name: settings.settings_of(name) for name in settings.models_of_the_run}
    searches = _searched(data, folds, settings) if settings.tune else []
    tables = [search.table() for search in searches]
    return (
        found | {search.family: search.settings for search in searches},
        pd.concat(tables, ignore_index=True) if tables else Search.no_table(),
        {search.family: search.to_json() for search in searches},
    )


def compare_search(
    data: TrainingData,
    folds: list[dict[str, int]],
    prepared: dict[str, Any],
    found: dict[str, dict[str, Any]],
    baselines: pd.DataFrame,
    lightgbm: pd.DataFrame,
    others: pd.DataFrame,
    parameters: dict[str, Any],
) -> dict[str, dict[str, Any]]:
    """What the found settings of each searched model save out of fold against the configured ones; nothing unasked."""
    settings = TrainingParameters.parse(parameters)
    if not (settings.tune and settings.tuning.compare):
        return {}
    with_found = pd.concat([baselines, lightgbm, others], ignore_index=True)
    effects = {}
    for family in settings.tuning.families:
        model = build_model(family, settings.settings_of(family))
        if model == build_model(family, found[family]):
            continue
        configured = walk_every_fold(model, data, folds, prepared, settings).predictions
        difference = paired_difference(with_found[with_found["model"] == family], configured, seed=settings.seed)
        effects[family] = {
            name: None if value != value else value  # noqa: PLR0124  # JSON has no NaN
            for name, value in asdict(difference).items()
        }
    return effects


def _searched(data: TrainingData, folds: list[dict[str, int]], settings: TrainingParameters) -> list[Search]:
    inner = inner_data(data, folds_of(folds)[0], settings.tuning, settings.fitting, settings.seeded_preparation)
    with study_storage(settings.tuning.storage_url) as storage:
        return [_search(family, inner, settings, storage) for family in settings.tuning.families]


def _search(family: str, inner: InnerData, settings: TrainingParameters, storage: Any) -> Search:
    with progress(f"search for settings of {family}", settings.tuning.trials_of(family)) as advance:

        def on_trial(trial: Trial) -> None:
            advance(f"log loss {trial.value:.5f}, {trial.state}")

        search = search_settings(family, settings.settings_of(family), inner, settings.tuning, storage, on_trial)
    logger.info(_told(search))
    return search


def _told(search: Search) -> str:
    known = len(search.trials) - search.added
    start = f"{search.family}: {search.added} trials run, {known} of study {search.study} read"
    if search.best is None or search.configured is None:
        return f"{start}; none is complete, the configured settings stay"
    return (
        f"{start}; inner log loss {search.best.value:.5f} with the best settings, "
        f"{search.configured.value:.5f} with the configured ones"
    )
