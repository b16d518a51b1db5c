"""The search for settings."""

from typing import Any

import pandas as pd

from algotrade.monitoring.progress import progress
from algotrade.pipelines.parameters import TrainingParameters
from algotrade.pipelines.training.nodes.artefacts import folds_of
from algotrade.validation.training_data import TrainingData
from algotrade.validation.tuning import Trial, tune_lightgbm


def tune(
    data: TrainingData, folds: list[dict[str, int]], parameters: dict[str, Any]
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Settings for LightGBM, searched inside the training rows of the first fold, and every trial."""
    settings = TrainingParameters.parse(parameters)
    configured = settings.settings_of("lightgbm")
    if not settings.tune:
        return configured, pd.DataFrame({"number": [], "state": [], "value": []})
    with progress("search for LightGBM's settings", settings.tuning.trials) as advance:

        def on_trial(trial: Trial) -> None:
            advance(f"log loss {trial.value:.5f}" if trial.value is not None else trial.state)

        found = tune_lightgbm(
            configured, data, folds_of(folds)[0], settings.tuning, on_trial, settings.seeded_preparation
        )
    return found.settings, found.trials
