"""A drift check as tables: one row a feature, one row a family, the furthest first."""

from typing import Any

import numpy as np
import pandas as pd

from algotrade.monitoring.drift import MEASURES, Comparison


def feature_table(comparison: Comparison) -> pd.DataFrame:
    """One row a feature: every statistic with its threshold, and whether one exceeds it.

    Returns
    -------
    DataFrame
        ``feature``, ``family``; ``psi``, ``ks``, ``wasserstein``, ``missing`` (change of the share), each with
        ``_threshold``; ``missing_reference``, ``missing_current``; ``measure`` (the one furthest out), ``excess`` (the
        largest statistic over its threshold), ``p_value`` (of the whole report, were this feature its furthest) and
        ``drifted``. Furthest first.
    """
    calibration, origin = comparison.reference.calibration, comparison.reference.origin
    z = comparison.by_feature(comparison.z)
    columns: dict[str, Any] = {"feature": origin.names, "family": origin.families}
    statistics = comparison.by_feature(comparison.statistics)
    thresholds = comparison.by_feature(calibration.thresholds)
    for measure, values, limits in zip(MEASURES, statistics, thresholds, strict=True):
        columns |= {measure: values, f"{measure}_threshold": limits}
    columns |= {
        "missing_reference": comparison.missing[:, 0],
        "missing_current": comparison.missing[:, 1],
        "measure": [MEASURES[row] for row in z.argmax(axis=0)],
        "excess": comparison.by_feature(comparison.excess).max(axis=0),
        "p_value": calibration.p_values(z.max(axis=0)),
        "drifted": comparison.drifted,
    }
    order = z.max(axis=0).argsort()[::-1]
    return pd.DataFrame({name: np.asarray(values)[order] for name, values in columns.items()})


def family_table(comparison: Comparison) -> pd.DataFrame:
    """One row a family, and one for all features: the joint statistic, and how many features drifted by themselves.

    Returns
    -------
    DataFrame
        ``family``, ``features``, ``drifted_features``, ``statistic``, ``threshold``, ``excess``, ``p_value``,
        ``drifted``; ``mean_shift`` (share of its square that moved means account for); ``pair``,
        ``correlation_reference``, ``correlation_current`` (the two features that go together least as they did).
    """
    calibration, origin = comparison.reference.calibration, comparison.reference.origin
    drifted = comparison.drifted
    members = [origin.members(group) for group in origin.groups]
    z = comparison.by_group(comparison.z)
    return pd.DataFrame(
        {
            "family": origin.groups,
            "features": [len(own) for own in members],
            "drifted_features": [int(drifted[own].sum()) for own in members],
            "statistic": comparison.by_group(comparison.statistics),
            "threshold": comparison.by_group(calibration.thresholds),
            "excess": comparison.by_group(comparison.excess),
            "p_value": calibration.p_values(z),
            "drifted": comparison.by_group(comparison.exceeding),
            "mean_shift": comparison.mean_shift,
            "pair": ["" if pair is None else f"{pair.first}, {pair.second}" for pair in comparison.pairs],
            "correlation_reference": [float("nan") if pair is None else pair.reference for pair in comparison.pairs],
            "correlation_current": [float("nan") if pair is None else pair.current for pair in comparison.pairs],
        }
    )
