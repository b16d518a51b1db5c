"""What a run leaves of its scores: intervals in the metrics, calibration in the bundles, reasons for what is not."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from algotrade.models.bundle import ModelBundle
from algotrade.models.calibration import Calibration
from algotrade.validation.scores import SCORES

pytestmark = pytest.mark.usefixtures("finished")


@pytest.fixture(scope="module")
def metrics(finished: Path) -> dict:
    return json.loads((finished / "08_reporting" / "metrics.json").read_text())


def test_every_score_of_every_model_has_an_interval_or_a_reason(metrics: dict):
    for name, own in metrics["models"].items():
        assert set(own["intervals"]) == set(SCORES)
        for score, interval in own["intervals"].items():
            assert score in own["reasons"] or interval["low"] <= own[score] <= interval["high"], (name, score)
        assert {"information_coefficient_t", "calibration", "coverage", "missing_forecasts"} <= own.keys()


def test_intervals_of_the_return_hold_about_what_they_promise(metrics: dict):
    coverage = metrics["models"]["lightgbm"]["coverage"]
    assert coverage["value"] == pytest.approx(0.9, abs=0.08)
    assert 0 < coverage["mean_width"] < 0.5


def test_bundles_carry_what_all_folds_taught(finished: Path):
    learned = json.loads((finished / "07_model_output" / "calibrations.json").read_text())
    for folder in (path for path in (finished / "06_models" / "candidates").iterdir() if path.is_dir()):
        bundle = ModelBundle.load(folder)
        assert bundle.calibration == Calibration.from_json(learned[bundle.manifest.model])
        window = np.zeros((bundle.manifest.history, len(bundle.manifest.feature_names)))
        low, high = bundle.interval(0.001, window)
        assert low < 0.001 < high


def test_the_best_candidate_is_explained_with_intervals(finished: Path):
    explained = pd.read_parquet(finished / "07_model_output" / "explanation.parquet")
    best = json.loads((finished / "07_model_output" / "ranking.json").read_text())[0]
    assert explained["model"].iloc[0] == best
    assert set(explained["kind"]) <= {"shap", "permutation"}
    assert {"lightgbm"} <= set(explained["model"])
    assert (explained["low"] <= explained["value"]).mean() > 0.99


def test_the_page_shows_scores_with_their_intervals(finished: Path, metrics: dict):
    page = (finished / "08_reporting" / "report.html").read_text()
    own = metrics["models"]["lightgbm"]
    interval = own["intervals"]["auc"]
    for shown in (f">{own['auc']:.3f}</span>", f">[{interval['low']:.3f}, {interval['high']:.3f}]</span>"):
        assert shown in page
