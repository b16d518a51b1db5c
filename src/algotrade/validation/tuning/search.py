"""Settings found inside the training rows of the first fold, and nowhere else."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from algotrade.models.base import Model, build_model
from algotrade.validation.tuning.fingerprint import fingerprint, short
from algotrade.validation.tuning.inner import InnerData
from algotrade.validation.tuning.losses import Loss, loss_of
from algotrade.validation.tuning.results import SLOT, Search, Trial
from algotrade.validation.tuning.settings import TuningSettings
from algotrade.validation.tuning.spaces import Space

OnTrial = Callable[[Trial], None]


def search_settings(
    family: str,
    settings: Mapping[str, Any],
    data: InnerData,
    tuning: TuningSettings | None = None,
    storage: Any = None,
    on_trial: OnTrial | None = None,
) -> Search:
    """Settings with the lowest mean log loss over the inner folds, after ``trials`` trials in total.

    Each trial fits the model as the walk does: on training rows, stopped early on later ones, judged on later ones
    still. Trials that lag behind after an inner fold are pruned. A study that was interrupted goes on, and what it
    tries then is what it would have tried; a complete one is read. Several processes may search in one storage.

    Parameters
    ----------
    family : str
    settings : mapping
        Of the model; what is not searched stays.
    data : InnerData
        From ``inner_data``.
    tuning : TuningSettings, optional
    storage : optuna.storages.BaseStorage, optional
        In memory by default.
    on_trial : callable, optional
        Called after each trial that this process runs, for a log.

    Raises
    ------
    ConfigurationError
        If a setting or a range is not accepted, or the study belongs to another search.
    ModelError
        If a model cannot be fitted.

    References
    ----------
    .. [1] Akiba, T. et al. (2019). Optuna: a next-generation hyperparameter optimization framework. KDD.
    """
    from algotrade.validation.tuning import importance, sampling, study  # noqa: PLC0415  # they import Optuna

    options, model = tuning or TuningSettings(), build_model(family, settings)
    space, total = options.space_of(family, settings), options.trials_of(family)
    made_of = fingerprint(model, space, data, options)
    opened = study.open_study(
        f"{family}-{options.study_name or short(made_of)}",
        made_of,
        storage,
        sampling.TrialSampler(space, space.nearest(model.settings), options.seed),
        options.pruner,
    )
    own: list[int] = []

    def note(trial: Any) -> None:
        own.append(trial.number)
        if on_trial is not None:
            on_trial(_record(trial))

    study.run_trials(opened, total, _Objective(model, space, data), options.timeout_seconds, note)
    ended = [trial for trial in study.taken_slots(opened, total).values() if trial.state.is_finished()]
    return Search(
        family,
        opened.study_name,
        made_of,
        asdict(model.settings),
        space.to_json(),
        tuple(_record(trial) for trial in ended),
        len(own),
        importance.setting_importance(ended, options.seed),
    )


@dataclass(frozen=True)
class _Objective:
    """Mean log loss of a trial's settings over the inner folds."""

    model: Model
    space: Space
    data: InnerData

    def __call__(self, trial: Any) -> float:
        import optuna  # noqa: PLC0415  # kept out of start-up

        settings = {**asdict(self.model.settings), **self._suggestion(trial)}
        losses: list[float] = []
        for position in range(len(self.data.cuts)):
            # What the configured settings are worth is always worth knowing in full.
            if losses and trial.user_attrs[SLOT] > 0 and trial.should_prune():
                raise optuna.TrialPruned
            losses.append(self._loss(settings, position))
            trial.report(float(np.mean(losses)), position)
        return float(np.mean(losses))

    @cached_property
    def _loss(self) -> Loss:
        """Made for the first trial: where a complete study is read, no fold has to be prepared."""
        return loss_of(self.model.name, asdict(self.model.settings), self.data.folds)

    def _suggestion(self, trial: Any) -> dict[str, Any]:
        return {
            name: trial.suggest_int(name, int(limits.low), int(limits.high), log=limits.log)
            if name in self.space.whole
            else trial.suggest_float(name, limits.low, limits.high, log=limits.log)
            for name, limits in self.space.ranges.items()
        }


def _record(trial: Any) -> Trial:
    state, folds = trial.state.name.lower(), len(trial.intermediate_values)
    return Trial(trial.user_attrs[SLOT], state, trial.value, folds, dict(trial.params))
