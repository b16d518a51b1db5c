"""``kedro run --env full`` is larger than the default in everything that makes a study, and resolves as a whole."""

from pathlib import Path

import pytest
from kedro.config import OmegaConfigLoader

from algotrade.pipelines.parameters import TrainingParameters, check_parameters
from algotrade.settings import CONFIG_LOADER_ARGS
from algotrade.validation.tuning import SPACES

ROOT = Path(__file__).parents[2]


def loaded(environment: str) -> OmegaConfigLoader:
    return OmegaConfigLoader(str(ROOT / "conf"), env=environment, **CONFIG_LOADER_ARGS)


@pytest.fixture
def training():
    """Training parameters by environment."""
    return {name: TrainingParameters.parse(loaded(name)["parameters"]["training"]) for name in ("base", "full")}


def test_everything_in_it_is_accepted_and_its_catalog_is_the_default_one():
    check_parameters(loaded("full")["parameters"])
    assert loaded("full")["catalog"].keys() == loaded("base")["catalog"].keys()


def test_it_is_larger_than_the_default(training):
    base, full = training["base"], training["full"]
    larger = {
        "folds": lambda settings: settings.folds.folds,
        "training rows": lambda settings: settings.fitting.max_training_rows,
        "inner folds": lambda settings: settings.tuning.inner_folds,
        "inner rows": lambda settings: settings.tuning.max_rows,
        "sequences": lambda settings: settings.settings_of("lstm")["max_sequences"],
        "epochs": lambda settings: settings.settings_of("lstm")["epochs"],
        "history": lambda settings: settings.history,
    }
    assert [name for name, of in larger.items() if not of(full) > of(base)] == []
    assert all(full.tuning.trials_of(family) > base.tuning.trials for family in full.tuning.families)


def test_every_family_is_searched_and_what_that_brought_is_measured(training):
    assert set(training["full"].tuning.families) == set(SPACES)
    assert training["full"].tuning.compare


def test_what_it_does_not_name_is_as_in_the_default(training):
    base, full = training["base"], training["full"]
    assert (full.horizon, full.seed, full.label, full.candidates) == (
        base.horizon,
        base.seed,
        base.label,
        base.candidates,
    )
    assert full.tuning.storage_url == base.tuning.storage_url
    assert full.tuning.storage_url.endswith("05_model_input/studies.db")


def test_another_database_for_the_studies_is_named_by_the_environment(monkeypatch):
    monkeypatch.setenv("ALGOTRADE_STUDY_URL", "postgresql://somewhere/studies")
    assert loaded("full")["parameters"]["training"]["tuning"]["storage_url"] == "postgresql://somewhere/studies"
