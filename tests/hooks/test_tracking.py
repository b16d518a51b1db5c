"""What the report leaves in an MLflow run: the page, every figure, the figures by which runs are compared."""

from typing import Any

import pytest

from algotrade.hooks import TrackingHooks

METRICS = {
    "overfitting": {"trials": 71},
    "strategies": {
        "ml_signal": {
            "sharpe": 1.1,
            "win_rate": None,
            "intervals": {"sharpe": {"low": -0.4, "high": 2.6}},
            "robustness": {"capacity": {"equity": 1e6}},
            "stress": {"FTX 2022": {"sharpe": -2.0}},
            "attribution": {"side": {"long": {"pnl": 3.0}}},
        }
    },
}


class Recorder:
    """Stands for the module ``mlflow`` and remembers what it was asked to log."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Any, Any]] = []

    def active_run(self) -> object:
        return self

    def __getattr__(self, name: str) -> Any:
        return lambda value, at=None: self.calls.append((name, value, at))


@pytest.fixture
def mlflow(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    recorder = Recorder()
    monkeypatch.setitem(__import__("sys").modules, "mlflow", recorder)
    return recorder


def test_every_figure_is_an_artefact_under_its_name(mlflow: Recorder):
    figure = object()
    TrackingHooks().after_dataset_saved("figure_equity", figure)
    assert mlflow.calls == [("log_figure", figure, "figures/equity.html")]


def test_details_are_a_file_and_not_a_thousand_metrics(mlflow: Recorder):
    TrackingHooks().after_dataset_saved("metrics", METRICS)
    assert mlflow.calls == [
        ("log_metrics", {"overfitting.trials": 71.0, "strategies.ml_signal.sharpe": 1.1}, None),
        ("log_dict", METRICS, "metrics.json"),
    ]


def test_other_datasets_are_not_logged(mlflow: Recorder):
    TrackingHooks().after_dataset_saved("equity", object())
    assert mlflow.calls == []
