"""MLflow gets a summary of a sweep: a few figures a strategy and a table, however many variants there are."""

import io

import numpy as np
import pandas as pd
import pytest

from algotrade.hooks.logged_sweeps import log_sweep_grid, log_trial_count, log_walk_forward


class Recorder:
    """Stands in for MLflow and knows only what may be called."""

    def __init__(self) -> None:
        self.metrics: dict[str, float] = {}
        self.files: dict[str, object] = {}

    def log_metrics(self, metrics: dict[str, float]) -> None:
        assert all(isinstance(value, float) and np.isfinite(value) for value in metrics.values())
        self.metrics |= metrics

    def log_text(self, text: str, name: str) -> None:
        self.files[name] = text

    def log_dict(self, value: dict, name: str) -> None:
        self.files[name] = value


@pytest.fixture
def mlflow() -> Recorder:
    return Recorder()


def grid(variants: int) -> pd.DataFrame:
    sharpe = np.linspace(-1.0, 3.0, variants)
    return pd.DataFrame(
        {
            "strategy": "momentum",
            "variant": [f"v{number}" for number in range(variants)],
            "sharpe": sharpe,
            "annual_return": sharpe / 10,
        }
    )


def test_thousands_of_variants_are_four_figures_and_a_table_of_the_best(mlflow):
    log_sweep_grid(mlflow, grid(5_000))
    assert mlflow.metrics == pytest.approx(
        {
            "sweep.momentum.variants": 5_000.0,
            "sweep.momentum.best_sharpe": 3.0,
            "sweep.momentum.median_sharpe": 1.0,
            "sweep.momentum.profitable": 0.75,
        }
    )
    table = pd.read_csv(io.StringIO(mlflow.files["sweep_grid.csv"]))
    assert len(table) == 1_000
    assert table["variant"].iloc[0] == "v4999"


def test_variants_that_never_traded_have_no_ratio_to_log(mlflow):
    log_sweep_grid(mlflow, grid(2).assign(sharpe=np.nan))
    assert set(mlflow.metrics) == {"sweep.momentum.variants", "sweep.momentum.profitable"}
    log_sweep_grid(Recorder(), grid(0))


def test_the_count_and_the_walk_are_logged(mlflow):
    log_trial_count(mlflow, {"count": 216, "this_run": 48, "by_strategy": {}, "data": "d"})
    figures = {"sharpe": 1.0, "annual_return": 0.1, "max_drawdown": 0.2, "deflated_sharpe": None}
    log_walk_forward(mlflow, {"momentum": {"optimised": figures, "default": {**figures, "sharpe": 2.0}}})
    assert mlflow.metrics["trials.count"] == 216.0
    assert mlflow.metrics["walk_forward.momentum.default_sharpe"] == 2.0
    assert "walk_forward.momentum.optimised_deflated_sharpe" not in mlflow.metrics
    assert mlflow.files["walk_forward.json"]["momentum"]["optimised"]["sharpe"] == 1.0
    log_walk_forward(Recorder(), {})
