"""What each feature adds to the log odds of boosted trees."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from algotrade.models.gradient_boosting import LightGbm
from algotrade.validation.explanation.rows import COLUMNS, FoldRows, summed_up


def tree_contributions(
    trees: Sequence[LightGbm], tested: Sequence[FoldRows], families: dict[str, str], seed: int = 0
) -> pd.DataFrame:
    """Mean size of what each column adds to the log odds of a rise, on rows that the trees had not seen.

    The contributions are Shapley values: with the bias they sum to the log odds of each row.

    Parameters
    ----------
    trees : sequence of LightGbm
        The fitted one of each fold.
    tested : sequence of FoldRows
    families : dict of str to str
        By feature.
    seed : int
        Of the block bootstrap.

    Returns
    -------
    DataFrame
        ``model``, ``feature``, ``family``, ``kind`` (shap), ``value`` with ``low`` and ``high``, the largest first.

    References
    ----------
    .. [1] Lundberg, S. et al. (2020). From local explanations to global understanding with explainable AI for trees.
       Nature Machine Intelligence 2.
    """
    sizes = [
        np.abs(model.contributions(fold.samples.samples)[:, :-1]) for model, fold in zip(trees, tested, strict=True)
    ]
    return summed_up(tested, sizes, families, seed).assign(model=LightGbm.name, kind="shap")[list(COLUMNS)]
