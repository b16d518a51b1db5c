"""The ensemble judged honestly: in each fold its weights come from earlier folds only."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import expit

from algotrade.domain.candles import BoolArray, FloatArray, to_milliseconds
from algotrade.errors import ModelError
from algotrade.models.ensemble import EnsembleSettings, combine, logits
from algotrade.validation.folds import Fold
from algotrade.validation.walk_forward import PREDICTION_COLUMNS

_NEGLIGIBLE_WEIGHT = 1e-6
_ROW = ["fold", "symbol", "open_time"]


@dataclass(frozen=True)
class Blend:
    """Out-of-fold predictions of an ensemble and its weights.

    Attributes
    ----------
    predictions : DataFrame
        As those of its members, under the ensemble's name.
    weights : DataFrame
        One row a fold (``fold``), one column a member, and ``intercept``.
    final_weights : dict of str to float
        From all folds, for the model that is fitted on all rows.
    final_intercept : float
        Of a stack; a blend has zero.
    """

    predictions: pd.DataFrame
    weights: pd.DataFrame
    final_weights: dict[str, float]
    final_intercept: float


def blend_out_of_fold(
    predictions: pd.DataFrame,
    folds: Sequence[Fold],
    settings: EnsembleSettings | None = None,
    name: str = "ensemble",
) -> Blend:
    """Blend or stack of the members' out-of-fold predictions, without fitting any of them again.

    The weights of a fold minimise the (for a stack: penalised) log loss over out-of-fold predictions of earlier
    folds whose labels are known when the fold's training ends; without any they are equal.

    Parameters
    ----------
    predictions : DataFrame
        Out-of-fold predictions of two or more models, on the same rows.
    folds : sequence of Fold
        Those the predictions were made in.
    settings : EnsembleSettings, optional
        Of which ``method`` and ``penalty`` are used; a blend by default.
    name : str

    Raises
    ------
    ModelError
        If the members do not forecast the same rows.
    """
    options = settings or EnsembleSettings()
    members = sorted(predictions["model"].unique())
    parts = [predictions[predictions["model"] == member].sort_values(_ROW) for member in members]
    first = parts[0].reset_index(drop=True)
    for part in parts[1:]:
        if not part[_ROW].reset_index(drop=True).equals(first[_ROW]):
            raise ModelError(
                f"{members[0]} and {part['model'].iloc[0]} forecast different rows, so they cannot be blended. "
                "Make their samples with the longest history of all models (`longest_history`)."
            )
    probability = np.stack([part["probability"].to_numpy() for part in parts], axis=1)
    expected_return = np.stack([part["expected_return"].to_numpy() for part in parts], axis=1)
    direction = first["forward_return"].to_numpy() > 0
    fold_of, known_at = first["fold"].to_numpy(), to_milliseconds(first["known_at"])

    blended, table = first.assign(model=name), []
    for fold in folds:
        earlier = (fold_of < fold.index) & (known_at <= fold.train_until)
        weights, intercept = _learned(probability[earlier], direction[earlier], options)
        rows = fold_of == fold.index
        blended.loc[rows, "probability"] = combine(probability[rows], weights, intercept)
        blended.loc[rows, "expected_return"] = expected_return[rows] @ weights
        table.append([fold.index, *weights, intercept])
    final_weights, final_intercept = _learned(probability, direction, options)
    return Blend(
        blended[list(PREDICTION_COLUMNS)],
        pd.DataFrame(table, columns=["fold", *members, "intercept"]),
        dict(zip(members, final_weights.tolist(), strict=True)),
        final_intercept,
    )


def blend_weights(probabilities: FloatArray, direction: BoolArray) -> FloatArray:
    """Weights, none negative and summing to one, under which the logit-space blend has the least log loss.

    Parameters
    ----------
    probabilities : ndarray, shape ``(n, members)``
    direction : ndarray of bool, shape ``(n,)``

    Returns
    -------
    ndarray, shape ``(members,)``
        Equal weights if there is nothing to learn from.
    """
    equal = _equal(probabilities)
    if len(direction) == 0:
        return equal
    found = minimize(
        _mean_log_loss(probabilities, direction),
        equal,
        jac=True,
        method="SLSQP",
        bounds=[(0.0, 1.0)] * len(equal),
        constraints={"type": "eq", "fun": lambda weights: weights.sum() - 1, "jac": np.ones_like},
        options={"ftol": 1e-10},
    )
    weights = np.where(found.x < _NEGLIGIBLE_WEIGHT, 0.0, found.x)
    return np.asarray(weights / weights.sum()) if found.success else equal


def stack_weights(probabilities: FloatArray, direction: BoolArray, penalty: float) -> tuple[FloatArray, float]:
    r"""Weights, none negative, and intercept of the penalised logistic regression on the members' log odds.

    .. math:: \min_{w \ge 0,\,a} \; \frac{1}{n} \sum_i \log\big(1 + e^{-y_i (a + w^\top l_i)}\big)
        + \frac{\lambda}{2} \lVert w \rVert^2, \qquad y_i = \pm 1

    The intercept is free, so that members who know nothing leave the base rate.

    Parameters
    ----------
    probabilities : ndarray, shape ``(n, members)``
    direction : ndarray of bool, shape ``(n,)``
    penalty : float

    Returns
    -------
    weights : ndarray, shape ``(members,)``
    intercept : float
        Equal weights and zero if there is nothing to learn from, or only one direction.
    """
    equal = _equal(probabilities)
    if len(direction) == 0 or direction.all() or not direction.any():
        return equal, 0.0
    loss_of = _mean_log_loss(probabilities, direction, intercept=True)

    def loss(parameters: FloatArray) -> tuple[float, FloatArray]:
        value, gradient = loss_of(parameters)
        weights = parameters * ([1.0] * len(equal) + [0.0])
        return value + penalty * float(weights @ weights) / 2, gradient + penalty * weights

    bounds = [(0.0, None)] * len(equal) + [(None, None)]
    start = np.append(equal, 0.0)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-12, "gtol": 1e-8})
    return np.where(found.x[:-1] < _NEGLIGIBLE_WEIGHT, 0.0, found.x[:-1]), float(found.x[-1])


def _learned(probabilities: FloatArray, direction: BoolArray, settings: EnsembleSettings) -> tuple[FloatArray, float]:
    if settings.method == "stack":
        return stack_weights(probabilities, direction, settings.penalty)
    return blend_weights(probabilities, direction), 0.0


def _equal(probabilities: FloatArray) -> FloatArray:
    count = probabilities.shape[1]
    return np.full(count, 1 / count)


def _mean_log_loss(
    probabilities: FloatArray, direction: BoolArray, *, intercept: bool = False
) -> Callable[[FloatArray], tuple[float, FloatArray]]:
    """Mean log loss and its gradient as a function of the weights of log odds, and of an intercept after them."""
    odds, sign = logits(probabilities), np.where(direction, 1.0, -1.0)
    if intercept:
        odds = np.column_stack([odds, np.ones(len(odds))])

    def loss_and_gradient(weights: FloatArray) -> tuple[float, FloatArray]:
        margin = sign * (odds @ weights)
        return float(np.logaddexp(0, -margin).mean()), -(sign * expit(-margin)) @ odds / len(sign)

    return loss_and_gradient
