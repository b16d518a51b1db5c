"""How much each sample counts when a model is fitted: the more, the less others tell the same, and the newer it is."""

import numpy as np
from pydantic import PositiveFloat
from pydantic.dataclasses import dataclass as settings_dataclass

from algotrade.domain.candles import FloatArray
from algotrade.domain.timeframe import IntArray
from algotrade.models.configuration import STRICT

_DAY_MS = 86_400_000


@settings_dataclass(frozen=True, config=STRICT)
class WeightSettings:
    """What the weight of a sample is made of; scores never weigh.

    Attributes
    ----------
    uniqueness : bool
        Whether labels that share their span with fewer others count more, as the labels' ``weight`` says. Where the
        length of a label depends on its outcome, so does its weight, and the odds that a model learns are others than
        those that it is scored on; see ``docs/decisions/0014-labels-weights-and-paths.md``.
    decay_half_life_days : float, optional
        Age at which a sample counts half as much as the newest one of its training set; null keeps all ages equal.
    """

    uniqueness: bool = False
    decay_half_life_days: PositiveFloat | None = None


def fitting_weights(weight: FloatArray, open_time: IntArray, decay_half_life_days: float | None) -> FloatArray:
    r"""Weights of one training set, of mean 1, shape ``(n,)``.

    .. math:: w_i \propto u_i\, 2^{-(t_{max} - t_i) / \tau}

    Both the scale and the age are counted within the set, so that they tell a model nothing of what comes after it.

    Parameters
    ----------
    weight : ndarray of float64, shape ``(n,)``
        Uniqueness :math:`u` of each sample, positive.
    open_time : ndarray of int64, shape ``(n,)``
        Milliseconds since the epoch.
    decay_half_life_days : float, optional
        :math:`\tau`.

    References
    ----------
    .. [1] López de Prado, M. (2018). Advances in financial machine learning, sections 4.5 and 4.7.

    >>> fitting_weights(np.ones(2), np.array([0, 86_400_000]), 1.0).round(3).tolist()
    [0.667, 1.333]
    """
    if len(weight) == 0:
        return weight
    if decay_half_life_days is not None:
        age_days = (open_time.max() - open_time) / _DAY_MS
        weight = weight * np.exp2(-age_days / decay_half_life_days)
    scaled: FloatArray = weight / weight.mean()
    return scaled
