"""Parameters proposed by Optuna, one after the other; imported inside functions only, for Optuna is heavy."""

from collections.abc import Callable, Sequence
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from algotrade.backtesting.grid import Grid
from algotrade.errors import ConfigurationError
from algotrade.strategies import Strategy, build_strategy

_STARTUP_TRIALS = 8
_ORDER_OF_MAGNITUDE = 10.0


def propose(grid: Grid, evaluate: Callable[[Strategy], float], trials: int, seed: int) -> list[tuple[Strategy, float]]:
    """Every variant tried, each once, with its score; the default comes first, later ones learn from earlier ones.

    The same seed and the same scores give the same variants, so a search that remembers its scores resumes by
    running again.

    Parameters
    ----------
    grid : Grid
        Between whose smallest and largest values the search may try any.
    evaluate : callable
        Score of a variant, the higher the better.
    trials : int
        How many proposals are made; those that the strategy refuses and those made before are not evaluated.
    seed : int

    References
    ----------
    .. [1] Bergstra, J. et al. (2011). Algorithms for hyper-parameter optimization. NeurIPS.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=_STARTUP_TRIALS)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    space = {name: _distribution(values) for name, values in grid.axes.items()}
    study.enqueue_trial({name: _inside(space[name], getattr(grid.default, name)) for name in space})
    scores: dict[Strategy, float] = {}
    for _ in range(trials):
        asked = study.ask(space)
        variant = _built(grid, asked.params)
        if variant is None:
            study.tell(asked, state=optuna.trial.TrialState.FAIL)
            continue
        if variant not in scores:
            scores[variant] = evaluate(variant)
        study.tell(asked, scores[variant])
    return list(scores.items())


def _built(grid: Grid, parameters: dict[str, Any]) -> Strategy | None:
    try:
        return build_strategy(grid.strategy, {**grid.fixed, **parameters})
    except ConfigurationError:  # a combination that the strategy refuses
        return None


def _distribution(values: Sequence[Any]) -> BaseDistribution:
    if any(isinstance(value, bool) or not isinstance(value, int | float) for value in values):
        return CategoricalDistribution(list(values))
    low, high = min(values), max(values)
    log = low > 0 and high / low >= _ORDER_OF_MAGNITUDE
    if all(isinstance(value, int) for value in values):
        return IntDistribution(low, high, log=log)
    return FloatDistribution(float(low), float(high), log=log)


def _inside(space: BaseDistribution, value: Any) -> Any:
    return value if isinstance(space, CategoricalDistribution) else min(max(value, space.low), space.high)
