"""Whether the chosen parameters stand on a plateau or on a needle: how their neighbours in the grid do."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd


def parameter_plateau(
    sweep_grid: pd.DataFrame, strategy: str, chosen: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Sharpe ratio of a variant against those one step away from it in one parameter.

    Parameters
    ----------
    sweep_grid : DataFrame
        A row a variant: ``strategy``, ``parameters`` (JSON) and ``sharpe``, NaN where returns did not vary.
    strategy : str
    chosen : mapping, optional
        Parameters of the variant; the best of the strategy by default, as where they are not in the grid.

    Returns
    -------
    dict
        ``parameters`` and ``sharpe`` of the variant, ``variants`` of the strategy, ``neighbours`` (how many), their
        ``mean``, ``worst`` and ``best`` Sharpe ratio, ``kept`` (mean of the neighbours over the variant's own: near 1
        on a plateau), ``rank`` (share of the variants that are worse). Empty without a variant; None where a figure
        is not defined.

    References
    ----------
    .. [1] Pardo, R. (2008). The evaluation and optimization of trading strategies, chapter 10: a robust set of
       parameters has good neighbours.
    """
    own = sweep_grid[sweep_grid["strategy"] == strategy].reset_index(drop=True)
    own = own[own["sharpe"].notna()].reset_index(drop=True)
    if own.empty:
        return {}
    grid = [json.loads(text) for text in own["parameters"]]
    place = _place(grid, chosen)
    place = int(own["sharpe"].argmax()) if place is None else place
    levels = {name: sorted({point[name] for point in grid if name in point}, key=_order) for name in grid[place]}
    around = [other for other, point in enumerate(grid) if _one_step(grid[place], point, levels)]
    sharpe, ratios = float(own["sharpe"][place]), own["sharpe"].to_numpy(dtype=np.float64)
    near = ratios[around]
    return {
        "parameters": grid[place],
        "sharpe": sharpe,
        "variants": len(own),
        "neighbours": len(around),
        "mean": float(near.mean()) if len(near) else None,
        "worst": float(near.min()) if len(near) else None,
        "best": float(near.max()) if len(near) else None,
        "kept": float(near.mean() / sharpe) if len(near) and sharpe > 0.0 else None,
        "rank": float((ratios < sharpe).sum() / (len(own) - 1)) if len(own) > 1 else None,
    }


def _place(grid: list[dict[str, Any]], chosen: Mapping[str, Any] | None) -> int | None:
    """Where the chosen parameters are in the grid."""
    for place, point in enumerate(grid):
        if chosen is not None and all(chosen.get(name) == value for name, value in point.items()):
            return place
    return None


def _order(value: Any) -> tuple[bool, Any]:
    """Numbers by size, before anything else by its name."""
    number = isinstance(value, (int, float))
    return not number, value if number else str(value)


def _one_step(here: dict[str, Any], there: dict[str, Any], levels: dict[str, list[Any]]) -> bool:
    """Whether two points differ in one parameter, by one step of its levels."""
    differing = [name for name in here if there.get(name) != here[name]]
    if len(differing) != 1 or differing[0] not in there:
        return False
    steps = levels[differing[0]]
    return abs(steps.index(there[differing[0]]) - steps.index(here[differing[0]])) == 1
