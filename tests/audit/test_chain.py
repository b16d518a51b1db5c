"""A chain from candles to fills: the platform's own passes, and each way of cheating is caught at its stage."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from algotrade.audit import ChainRecipe, Finding, ProbeSettings, Stage, probe_chain
from algotrade.domain.candles import Panel, from_milliseconds
from algotrade.errors import ConfigurationError
from algotrade.features import FeatureSet
from algotrade.models.base import build_model
from algotrade.models.preparation import PreparationSettings
from algotrade.strategies import build_strategy
from algotrade.validation.folds import Fold, FoldSettings
from algotrade.validation.labels import forward_returns
from algotrade.validation.training_data import TrainingData
from tests.audit.planted import HONEST

HORIZON = 8
PRICES = ProbeSettings(names=("prices",), moments=2)


def recipe(kind: type[ChainRecipe] = ChainRecipe, **changes) -> ChainRecipe:
    return kind(
        features=FeatureSet(HONEST),
        model=build_model("lightgbm", {"max_rounds": 10, "min_data_in_leaf": 20, "num_threads": 1}),
        strategies=[build_strategy("ml_signal", {"entry_edge_bps": 0.0, "entry_probability": 0.5})],
        horizon=HORIZON,
        folds=FoldSettings(folds=2),
        **changes,
    )


def leaks(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings if finding.refused}


class UnknownLabels(ChainRecipe):
    """Trains with rows whose labels are not known yet: it takes every label for known at its own candle."""

    def labels_of(self, panel: Panel) -> pd.DataFrame:
        frame = super().labels_of(panel)
        return frame.assign(honest=frame["known_at"], known_at=frame["open_time"])

    def __call__(self, panel: Panel):
        stages = super().__call__(panel)
        labels = stages["labels"].frame
        return {**stages, "labels": replace(stages["labels"], frame=labels.assign(known_at=labels["honest"]))}


class ScaledByAll(ChainRecipe):
    """Fits its scaler on all rows."""

    def samples_of(self, features: pd.DataFrame, labels: pd.DataFrame, panel: Panel) -> TrainingData:
        names = list(self.features.names)
        values = features[names]
        # Each symbol by the rest of its life: what later rows do to the scale shows in earlier ones.
        groups = values.groupby(features["symbol"])
        return super().samples_of(
            features.assign(**((values - groups.transform("mean")) / groups.transform("std"))), labels, panel
        )


class LabelAmongInputs(ChainRecipe):
    """Joins the label to its features."""

    def features_of(self, panel: Panel) -> pd.DataFrame:
        labels = forward_returns(panel, self.horizon)[["symbol", "open_time", "forward_return"]]
        joined = super().features_of(panel).merge(labels, how="left", on=["symbol", "open_time"])
        return joined.rename(columns={"forward_return": "outlook"})


class TodaysUniverse(ChainRecipe):
    """Knows only the symbols that still trade on the last row."""

    def features_of(self, panel: Panel) -> pd.DataFrame:
        frame = super().features_of(panel)
        return frame[frame["symbol"].isin(np.array(panel.symbols)[panel.present[-1]])].reset_index(drop=True)


class LargestOfAll(ChainRecipe):
    """Knows only the two symbols with the largest turnover of the whole sample."""

    def features_of(self, panel: Panel) -> pd.DataFrame:
        frame = super().features_of(panel)
        turnover = np.nansum(panel.close * panel.volume, axis=0)
        largest = np.array(panel.symbols)[np.argsort(-turnover)[:2]]
        return frame[frame["symbol"].isin(largest)].reset_index(drop=True)


class TunedOnTest(ChainRecipe):
    """Flips its forecasts in the folds in which that would have paid."""

    def predictions_of(self, data: TrainingData, folds: Sequence[Fold]) -> pd.DataFrame:
        frame = super().predictions_of(data, folds)
        paid = (frame["probability"] - 0.5) * frame["forward_return"]
        sign = np.where(paid.groupby(frame["fold"]).transform("sum") > 0, 1.0, -1.0)
        return frame.assign(probability=0.5 + sign * (frame["probability"] - 0.5))


def test_the_platforms_own_chain_sees_nothing_of_the_future(panel):
    findings = probe_chain(recipe(), panel, ProbeSettings(moments=2), tail=HORIZON + 1)
    assert leaks(findings) == {}


def test_factors_fitted_in_the_training_window_see_nothing_of_the_future(panel):
    settings = PreparationSettings(factors={"kind": "pca", "count": 2})
    findings = probe_chain(recipe(preparation=settings), panel, PRICES)
    assert findings == []


def test_forecasts_that_end_with_the_labels_are_noted(panel):
    """Rows without a label have no forecast: a backtest sees that a symbol will stop. Known, told, and bounded."""
    findings = probe_chain(recipe(), panel, ProbeSettings(names=("delisting",), moments=2), tail=HORIZON + 1)
    for finding in findings:
        assert finding.law == "unlabelled"
        assert finding.rows <= HORIZON + 1
    # With no such tail allowed, it is what it is.
    strict = probe_chain(recipe(), panel, ProbeSettings(names=("delisting",), moments=2), tail=0)
    assert {finding.name for finding in strict if finding.law == "look_ahead"} == {finding.name for finding in findings}


def test_training_with_labels_that_are_not_known_yet_is_caught(panel):
    settings = ProbeSettings(names=("prices",), moments=3)
    found = leaks(probe_chain(recipe(UnknownLabels), panel, settings, tail=HORIZON + 1))
    assert "features" not in found
    assert "labels" not in found
    assert "expected_return" in found["predictions"].detail
    assert found["predictions"].reach == HORIZON


def test_a_scaler_fitted_on_all_rows_is_caught(panel):
    found = leaks(probe_chain(recipe(ScaledByAll), panel, PRICES))
    assert "features" not in found
    assert found["predictions"].share > 0.1
    for decided in ("weights of ml_signal", "fills of ml_signal"):
        assert "may follow from predictions" in found[decided].detail


def test_the_label_among_the_inputs_is_caught_where_it_comes_in(panel):
    found = leaks(probe_chain(recipe(LabelAmongInputs), panel, PRICES))
    assert "in outlook" in found["features"].detail
    assert found["features"].reach == HORIZON + 1
    if "predictions" in found:
        assert "may follow from features" in found["predictions"].detail


@pytest.mark.parametrize(
    ("kind", "probe"), [(TodaysUniverse, "delisting"), (LargestOfAll, "prices"), (LargestOfAll, "listing")]
)
def test_a_universe_chosen_at_the_end_is_caught(kind, probe, panel):
    found = leaks(probe_chain(recipe(kind), panel, ProbeSettings(names=(probe,), moments=2), tail=HORIZON + 1))
    assert found["features"].probes == (probe,)
    assert "rows come or go" in found["features"].detail
    assert "whole sample" in found["features"].detail or found["features"].reach > HORIZON + 1


def test_a_choice_made_with_the_outcome_of_the_fold_is_caught(panel):
    found = leaks(probe_chain(recipe(TunedOnTest), panel, ProbeSettings(names=("prices",), moments=4)))
    assert "features" not in found
    assert "probability" in found["predictions"].detail


def test_any_callable_is_a_chain(panel):
    def chain(panel: Panel) -> dict[str, Stage]:
        frame = pd.DataFrame({"open_time": pd.to_datetime(panel.open_time, unit="ms", utc=True)})
        return {"mood": Stage(frame.assign(mood=panel.close[:, 0] / np.nanmax(panel.close[:, 0])), ("open_time",))}

    (finding,) = probe_chain(chain, panel, PRICES)
    assert (finding.subject, finding.name) == ("chain", "mood")


def test_a_probe_that_moves_the_folds_is_refused(panel):
    with pytest.raises(ConfigurationError, match="truncation suits a chain; prices, gaps"):
        probe_chain(recipe(), panel, ProbeSettings(names=("truncation",)))


def test_a_probe_that_moves_the_end_of_the_forecasts_is_noted_as_inconclusive(panel):
    """Folds are laid out from the end: with another end, everything may be other without a look ahead."""

    def chain(panel: Panel) -> dict[str, Stage]:
        rows = np.flatnonzero(panel.present[:, 0])
        frame = pd.DataFrame({"open_time": from_milliseconds(panel.open_time[rows]), "fold": 0, "count": len(rows)})
        return {"predictions": Stage(frame, ("open_time",))}

    (finding,) = probe_chain(chain, panel, ProbeSettings(names=("delisting",), moments=1))
    assert (finding.name, finding.law, finding.refused) == ("delisting", "silent", False)
