"""Which models a run walks is configuration: a plug-in takes part by its name, and several horizons by a list."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
import pandas as pd
import pytest
from pydantic.dataclasses import dataclass as settings_dataclass

from algotrade.errors import ConfigurationError
from algotrade.models import MODELS, Forecast, LabelledSamples, Model, Samples
from algotrade.models.configuration import STRICT
from algotrade.pipelines.feature_engineering import nodes as feature_engineering
from algotrade.pipelines.parameters import BASELINES, TrainingParameters
from algotrade.pipelines.training import nodes
from algotrade.simulation.market import MarketSettings, simulate_market

TREES = {"max_rounds": 20, "num_threads": 1}
PARAMETERS = {"seed": 7, "tune": False, "folds": {"folds": 2}, "models": {"lightgbm": TREES}}
UNIVERSE = {"timeframe": "1h", "symbols": ["BTC/USDT", "ETH/USDT"]}


@settings_dataclass(frozen=True, config=STRICT)
class PriorSettings:
    """A prior opinion."""

    opinion: float = 0.6


@dataclass(frozen=True)
class Prior(Model):
    """A model as somebody else might drop it into the package: it has an opinion and keeps it."""

    settings: PriorSettings = field(default_factory=PriorSettings)
    fitted: bool = False

    name: ClassVar[str] = "prior"
    settings_type: ClassVar[type[PriorSettings]] = PriorSettings

    def learn(self, training: LabelledSamples, early_stopping: LabelledSamples | None) -> Self:
        return replace(self, fitted=True)

    def predict(self, samples: Samples) -> Forecast:
        return Forecast(np.full(len(samples), self.settings.opinion), np.zeros(len(samples)))

    def save(self, folder: Path) -> None:
        self.write_parameters(folder)

    @classmethod
    def load(cls, folder: Path) -> Self:
        return cls(cls.read_parameters(folder)[0], fitted=True)


@pytest.fixture
def plug_in() -> Iterator[None]:
    MODELS.register("prior")(Prior)
    yield
    del MODELS._entries["prior"]


@pytest.fixture(scope="module")
def candles() -> pd.DataFrame:
    return simulate_market(MarketSettings(symbols=tuple(UNIVERSE["symbols"]), candles=1400, signal=0.3, seed=2))


@pytest.fixture(scope="module")
def features(candles) -> pd.DataFrame:
    wanted = {"names": ["log_return_1", "log_return_8", "rsi_14", "volume_z_24"]}
    return feature_engineering.compute_features(candles, UNIVERSE, wanted)[0]


def walked(candles: pd.DataFrame, features: pd.DataFrame, **parameters) -> tuple[dict, dict[str, pd.DataFrame], dict]:
    """Inputs of the walks, and the out-of-fold predictions that each step gives."""
    given = {**PARAMETERS, **parameters}
    data = nodes.join(features, nodes.label(candles, UNIVERSE, given), UNIVERSE, given)
    folds = nodes.cut_folds(data, given)
    prepared = nodes.prepare(data, folds, given)
    found = nodes.tune(data, folds, given)[0]
    walk = (data, folds, prepared)
    lightgbm, _ = nodes.walk_lightgbm(*walk, found, given)
    others, by_fold = nodes.walk_candidates(*walk, found, given)
    blended, weights = nodes.blend(lightgbm, others, folds, given)
    steps = {
        "baselines": nodes.walk_baselines(*walk, found, given),
        "lightgbm": lightgbm,
        "others": others,
        "ensemble": blended,
    }
    return {"walk": walk, "by_fold": by_fold, "weights": weights, "given": given}, steps, found


def test_a_plug_in_that_is_named_is_walked_blended_and_fitted_on_all_history(plug_in, candles, features):
    settings = {"lightgbm": TREES, "prior": {"opinion": 0.55}}
    run, steps, found = walked(candles, features, candidates=["lightgbm", "prior"], models=settings)
    assert set(steps["others"]["probability"]) == {0.55}
    assert set(steps["others"]["model"]) == {"prior"}
    assert set(steps["ensemble"]["model"]) == {"ensemble"}
    assert run["weights"]["weights"].keys() == {"lightgbm", "prior"}
    data, _, prepared = run["walk"]
    members = nodes.fit_members(data, prepared, found, run["given"])
    assert {name: model.name for name, model in members.items()} == {"lightgbm": "lightgbm", "prior": "prior"}
    frames = {name: frame.set_index(["symbol", "open_time"]).index for name, frame in steps.items()}
    assert set(frames["baselines"]) == set(frames["lightgbm"]) == set(frames["others"]) == set(frames["ensemble"])


def test_every_baseline_is_walked_and_persistence_finds_its_column(candles, features):
    _, steps, _ = walked(candles, features, candidates=["lightgbm"], preparation={"max_features": 1})
    by_model = dict(list(steps["baselines"].groupby("model")))
    assert by_model.keys() == set(BASELINES)
    # The one feature that the preparation leaves is not the return that persistence looks for: it sees raw rows.
    for _, fold in by_model["persistence"].groupby("fold"):
        assert fold["probability"].nunique() == 2
        assert fold["probability"].unique().sum() == pytest.approx(1)


def test_one_candidate_alone_makes_no_ensemble(candles, features):
    run, steps, _ = walked(candles, features, candidates=["lightgbm"])
    assert steps["others"].empty
    assert steps["ensemble"].empty
    assert run["weights"] == {}
    together = pd.concat([steps["lightgbm"], steps["others"], steps["ensemble"]], ignore_index=True)
    pd.testing.assert_frame_equal(together, steps["lightgbm"])


def test_a_stack_is_asked_for_by_its_name(plug_in, candles, features):
    models = {"lightgbm": TREES, "ensemble": {"method": "stack", "penalty": 0.01}}
    run, _, _ = walked(candles, features, candidates=["lightgbm", "prior"], models=models)
    assert run["weights"]["method"] == "stack"
    assert run["weights"]["penalty"] == 0.01


def test_several_horizons_are_purged_by_the_longest_and_scored_each(candles, features):
    several = {"multi_horizon": {"family": "logistic"}, "lightgbm": TREES}
    options = {"candidates": ["lightgbm", "multi_horizon"], "further_horizons": [2, 24], "models": several}
    run, steps, _ = walked(candles, features, **options)
    data, folds, prepared = run["walk"]
    hour = 3_600_000
    assert set(data.known_at - data.open_time) == {25 * hour}
    assert set(data.labelled.targets.further) == {2, 24}
    alone, only, _ = walked(candles, features, candidates=["lightgbm"])
    assert set(alone["walk"][0].known_at - alone["walk"][0].open_time) == {9 * hour}
    main = only["lightgbm"].set_index(["symbol", "open_time"])["forward_return"]
    shared = steps["others"].set_index(["symbol", "open_time"])["forward_return"]
    both = shared.index.intersection(main.index)
    assert len(both) > 0.95 * len(main)
    pd.testing.assert_series_equal(shared.loc[both], main.loc[both])
    scores = nodes.score_horizons(data, folds, prepared, run["by_fold"], run["given"])
    assert scores.keys() == {"multi_horizon"}
    assert list(scores["multi_horizon"]) == ["8", "2", "24"]
    assert {entry["rows"] for entry in scores["multi_horizon"].values()} == {len(steps["others"])}
    # The signal is planted in the next candle: the shorter the horizon, the more of it is seen.
    assert scores["multi_horizon"]["2"]["auc"] > scores["multi_horizon"]["24"]["auc"]
    json.dumps(scores)


def test_further_returns_are_those_of_their_horizon(candles):
    labels = nodes.label(candles, UNIVERSE, {**PARAMETERS, "further_horizons": [24]})
    only = nodes.label(candles, UNIVERSE, {**PARAMETERS, "horizon": 24})
    merged = labels.merge(only, on=["symbol", "open_time"], suffixes=("", "_only"))
    assert len(merged) == len(labels)
    np.testing.assert_array_equal(merged["forward_return_24"], merged["forward_return_only"])
    assert (merged["known_at"] == merged["known_at_only"]).all()


@pytest.mark.parametrize(
    ("given", "helps"),
    [
        ({"candidates": ["lightgbm", "xgboost"]}, "lightgbm, logistic, lstm, multi_horizon, ridge"),
        ({"candidates": ["lstm"]}, "lightgbm always"),
        ({"candidates": ["lightgbm", "persistence"]}, "baselines"),
        ({"candidates": ["lightgbm", "lightgbm"]}, "at most once"),
        ({"candidates": ["lightgbm", "ensemble"]}, "ensemble is made of the candidates"),
        ({"candidates": ["lightgbm", "multi_horizon"]}, "training.further_horizons"),
        ({"further_horizons": [8]}, "there once"),
        ({"further_horizons": [4, 4]}, "there once"),
        ({"further_horizons": [0]}, "greater than 0"),
        ({"models": {"ensemble": {"weights": {"lightgbm": 1.0, "lstm": 0.0}}}}, "are learned"),
        ({"models": {"ensemble": {"method": "vote"}}}, "blend"),
    ],
)
def test_what_cannot_be_walked_is_refused_with_what_can(given, helps):
    with pytest.raises(ConfigurationError, match=helps):
        TrainingParameters.parse(given)


def test_seed_and_horizon_of_the_run_reach_the_models_that_have_them():
    settings = TrainingParameters.parse({"seed": 5, "horizon": 12, "models": {"lstm": {"seed": 9}}})
    assert settings.settings_of("persistence") == {"horizon": 12}
    assert settings.settings_of("lightgbm") == {"seed": 5}
    assert settings.settings_of("lstm") == {"seed": 9}
    assert settings.settings_of("logistic") == {}
