"""The ensemble judged honestly: in each fold its weights come from earlier folds only."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import minimize

from algotrade.domain.candles import BoolArray, FloatArray, to_milliseconds
from algotrade.errors import ModelError
from algotrade.models.ensemble import blend_probabilities, logits
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
        One row a fold (``fold``), one column a member.
    final_weights : dict of str to float
        From all folds, for the model that is fitted on all rows.
    """

    predictions: pd.DataFrame
    weights: pd.DataFrame
    final_weights: dict[str, float]


def blend_out_of_fold(predictions: pd.DataFrame, folds: Sequence[Fold], name: str = "ensemble") -> Blend:
    """Blend of the members' out-of-fold predictions, without fitting any of them again.

    The weights of a fold minimise the log loss of the logit-space blend over out-of-fold predictions of
    earlier folds whose labels are known when the fold's training ends; without any they are equal.

    Parameters
    ----------
    predictions : DataFrame
        Out-of-fold predictions of two or more models, on the same rows.
    folds : sequence of Fold
        Those the predictions were made in.
    name : str

    Raises
    ------
    ModelError
        If the members do not forecast the same rows.

    References
    ----------
    .. [1] Wolpert, D. (1992). Stacked generalization. Neural Networks 5(2).
    """
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

    blended, weights = first.assign(model=name), np.empty((len(folds), len(members)))
    for position, fold in enumerate(folds):
        earlier = (fold_of < fold.index) & (known_at <= fold.train_until)
        weights[position] = blend_weights(probability[earlier], direction[earlier])
        rows = fold_of == fold.index
        blended.loc[rows, "probability"] = blend_probabilities(probability[rows], weights[position])
        blended.loc[rows, "expected_return"] = expected_return[rows] @ weights[position]
    table = pd.DataFrame(weights, columns=members)
    table.insert(0, "fold", [fold.index for fold in folds])
    final = dict(zip(members, blend_weights(probability, direction).tolist(), strict=True))
    return Blend(blended[list(PREDICTION_COLUMNS)], table, final)


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
    count = probabilities.shape[1]
    equal = np.full(count, 1 / count)
    if len(direction) == 0:
        return equal
    odds, sign = logits(probabilities), np.where(direction, 1.0, -1.0)

    def loss_and_gradient(weights: FloatArray) -> tuple[float, FloatArray]:
        margin = sign * (odds @ weights)
        return float(np.logaddexp(0, -margin).mean()), -(sign / (1 + np.exp(margin))) @ odds / len(sign)

    found = minimize(
        loss_and_gradient,
        equal,
        jac=True,
        method="SLSQP",
        bounds=[(0.0, 1.0)] * count,
        constraints={"type": "eq", "fun": lambda weights: weights.sum() - 1, "jac": np.ones_like},
        options={"ftol": 1e-10},
    )
    weights = np.where(found.x < _NEGLIGIBLE_WEIGHT, 0.0, found.x)
    return np.asarray(weights / weights.sum()) if found.success else equal
