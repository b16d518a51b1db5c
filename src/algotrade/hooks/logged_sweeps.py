"""The search for parameters in MLflow: a summary and two files, not a run for each of thousands of variants."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

_LONGEST_TABLE = 1_000


def log_sweep_grid(mlflow: Any, grid: pd.DataFrame) -> None:
    """What the variants of each strategy came to, and the best of them as a table."""
    for strategy, own in grid.groupby("strategy"):
        figures = {
            "variants": float(len(own)),
            "best_sharpe": own["sharpe"].max(),
            "median_sharpe": own["sharpe"].median(),
            "profitable": (own["annual_return"] > 0.0).mean(),
        }
        mlflow.log_metrics({f"sweep.{strategy}.{name}": value for name, value in figures.items() if pd.notna(value)})
    if len(grid):
        best = grid.sort_values("sharpe", ascending=False).head(_LONGEST_TABLE)
        mlflow.log_text(best.to_csv(index=False), "sweep_grid.csv")


def log_trial_count(mlflow: Any, counted: Mapping[str, Any]) -> None:
    """By how many trials the results are deflated."""
    mlflow.log_metrics({"trials.count": float(counted["count"]), "trials.this_run": float(counted["this_run"])})


def log_walk_forward(mlflow: Any, walks: Mapping[str, Any]) -> None:
    """What the chosen parameters earned on days that they were not chosen on, beside the default ones."""
    for strategy, walk in walks.items():
        figures = {
            f"{which}_{name}": walk[which][name]
            for which in ("optimised", "default")
            for name in ("sharpe", "annual_return", "max_drawdown", "deflated_sharpe")
        }
        known = {f"walk_forward.{strategy}.{name}": float(v) for name, v in figures.items() if v is not None}
        mlflow.log_metrics(known)
    if walks:
        mlflow.log_dict(dict(walks), "walk_forward.json")
