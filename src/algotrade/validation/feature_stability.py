"""What features were worth, fold by fold, and whether the folds agree. For reading only."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from algotrade.domain.candles import BoolArray, FloatArray
from algotrade.models.preparation import FACTOR_FAMILY, Preparation
from algotrade.models.preparation.columns import rank_scores
from algotrade.models.samples import even_steps
from algotrade.validation.folds import Fold
from algotrade.validation.preparing import FoldPreparation
from algotrade.validation.training_data import TrainingData
from algotrade.validation.training_rows import TrainingSettings, rows_tested

TOP = 20
"""Features with the most importance that count as the top ones of a fold."""
_MOST_ROWS = 20_000


def features_by_fold(
    data: TrainingData,
    folds: Sequence[Fold],
    preparations: Sequence[FoldPreparation],
    importances: Sequence[FloatArray],
    families: Mapping[str, str],
    training: TrainingSettings,
) -> pd.DataFrame:
    """One row a fold and feature; features that were dropped and factors that a fold lacks have importance 0.

    Parameters
    ----------
    data : TrainingData
    folds : sequence of Fold
    preparations : sequence of FoldPreparation
        One a fold.
    importances : sequence of ndarray
        One a fold: of each column that its model saw.
    families : mapping of str to str
        By feature; factors are of the family ``custom``.
    training : TrainingSettings
        Says which symbols a fold tests.

    Returns
    -------
    DataFrame
        ``fold``, ``feature``, ``family``, ``selected``, ``importance``, ``rank`` (1 for the most important, ties
        share the mean), ``information_coefficient``: the rank correlation of the feature alone with the forward
        return over the fold's test rows, missing values counting as the median.
    """
    factors = sorted({name for each in preparations for name in each.preparation.factor_names})
    names = [*data.feature_names, *factors]
    parts = []
    for fold, fitted, importance in zip(folds, preparations, importances, strict=True):
        preparation = fitted.preparation
        share = dict(zip(preparation.names, importance.tolist(), strict=True))
        values = np.array([share.get(name, 0.0) for name in names])
        alone = _information_coefficients(data, rows_tested(data, fold, training), preparation)
        parts.append(
            pd.DataFrame(
                {
                    "fold": fold.index,
                    "feature": pd.Series(names, dtype="str"),
                    "family": pd.Series([families.get(name, FACTOR_FAMILY) for name in names], dtype="str"),
                    "selected": [name in share for name in names],
                    "importance": values,
                    "rank": rankdata(-values),
                    "information_coefficient": [alone.get(name, np.nan) for name in names],
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def feature_stability(by_fold: pd.DataFrame, top: int = TOP) -> pd.DataFrame:
    """One row a feature, the most important first.

    Parameters
    ----------
    by_fold : DataFrame
        As ``features_by_fold`` gives it.
    top : int

    Returns
    -------
    DataFrame
        ``feature``, ``family``, ``selected_share`` of the folds, ``importance`` and ``importance_std`` over the
        folds, ``mean_rank``, ``top_share`` of the folds in which it was among the ``top`` (and had any
        importance), ``information_coefficient``, its ``information_coefficient_std`` and the ``sign_share`` of the
        folds in which it had the sign of its mean, ``unstable``: among the top in some folds, but in at most half.
    """
    ranked = by_fold.assign(in_top=(by_fold["rank"] <= top) & (by_fold["importance"] > 0))
    groups = ranked.groupby("feature", sort=False)
    coefficient = groups["information_coefficient"]
    mean = coefficient.mean()
    same = np.sign(ranked["information_coefficient"]) == np.sign(ranked["feature"].map(mean))
    known = ranked["information_coefficient"].notna()
    agreeing = (same & known).groupby(ranked["feature"], sort=False).sum()
    folds = known.groupby(ranked["feature"], sort=False).sum()
    table = pd.DataFrame(
        {
            "family": groups["family"].first(),
            "selected_share": groups["selected"].mean(),
            "importance": groups["importance"].mean(),
            "importance_std": groups["importance"].std(ddof=0),
            "mean_rank": groups["rank"].mean(),
            "top_share": groups["in_top"].mean(),
            "information_coefficient": mean,
            "information_coefficient_std": coefficient.std(ddof=0),
            "sign_share": agreeing / folds.where(folds > 0),
        }
    )
    table["unstable"] = (table["top_share"] > 0) & (table["top_share"] <= 0.5)
    return table.reset_index().sort_values(["importance", "mean_rank"], ascending=[False, True], ignore_index=True)


def importance_agreement(by_fold: pd.DataFrame, top: int = TOP) -> dict[str, Any]:
    r"""How far the folds agree on which features matter: 1 if they do, 0 if only by chance.

    ``rank_correlation`` is the mean over pairs of folds of the rank correlation of importances;
    ``kuncheva_index`` that of the overlap of the ``top`` features, corrected for chance:

    .. math:: K = \frac{r F - k^2}{k (F - k)}

    with :math:`r` features of :math:`k` in common and :math:`F` in all. None where there are no two folds, or
    nothing to choose from.

    References
    ----------
    .. [1] Kuncheva, L. (2007). A stability index for feature selection. Proc. 25th IASTED AIA.
    """
    table = by_fold.pivot_table(index="feature", columns="fold", values="importance", sort=False).to_numpy()
    pairs = list(combinations(range(table.shape[1]), 2))
    size = min(top, len(table))
    correlations = [_rank_correlation(table[:, one], table[:, other]) for one, other in pairs]
    chosen = [set(np.argsort(-column, kind="stable")[:size].tolist()) for column in table.T]
    overlaps = [kuncheva_index(chosen[one], chosen[other], len(table)) for one, other in pairs]
    defined = [overlap for overlap in overlaps if overlap is not None]
    return {
        "folds": table.shape[1],
        "top": size,
        "rank_correlation": float(np.mean(correlations)) if correlations else None,
        "kuncheva_index": float(np.mean(defined)) if defined else None,
    }


def kuncheva_index(one: set[int], other: set[int], features: int) -> float | None:
    """Overlap of two choices of equally many of ``features``, 0 in the mean by chance, 1 if equal.

    >>> kuncheva_index({1, 2}, {2, 3}, features=4)
    0.0
    """
    size = len(one)
    if size in {0, features}:
        return None
    return (len(one & other) * features - size**2) / (size * (features - size))


def _rank_correlation(one: FloatArray, other: FloatArray) -> float:
    return float(np.prod(rank_scores(np.column_stack([one, other])), axis=1).sum())


def _information_coefficients(data: TrainingData, of_test: BoolArray, preparation: Preparation) -> dict[str, float]:
    tested = data.labelled.take(of_test)
    if len(tested) > _MOST_ROWS:
        tested = tested.take(even_steps(len(tested), _MOST_ROWS))
    raw = tested.samples.last()
    made = preparation.transform(raw)[:, len(preparation.kept) :]
    rows = np.concatenate([raw, made], axis=1)
    outcome = rank_scores(tested.targets.forward_return[:, None])[:, 0]
    coefficients = outcome @ rank_scores(rows)
    # A feature that is constant or missing throughout ranks nothing: it has no coefficient rather than zero.
    known = np.isfinite(coefficients) & (np.ptp(np.nan_to_num(rows), axis=0) > 0)
    names = (*data.feature_names, *preparation.factor_names)
    return {name: float(value) for name, value, there in zip(names, coefficients, known, strict=True) if there}
