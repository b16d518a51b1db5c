"""A study that can be interrupted, resumed and shared. Imports Optuna: import it inside functions."""

import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field

import optuna
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, TrialState

from algotrade.errors import ConfigurationError
from algotrade.validation.tuning.results import SLOT
from algotrade.validation.tuning.sampling import STARTUP_TRIALS, TrialSampler
from algotrade.validation.tuning.workers import Worker

_MADE_OF = "made_of"
_WORKER = "worker"
_SECONDS_NAMELESS = 60.0
_SECONDS_BETWEEN_LOOKS = 0.2

Objective = Callable[[optuna.Trial], float]


class SlotTaken(Exception):  # nothing went wrong: another worker was faster
    """All trials that were asked for are taken by others."""


def open_study(
    name: str, made_of: Mapping[str, str], storage: BaseStorage | None, sampler: TrialSampler, pruner: str
) -> optuna.Study:
    """The study of this name, new or as far as it got.

    Raises
    ------
    ConfigurationError
        If the study was made of something else: nothing is added to it.
    """
    # Its warnings are about trials that fail, and these end in an error of their own.
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(
        storage=storage, study_name=name, load_if_exists=True, sampler=sampler, pruner=_pruner(pruner)
    )
    known = study.user_attrs.get(_MADE_OF)
    if known is None and not study.get_trials(deepcopy=False):
        study.set_user_attr(_MADE_OF, dict(made_of))
    elif known != made_of:
        raise ConfigurationError(_belongs_elsewhere(name, known or {}, made_of))
    return study


def run_trials(
    study: optuna.Study,
    total: int,
    objective: Objective,
    timeout_seconds: float | None = None,
    on_end: Callable[[FrozenTrial], None] | None = None,
) -> None:
    """Run trials until ``total`` of them are there, those of other workers included, and all have ended.

    What a worker that is gone has begun is begun anew. An error of the objective ends the search; the trial counts
    as failed and its slot stays free.

    Parameters
    ----------
    study : Study
    total : int
    objective : callable
        Given each trial that this worker runs; may raise ``TrialPruned``.
    timeout_seconds : float, optional
        No trial starts later, nor are others waited for.
    on_end : callable, optional
        Given each trial of this worker when it has ended well.
    """

    def told(_: optuna.Study, trial: FrozenTrial) -> None:
        if on_end is not None and trial.state is not TrialState.FAIL:
            on_end(trial)

    watch = _Watch()
    end = float("inf") if timeout_seconds is None else time.monotonic() + timeout_seconds
    while True:
        watch.release_abandoned(study)
        taken = taken_slots(study, total)
        if len(taken) == total and all(trial.state.is_finished() for trial in taken.values()):
            return
        if time.monotonic() > end:
            return
        if len(taken) < total:
            study.optimize(
                lambda trial: _in_a_slot(trial, total, objective, watch),
                n_trials=1,
                catch=(SlotTaken,),
                callbacks=[told],
            )
        else:
            time.sleep(_SECONDS_BETWEEN_LOOKS)


def taken_slots(study: optuna.Study, total: int) -> dict[int, FrozenTrial]:
    """The first ``total`` slots that have a trial, in order; one that failed has left its slot."""
    held = {trial.user_attrs[SLOT]: trial for trial in _standing(study) if SLOT in trial.user_attrs}
    return {slot: held[slot] for slot in sorted(held) if slot < total}


@dataclass(frozen=True)
class _Watch:
    """Looks after the trials of others.

    Attributes
    ----------
    nameless_since : dict of int to float
        When a running trial was first seen without its worker's name; clocks of other machines are not asked.
    """

    nameless_since: dict[int, float] = field(default_factory=dict)

    def release_abandoned(self, study: optuna.Study) -> None:
        """Fail the running trials whose process is gone: on this machine at once, elsewhere when heartbeats stop."""
        for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            worker = trial.user_attrs.get(_WORKER)
            if Worker(**worker).is_gone if worker else self._ended_nameless(trial.number):
                study.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            optuna.storages.fail_stale_trials(study)

    def _ended_nameless(self, number: int) -> bool:
        """Whether a worker must have ended right after it had begun, before it gave its name."""
        now = time.monotonic()
        return now - self.nameless_since.setdefault(number, now) > _SECONDS_NAMELESS


def _in_a_slot(trial: optuna.Trial, total: int, objective: Objective, watch: _Watch) -> float:
    trial.set_user_attr(_WORKER, asdict(Worker.here()))
    slot = _free_slot(trial, watch)
    if slot >= total:
        raise SlotTaken
    trial.set_user_attr(SLOT, slot)
    return objective(trial)


def _free_slot(trial: optuna.Trial, watch: _Watch) -> int:
    """The first slot that no earlier trial holds; earlier ones that are just about to choose go first."""
    while True:
        earlier = [other for other in _standing(trial.study) if other.number < trial.number]
        held = {other.user_attrs.get(SLOT) for other in earlier}
        if None not in held:
            return next(slot for slot in range(len(held) + 1) if slot not in held)
        time.sleep(_SECONDS_BETWEEN_LOOKS)
        watch.release_abandoned(trial.study)


def _standing(study: optuna.Study) -> list[FrozenTrial]:
    return [trial for trial in study.get_trials(deepcopy=False) if trial.state is not TrialState.FAIL]


def _pruner(name: str) -> optuna.pruners.BasePruner:
    if name == "median":
        return optuna.pruners.MedianPruner(n_startup_trials=STARTUP_TRIALS)
    if name == "successive_halving":
        return optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=2)
    return optuna.pruners.NopPruner()


def _belongs_elsewhere(name: str, known: Mapping[str, str], made_of: Mapping[str, str]) -> str:
    others = [part for part in made_of if known.get(part) != made_of[part]]
    what = f"of another {', '.join(others)}" if known else "by another program"
    return (
        f"The study {name!r} was made {what}; its trials say nothing about this search and are left as they are. "
        "Choose another training.tuning.study_name, or leave it out: a study is then named after what it is made of."
    )
