"""A plan that says so is carried out on the same catalog, and only one run at a time may train."""

import json
from pathlib import Path

import pytest
from kedro.framework.hooks.manager import _create_hook_manager
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Pipeline, node

from algotrade.datasets.records import RunRecordDataset
from algotrade.errors import ConfigurationError, DataError
from algotrade.hooks import retraining
from algotrade.hooks.retraining import RetrainingHooks

RUN = {"pipeline_names": ["retraining"]}


class Context:
    """What Kedro tells of itself when a run begins."""

    _hook_manager = None


@pytest.fixture
def catalog(tmp_path: Path) -> DataCatalog:
    record = RunRecordDataset(str(tmp_path / "06_models" / "run_record.json"))
    return DataCatalog({"run_record": record, "seen": MemoryDataset(), "seed": MemoryDataset(5)})


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> None:
    """A training of one step that leaves what it saw."""
    step = node(lambda seed: seed + 1, inputs="seed", outputs="seen", name="learn")
    monkeypatch.setattr("algotrade.pipelines.training.create_pipeline", lambda: Pipeline([step]))


def deciding(train: bool):
    return node(lambda seed: {"train": train}, inputs="seed", outputs=retraining.PLAN, name="decide"), {
        retraining.PLAN: {"train": train}
    }


@pytest.mark.parametrize("train", [True, False])
def test_the_training_runs_if_the_plan_says_so(catalog, trained, train):
    hooks, context = RetrainingHooks(), Context()
    context._hook_manager = _create_hook_manager()
    hooks.after_context_created(context)
    step, outputs = deciding(train)
    hooks.after_node_run(step, catalog, outputs, "run-1")
    assert catalog.exists("seen") == train
    if train:
        assert catalog.load("seen") == 6


def test_a_step_that_plans_nothing_is_left_alone(catalog, trained):
    step = node(lambda seed: seed, inputs="seed", outputs="other", name="step")
    RetrainingHooks().after_node_run(step, catalog, {"other": 1}, "run-1")
    assert not catalog.exists("seen")


def test_a_process_that_does_not_belong_to_the_run_says_which_runner_to_take(catalog, trained):
    step, outputs = deciding(True)
    with pytest.raises(ConfigurationError, match="SequentialRunner"):
        RetrainingHooks().after_node_run(step, catalog, outputs, "run-1")


def of(*tags: str) -> Pipeline:
    return Pipeline([node(lambda seed: seed, inputs="seed", outputs="other", name="step", tags=tags)])


@pytest.mark.parametrize("tag", ["training", "retraining"])
@pytest.mark.parametrize("end", ["after_pipeline_run", "on_pipeline_error"])
def test_one_run_at_a_time_may_train_until_it_ends_however_it_ends(catalog, tmp_path, tag, end):
    first, second = RetrainingHooks(), RetrainingHooks()
    first.before_pipeline_run({"pipeline_names": None}, of(tag), catalog)
    with pytest.raises(DataError, match="`kedro run` of the main job runs since"):
        second.before_pipeline_run(RUN, of(tag), catalog)
    getattr(first, end)()
    second.before_pipeline_run(RUN, of(tag), catalog)
    told = json.loads((tmp_path / "06_models" / "training.lock").read_text())
    assert told["purpose"] == "`kedro run` of retraining"
    second.after_pipeline_run()


def test_runs_that_do_not_train_lock_nobody_out(catalog, tmp_path):
    RetrainingHooks().before_pipeline_run({"pipeline_names": ["drift"]}, of("drift"), catalog)
    assert not (tmp_path / "06_models").exists()


def test_a_run_after_one_that_was_interrupted_in_this_process_is_not_locked_out(catalog):
    """In a notebook an interrupted run calls no hook at its end."""
    hooks = RetrainingHooks()
    hooks.before_pipeline_run(RUN, of("training"), catalog)
    hooks.before_pipeline_run(RUN, of("training"), catalog)
    hooks.after_pipeline_run()
