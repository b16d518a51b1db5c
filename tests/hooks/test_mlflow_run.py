"""Parameters reach MLflow once a run, in few requests, whatever number of steps takes them."""

from collections import Counter
from typing import Any

import pytest
from kedro.framework.hooks.manager import _create_hook_manager, _register_hooks, _register_hooks_entry_points
from kedro.pipeline import node
from kedro_mlflow.framework.hooks.mlflow_hook import MlflowHook

from algotrade import settings
from algotrade.hooks.mlflow_run import MlflowRunHooks
from tests.kedro_runs import Run, fresh_tracking_database, run  # noqa: F401 - fixtures

TRAINING = {"models": {"lstm": {"units": 8}}, "folds": 4, "odd$name": 1, "note": "x" * 7000}
STEP = node(lambda training: None, inputs="params:training", outputs=None, name="step")


@pytest.fixture
def hooks(monkeypatch: pytest.MonkeyPatch) -> tuple[MlflowRunHooks, list[dict[str, Any]]]:
    """Hooks as they are within a run, and what they send."""
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr("mlflow.log_params", sent.append)
    monkeypatch.setattr("mlflow.log_param", lambda name, value: sent.append({name: value}))
    opened = MlflowRunHooks()
    opened.flatten, opened.long_params_strategy = True, "truncate"
    return opened, sent


def begin(hooks: MlflowRunHooks, **inputs: Any) -> None:
    named = {f"params:{name}": value for name, value in inputs.items()}
    hooks.before_node_run(node=STEP, catalog=None, inputs={**named, "candles": object()}, is_async=False)


def test_a_step_sends_all_of_its_parameters_at_once(hooks):
    opened, sent = hooks
    begin(opened, training={name: TRAINING[name] for name in ("models", "folds", "odd$name")})
    assert sent == [{"training.models.lstm.units": 8, "training.folds": 4, "training.odd_name": 1}]


def test_the_next_step_sends_only_what_is_new(hooks):
    opened, sent = hooks
    begin(opened, training={"folds": 4})
    begin(opened, training={"folds": 4})
    begin(opened, training={"folds": 4}, backtesting={"pbo_groups": 16})
    assert sent == [{"training.folds": 4}, {"backtesting.pbo_groups": 16}]


def test_what_is_too_long_for_mlflow_is_truncated_as_configured(hooks):
    opened, sent = hooks
    begin(opened, training=TRAINING)
    assert sorted(len(batch) for batch in sent) == [1, 3]
    assert [len(value) for batch in sent for value in batch.values() if isinstance(value, str)] == [6000]


def test_the_plug_in_itself_does_not_run_beside_it():
    manager = _create_hook_manager()
    _register_hooks(manager, settings.HOOKS)
    _register_hooks_entry_points(manager, settings.DISABLE_HOOKS_FOR_PLUGINS)
    assert [type(plugin) for plugin in manager.get_plugins() if isinstance(plugin, MlflowHook)] == [MlflowRunHooks]
    assert isinstance(settings.HOOKS[-1], MlflowRunHooks), (
        "hooks that write to the run come after the one that opens it"
    )


def test_a_run_knows_every_parameter_that_its_steps_took(run: Run, monkeypatch: pytest.MonkeyPatch):  # noqa: F811
    import mlflow

    names: list[str] = []
    log_params = mlflow.log_params
    monkeypatch.setattr("mlflow.log_params", lambda params: names.extend(params) or log_params(params))
    run("ingestion", symbols="BTC/USDT")
    assert Counter(names).most_common(1)[0][1] == 1, "a parameter was sent twice"
    logged = mlflow.search_runs(output_format="list", search_all_experiments=True)[0].data.params
    assert logged.keys() == set(names)
    assert "ingestion.venue" in logged
