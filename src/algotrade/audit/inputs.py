"""Feature frames searched for the label: no probe of the code finds it in a frame that came from elsewhere."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from algotrade.audit.findings import Finding, Subject
from algotrade.domain.candles import FloatArray, Panel
from algotrade.validation.labels import forward_returns

MOST_CORRELATED = 0.5
"""Rank correlation with a forward return beyond which no feature is honest.

A quarter of the variance of the ranks foreseen. The best feature of the registry has 0.11 on a year of real hourly
candles, and 0.16 in a simulated market with a planted signal; a label with as much noise mixed in has 0.6.
"""
MOST_DISCERNING = 0.9
"""Area under the curve, of the sign of a forward return, beyond which no feature is honest."""
_STANDARD_ERRORS = 5.0
_ALMOST_EQUAL = 0.99
_FEWEST = 30
_KEYS = ["symbol", "open_time"]


def forward_targets(panel: Panel, horizon: int) -> dict[str, pd.DataFrame]:
    """Labels of the horizon and of every shorter power of two, by a name that says the horizon."""
    horizons = sorted({*(2**power for power in range(horizon.bit_length()) if 2**power <= horizon), horizon})
    return {
        f"the return of the next {ahead} candle{'s' if ahead > 1 else ''}": forward_returns(panel, ahead)
        for ahead in horizons
        if len(panel) >= ahead + 2
    }


def probe_inputs(
    features: pd.DataFrame, targets: Mapping[str, pd.DataFrame], subject: Subject = "stored feature"
) -> list[Finding]:
    """The columns of a feature frame that are as close to what comes as only the label itself can be.

    The bounds are :data:`MOST_CORRELATED` and :data:`MOST_DISCERNING`, and further away where labels overlap so much
    that chance reaches them: five standard errors, counted in spans that do not overlap.

    Parameters
    ----------
    features : DataFrame
        ``symbol``, ``open_time`` and one column a feature.
    targets : mapping of str to DataFrame
        By what they are: labels as ``forward_returns`` gives them, of which the return is looked for.
    subject : str
        How to call the columns in a finding.
    """
    names = [name for name in features.columns if name not in _KEYS]
    closest: dict[str, tuple[float, float, str, int]] = {}
    for what, labels in targets.items():
        joined = labels[[*_KEYS, "known_at", "forward_return"]].merge(features, on=_KEYS, how="inner")
        if len(joined) < _FEWEST:
            continue
        returns, bound = joined["forward_return"].to_numpy(dtype=np.float64), _bound(joined)
        for name in names:
            correlation, area, rows = _closeness(joined[name].to_numpy(dtype=np.float64), returns)
            suspicious = abs(correlation) > bound or (abs(area - 0.5) > MOST_DISCERNING - 0.5 and bound < _ALMOST_EQUAL)
            if suspicious and abs(correlation) > abs(closest.get(name, (0.0,))[0]):
                closest[name] = (correlation, area, what, rows)
    return [_finding(subject, name, *found) for name, found in closest.items()]


def _closeness(values: FloatArray, returns: FloatArray) -> tuple[float, float, int]:
    """Rank correlation with the returns, area under the curve of their sign, and rows that both are of."""
    known = np.isfinite(values) & np.isfinite(returns)
    values, returns = values[known], returns[known]
    if len(values) < _FEWEST or values.min() == values.max() or returns.min() == returns.max():
        return 0.0, 0.5, len(values)
    ranks, others = rankdata(values), rankdata(returns)
    correlation = float(np.corrcoef(ranks, others)[0, 1])
    rises = returns > 0
    positive, negative = int(rises.sum()), int((~rises).sum())
    if not positive or not negative:
        return correlation, 0.5, len(values)
    area = (float(ranks[rises].sum()) - positive * (positive + 1) / 2) / (positive * negative)
    return correlation, area, len(values)


def _bound(joined: pd.DataFrame) -> float:
    """Rank correlation that is suspicious for these labels."""
    span = (joined["known_at"] - joined["open_time"]).median()
    first, last = joined["open_time"].min(), joined["known_at"].max()
    # Symbols move together: only time counts.
    independent = max(float((last - first) / span), 1.0)
    return float(min(max(MOST_CORRELATED, _STANDARD_ERRORS / np.sqrt(independent)), _ALMOST_EQUAL))


def _finding(subject: Subject, name: str, correlation: float, area: float, what: str, rows: int) -> Finding:
    detail = (
        f"has a rank correlation of {correlation:.2f} with {what} (area under the curve {area:.2f}, {rows} rows); "
        "no honest feature has, so the label may be in it"
    )
    return Finding(subject, name, "label_in_inputs", ("correlation",), detail=detail)
