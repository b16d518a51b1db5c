"""The sampler of a search. Imports Optuna: import it inside functions."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial

from algotrade.errors import ConfigurationError
from algotrade.validation.tuning.results import SLOT
from algotrade.validation.tuning.spaces import Space

STARTUP_TRIALS = 4
"""Trials at random before the sampler learns from them; nor is any of them pruned."""


def distributions(space: Space) -> dict[str, BaseDistribution]:
    """The space in Optuna's words."""
    return {
        name: IntDistribution(int(limits.low), int(limits.high), log=limits.log)
        if name in space.whole
        else FloatDistribution(limits.low, limits.high, log=limits.log)
        for name, limits in space.ranges.items()
    }


class TrialSampler(optuna.samplers.BaseSampler):
    """Values that depend on the seed, the slot of the trial and the results before it, and on nothing else.

    The sampler that comes with Optuna keeps a random state, which an interrupted search loses. Here every trial has
    a fresh one, made of the seed and its slot: what a resumed search tries is what an uninterrupted one had tried.
    The first slot tries the configured settings. The others are sampled by the multivariate TPE, which knows of
    trials that run elsewhere.

    Parameters
    ----------
    space : Space
    first : mapping
        The configured settings.
    seed : int

    References
    ----------
    .. [1] Bergstra, J. et al. (2011). Algorithms for hyper-parameter optimization. NeurIPS.
    """

    def __init__(self, space: Space, first: Mapping[str, Any], seed: int) -> None:
        self._distributions = distributions(space)
        self._first = dict(first)
        self._seed = seed

    def infer_relative_search_space(
        self,
        study: optuna.Study,  # noqa: ARG002  # the space is known beforehand
        trial: FrozenTrial,  # noqa: ARG002
    ) -> dict[str, BaseDistribution]:
        """All of it."""
        return {name: kind for name, kind in self._distributions.items() if not kind.single()}

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """A value for each setting."""
        slot = trial.user_attrs[SLOT]
        if slot == 0:
            return {name: self._first[name] for name in search_space}
        seed = int(np.random.SeedSequence([self._seed, slot]).generate_state(1)[0])
        tpe = optuna.samplers.TPESampler(seed=seed, n_startup_trials=STARTUP_TRIALS)
        together = tpe.sample_relative(study, trial, search_space)
        return {
            name: together[name] if name in together else tpe.sample_independent(study, trial, name, kind)
            for name, kind in search_space.items()
        }

    def sample_independent(
        self,
        study: optuna.Study,  # noqa: ARG002 (Optuna's signature)
        trial: FrozenTrial,  # noqa: ARG002
        param_name: str,
        param_distribution: BaseDistribution,  # noqa: ARG002
    ) -> Any:
        """Refuse a setting that the space does not have.

        Raises
        ------
        ConfigurationError
            Always: every setting of the space is sampled together with the others.
        """
        raise ConfigurationError(
            f"Setting {param_name!r} is not in the search space. There are: {', '.join(self._distributions)}. "
            "Ask a trial for those only, or widen the space."
        )
