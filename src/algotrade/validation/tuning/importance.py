"""Which searched setting mattered. Imports Optuna: import it inside functions."""

from collections.abc import Sequence

import optuna
from optuna.importance import FanovaImportanceEvaluator, get_param_importances
from optuna.trial import FrozenTrial, TrialState

_FEWEST = 4
"""Complete trials from which anything can be told at all."""


def setting_importance(trials: Sequence[FrozenTrial], seed: int) -> dict[str, float]:
    """Share of each setting in the variance of the values of complete trials, largest first; empty if too few.

    By functional analysis of variance over a random forest: what a setting does alone, averaged over all others.

    References
    ----------
    .. [1] Hutter, F., Hoos, H., Leyton-Brown, K. (2014). An efficient approach for assessing hyperparameter
       importance. ICML.
    """
    complete = [trial for trial in trials if trial.state is TrialState.COMPLETE]
    if len(complete) < _FEWEST or len({trial.value for trial in complete}) == 1:
        return {}
    copy = optuna.create_study()
    copy.add_trials(complete)
    shares = get_param_importances(copy, evaluator=FanovaImportanceEvaluator(seed=seed))
    return {name: float(share) for name, share in shares.items()}
