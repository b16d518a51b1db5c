"""Settings of LightGBM found inside the training rows of the first fold.

The training rows of the first fold come before every test row of every fold, so settings found there are
out of sample for all of them, and one search pays for the whole walk. Inside, the search walks forward
again over inner folds, purged like the outer ones.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any

import numpy as np
import pandas as pd
from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt
from pydantic.dataclasses import dataclass as settings_dataclass

from algotrade.models.configuration import STRICT, parse_settings
from algotrade.models.gradient_boosting import (
    LightGbmSettings,
    booster_parameters,
    boosting_dataset,
    import_lightgbm,
)
from algotrade.models.preparation import Preparation, PreparationSettings
from algotrade.validation.folds import Fold, FoldSettings, test_rows, train_rows, walk_forward_folds
from algotrade.validation.training_data import TrainingData

_STUDY_NAME = "lightgbm"
_STARTUP_TRIALS = 4
# Lowest and highest value, and whether the scale is logarithmic. `max_bin` belongs to the shared bins.
_SEARCHED: dict[str, tuple[float, float, bool]] = {
    "num_leaves": (4, 63, True),
    "learning_rate": (0.01, 0.15, True),
    "min_data_in_leaf": (20, 2000, True),
    "feature_fraction": (0.3, 1.0, False),
    "bagging_fraction": (0.4, 1.0, False),
    "lambda_l2": (0.01, 100.0, True),
}


@settings_dataclass(frozen=True, config=STRICT)
class TuningSettings:
    """Size of the search.

    Attributes
    ----------
    trials : int
        Settings tried; the first are those from the configuration, so that the best is never worse inside.
    inner_folds : int
    inner_test_share : float
        Of the first fold's training span that the inner test spans cover.
    max_rows : int
        Rows of an inner fold, training and test each; more are thinned in even steps.
    timeout_seconds : float, optional
        No trial starts later.
    storage_url : str, optional
        Of a shared Optuna storage; in memory by default.
    study_name : str
        In the storage.
    seed : int
    """

    trials: PositiveInt = 20
    inner_folds: PositiveInt = 3
    inner_test_share: Annotated[float, Field(gt=0, lt=1)] = 0.5
    max_rows: PositiveInt = 50_000
    timeout_seconds: PositiveFloat | None = None
    storage_url: str | None = None
    study_name: str = _STUDY_NAME
    seed: NonNegativeInt = 0


@dataclass(frozen=True)
class Trial:
    """One set of settings that was tried.

    Attributes
    ----------
    number : int
    state : str
        ``complete`` or ``pruned``.
    value : float or None
        Mean log loss over the inner folds, as far as it got.
    parameters : dict
    """

    number: int
    state: str
    value: float | None
    parameters: dict[str, Any]


@dataclass(frozen=True)
class Tuning:
    """What a search found.

    Attributes
    ----------
    settings : dict
        All settings of the best model, ready for ``walk_forward("lightgbm", settings, ...)``.
    trials : DataFrame
        ``number``, ``state``, ``value`` (mean log loss), then one column for each searched setting.
    """

    settings: dict[str, Any]
    trials: pd.DataFrame


def tune_lightgbm(
    settings: Mapping[str, Any],
    data: TrainingData,
    first_fold: Fold,
    tuning: TuningSettings | None = None,
    on_trial: Callable[[Trial], None] | None = None,
    preparation: PreparationSettings | None = None,
) -> Tuning:
    """Settings with the lowest mean log loss over inner, purged folds of the first fold's training rows.

    Never sees a row whose label is known later than ``first_fold.train_until``. In an inner fold boosting
    stops at its best round on the inner test rows; that flatters all trials alike and only ranks them.
    The sampler is TPE with a fixed seed; trials that lag behind the median after an inner fold are pruned.

    Parameters
    ----------
    settings : mapping
        Of the model; what is not searched stays.
    data : TrainingData
    first_fold : Fold
    tuning : TuningSettings, optional
    on_trial : callable, optional
        Called after each trial, for a log.
    preparation : PreparationSettings, optional
        What is fitted on the training rows of each inner fold before its trees see them.

    Raises
    ------
    ConfigurationError
        If a setting is not known.
    TooFewCandles
        If the training rows cannot be cut into inner folds.

    References
    ----------
    .. [1] Akiba, T. et al. (2019). Optuna: a next-generation hyperparameter optimization framework. KDD.
    """
    import optuna  # noqa: PLC0415  # kept out of start-up

    base = parse_settings(LightGbmSettings, settings, "model lightgbm")
    options = tuning or TuningSettings()
    inner = _inner_datasets(base, data, first_fold, options, preparation or PreparationSettings())
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        storage=options.storage_url,
        study_name=options.study_name,
        load_if_exists=True,
        sampler=optuna.samplers.TPESampler(seed=options.seed, n_startup_trials=_STARTUP_TRIALS),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=_STARTUP_TRIALS),
    )
    study.enqueue_trial(_configured(base), skip_if_exists=True)
    study.optimize(
        lambda trial: _objective(trial, base, inner),
        n_trials=options.trials,
        timeout=options.timeout_seconds,
        callbacks=[lambda _, trial: on_trial(_record(trial))] if on_trial else None,
    )
    best = replace(base, **study.best_params)
    return Tuning(asdict(best), _trial_table([_record(trial) for trial in study.trials]))


def _inner_datasets(
    base: LightGbmSettings,
    data: TrainingData,
    first_fold: Fold,
    options: TuningSettings,
    preparation: PreparationSettings,
) -> list[tuple[Any, Any]]:
    """Binned training and test rows of each inner fold, prepared, shared by all trials."""
    inside = data.take(train_rows(first_fold, data.open_time, data.known_at))
    step = data.timeframe.milliseconds
    cut = FoldSettings(
        folds=options.inner_folds,
        test_share=options.inner_test_share,
        embargo=first_fold.embargo // step,
        min_training_rows=1,
    )
    datasets = []
    for fold in walk_forward_folds(inside.open_time, inside.known_at, step, cut):
        training = inside.labelled.take(train_rows(fold, inside.open_time, inside.known_at)).thinned(options.max_rows)
        tested = inside.labelled.take(test_rows(fold, inside.open_time)).thinned(options.max_rows)
        fitted = Preparation.fit(training, data.feature_names, preparation)
        reference = boosting_dataset(fitted.of_labelled(training), base)
        datasets.append((reference, boosting_dataset(fitted.of_labelled(tested), base, reference)))
    return datasets


def _objective(trial: Any, base: LightGbmSettings, inner: Sequence[tuple[Any, Any]]) -> float:
    import optuna  # noqa: PLC0415  # kept out of start-up

    candidate, losses = replace(base, **_suggestion(trial)), []
    for step, (training, tested) in enumerate(inner):
        losses.append(_best_loss(candidate, training, tested))
        trial.report(float(np.mean(losses)), step)
        if trial.should_prune():
            raise optuna.TrialPruned
    return float(np.mean(losses))


def _best_loss(settings: LightGbmSettings, training: Any, tested: Any) -> float:
    lightgbm = import_lightgbm()
    booster = lightgbm.train(
        booster_parameters(settings),
        training,
        num_boost_round=settings.max_rounds,
        valid_sets=[tested],
        valid_names=["tested"],
        callbacks=[lightgbm.early_stopping(settings.patience, verbose=False)],
    )
    return float(booster.best_score["tested"]["binary_logloss"])


def _suggestion(trial: Any) -> dict[str, Any]:
    return {
        name: trial.suggest_int(name, low, high, log=log)
        if isinstance(low, int)
        else trial.suggest_float(name, low, high, log=log)
        for name, (low, high, log) in _SEARCHED.items()
    }


def _configured(base: LightGbmSettings) -> dict[str, Any]:
    """Settings to try first, moved to the nearest that the search may try."""
    return {name: min(max(getattr(base, name), low), high) for name, (low, high, _) in _SEARCHED.items()}


def _record(trial: Any) -> Trial:
    return Trial(trial.number, trial.state.name.lower(), trial.value, dict(trial.params))


def _trial_table(trials: Sequence[Trial]) -> pd.DataFrame:
    rows = [
        {"number": trial.number, "state": trial.state, "value": trial.value, **trial.parameters} for trial in trials
    ]
    return pd.DataFrame(rows, columns=["number", "state", "value", *_SEARCHED])
