"""The judgement of the training pipeline survives models that say little, and says so."""

import logging

import numpy as np
import pandas as pd
import pytest

from algotrade.domain.candles import from_milliseconds, to_milliseconds
from algotrade.pipelines.parameters import BASELINES
from algotrade.pipelines.schemas import PredictionSchema
from algotrade.pipelines.training import nodes
from algotrade.validation import FoldSettings, TrainingData, walk_forward_folds
from algotrade.validation.walk_forward import PREDICTION_COLUMNS, no_predictions
from tests.validation.conftest import HOUR, market

PARAMETERS = {"scores": {"draws": 200}}


@pytest.fixture(scope="module")
def data() -> TrainingData:
    from algotrade.validation import training_data

    features, labels = market(1500, 2, strength=0.5, horizon=2)
    features = features.assign(noise_1=features["noise_1"].abs()).rename(columns={"noise_1": "realised_volatility_48"})
    return training_data(features, labels, HOUR, history=1)


@pytest.fixture(scope="module")
def folds(data) -> list[dict[str, int]]:
    cut = walk_forward_folds(data.open_time, data.known_at, data.timeframe.milliseconds, FoldSettings(folds=3))
    return [dict(vars(fold)) for fold in cut]


@pytest.fixture(scope="module")
def said(data, folds):
    """Out-of-fold predictions of a model that leans on the first feature, ``strength`` times as much as is right."""
    signal = data.labelled.samples.last()[:, 0]

    def made(model: str, strength: float) -> pd.DataFrame:
        fold_of = np.full(len(data), -1)
        for fold in folds:
            fold_of[(data.open_time >= fold["test_start"]) & (data.open_time < fold["test_end"])] = fold["index"]
        frame = pd.DataFrame(
            {
                "model": pd.Series(model, index=range(len(data)), dtype="str"),
                "fold": fold_of,
                "symbol": pd.Index(data.symbols).take(data.symbol_codes),
                "open_time": from_milliseconds(data.open_time),
                "close_time": from_milliseconds(data.open_time + data.timeframe.milliseconds),
                "probability": 1 / (1 + np.exp(-strength * signal)),
                "expected_return": 0.001 * strength * signal,
                "forward_return": data.labelled.targets.forward_return,
                "known_at": from_milliseconds(data.known_at),
            }
        )
        return frame[frame["fold"] >= 0].reset_index(drop=True)[list(PREDICTION_COLUMNS)]

    return made


def judged(data, folds, *predictions: pd.DataFrame):
    calibrated, learned = nodes.calibrate(*predictions, data, folds, PARAMETERS)
    return calibrated, learned, nodes.score(calibrated, data, folds, PARAMETERS)


@pytest.fixture(scope="module")
def usual(data, folds, said):
    baselines = pd.concat([said(name, 0.0) for name in BASELINES])
    return judged(data, folds, baselines, said("lightgbm", 1.0), said("lstm", 4.0), said("ensemble", 2.0))


def test_what_leaves_the_judgement_is_as_the_catalog_wants_it(usual):
    _, learned, (predictions, by_fold, scores, table, hit_rates) = usual
    PredictionSchema.validate(predictions)
    models = {*BASELINES, "lightgbm", "lstm", "ensemble"}
    assert set(learned) == set(scores) == set(by_fold["model"]) == set(table["model"]) == models
    assert set(hit_rates["by"]) == {"confidence", "symbol", "regime"}


def test_the_boaster_is_calibrated_and_ranked_by_what_is_left(usual):
    calibrated, learned, (_, _, scores, _, _) = usual
    assert learned["lstm"]["calibrator"]["slope"] < 0.5
    raw = calibrated.assign(probability=calibrated["raw_probability"])
    boaster = raw[(raw["model"] == "lstm") & (raw["fold"] > 0)]
    after = calibrated.loc[boaster.index]
    loss = [
        -np.log(np.where(frame["forward_return"] > 0, frame["probability"], 1 - frame["probability"])).mean()
        for frame in (boaster, after)
    ]
    assert loss[1] < loss[0] - 0.05
    assert nodes.choose(scores)[0] in {"lightgbm", "ensemble"}


def test_a_candidate_without_a_single_forecast_comes_last_and_stops_nothing(data, folds, said, caplog):
    silent = said("lstm", 1.0).assign(probability=np.nan, expected_return=np.nan)
    baselines = pd.concat([said(name, 0.0) for name in BASELINES])
    with caplog.at_level(logging.WARNING):
        _, learned, (predictions, _, scores, _, _) = judged(
            data, folds, baselines, said("lightgbm", 1.0), silent, no_predictions()
        )
    PredictionSchema.validate(predictions)
    assert "lstm" not in set(predictions["model"])
    assert scores["lstm"]["log_loss"] is None
    assert scores["lstm"]["reasons"]
    assert nodes.choose(scores) == ["lightgbm", "lstm"]
    assert learned["lstm"] == {"calibrator": {"kind": "none"}, "interval": None}
    assert f"lstm has no forecast for {len(silent)} rows" in caplog.text


def test_some_missing_forecasts_are_left_out_and_counted(data, folds, said):
    patchy = said("lstm", 1.0)
    patchy.loc[::5, "probability"] = np.nan
    baselines = pd.concat([said(name, 0.0) for name in BASELINES])
    _, _, (predictions, _, scores, _, _) = judged(
        data, folds, baselines, said("lightgbm", 1.0), patchy, no_predictions()
    )
    PredictionSchema.validate(predictions)
    assert scores["lstm"]["missing_forecasts"] == len(patchy.loc[::5])
    assert scores["lstm"]["rows"] == len(patchy) - len(patchy.loc[::5])


def test_one_direction_in_a_fold_leaves_the_rest_judged(data, folds, said):
    baselines = pd.concat([said(name, 0.0) for name in BASELINES])
    frames = [baselines, said("lightgbm", 1.0), said("lstm", 1.0), no_predictions()]
    rising = [frame.assign(forward_return=frame["forward_return"].mask(frame["fold"] == 1, 0.01)) for frame in frames]
    _, _, (_, by_fold, scores, _, _) = judged(data, folds, *rising)
    assert by_fold[by_fold["fold"] == 1]["auc"].isna().all()
    assert scores["lightgbm"]["auc"] > 0.55


def test_an_interval_around_the_return_is_there_from_the_second_fold_on(usual):
    _, _, (predictions, _, scores, _, _) = usual
    there = predictions.groupby("fold")["lower"].apply(lambda lower: lower.notna().all())
    assert there.tolist() == [False, True, True]
    assert scores["lightgbm"]["coverage"]["value"] == pytest.approx(0.9, abs=0.04)
    widths = predictions["upper"] - predictions["lower"]
    assert widths[predictions["fold"] == 2].nunique() > 100, "as wide as prices have moved of late"


def test_regimes_were_known_when_their_candles_closed(usual, data, folds):
    _, _, (predictions, _, _, _, hit_rates) = usual
    rows = hit_rates[(hit_rates["model"] == "lightgbm") & (hit_rates["by"] == "regime")]["rows"].sum()
    assert rows == (predictions["model"] == "lightgbm").sum()
    assert to_milliseconds(predictions["open_time"]).min() >= folds[0]["test_start"]
