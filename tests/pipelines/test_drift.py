"""``kedro run --pipeline drift``: from features and a champion to a verdict, twice, and what it refuses."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from prometheus_client.parser import text_string_to_metric_families

from algotrade.cli import cli
from algotrade.domain.candles import from_milliseconds
from algotrade.errors import ConfigurationError, FeatureError, TooFewCandles
from algotrade.models import LabelledSamples, Samples, Targets, build_model, write_bundle
from tests.kedro_runs import ROOT, kedro
from tests.monitoring.drift.conftest import draw_panel

FEATURES, TRAINED, CANDLES = 6, 1600, 1800
NAMES = [f"x{place}" for place in range(FEATURES)]
START = 472_000
"""Number of the first candle since the epoch, in hours."""
SPEC = {"names": NAMES, "families": ["trend"] * 3 + ["volume"] * 3, "lookback": 100, "fingerprint": "f00d" * 16}
UNIVERSE = {
    "source": "simulated", "exchange": "simulated", "timeframe": "1h", "symbols": ["BTC/USDT", "ETH/USDT"],
    "data_digest": "new",
}  # fmt: skip


def write_features(data: Path, panel: np.ndarray, fingerprint: str = "f00d" * 16) -> None:
    times = from_milliseconds((START + np.arange(len(panel))) * 3_600_000)
    frame = pd.concat(
        [
            pd.DataFrame(panel[:, place], columns=NAMES).assign(symbol=symbol, open_time=times)
            for place, symbol in enumerate(UNIVERSE["symbols"])
        ],
        ignore_index=True,
    )
    (data / "04_feature").mkdir(exist_ok=True)
    frame[["symbol", "open_time", *NAMES]].to_parquet(data / "04_feature" / "features.parquet")
    (data / "04_feature" / "feature_spec.json").write_text(json.dumps(SPEC | {"fingerprint": fingerprint}))


def write_champion(data: Path, version: str = "v1", fingerprint: str = "f00d" * 16) -> None:
    random = np.random.default_rng(0)
    samples = Samples(random.standard_normal((200, FEATURES)), np.arange(200))
    labelled = LabelledSamples(samples, Targets.of_returns(random.standard_normal(200)))
    first, last = from_milliseconds(np.array([START + 100, START + TRAINED - 1]) * 3_600_000)
    provenance = {
        "feature_names": tuple(NAMES), "feature_fingerprint": fingerprint, "lookback": 100, "horizon": 4,
        "exchange": "simulated", "timeframe": "1h", "symbols": tuple(UNIVERSE["symbols"]), "training_start": first,
        "training_end": last, "data_digest": "old",
    }  # fmt: skip
    model = build_model("majority", {}).fit(labelled, labelled)
    write_bundle(data / "06_models" / "champion", model, provenance, version)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data folder of the fixture ``run``, with features and a champion."""
    folder = tmp_path / "data"
    folder.mkdir(exist_ok=True)
    (folder / "02_intermediate").mkdir()
    (folder / "02_intermediate" / "universe.json").write_text(json.dumps(UNIVERSE))
    write_features(folder, draw_panel(5, CANDLES, FEATURES))
    write_champion(folder)
    return folder


@pytest.fixture
def started(data: Path, tmp_path: Path, monkeypatch, fresh_tracking_database):
    """The fixture ``run`` without its own data folder."""
    import shutil

    import mlflow
    from kedro.framework.session import KedroSession
    from kedro.framework.startup import bootstrap_project

    shutil.copy(fresh_tracking_database, data / "mlflow.db")
    monkeypatch.setenv("ALGOTRADE_DATA", str(data))
    monkeypatch.chdir(tmp_path)
    bootstrap_project(ROOT)

    def run(**parameters: object) -> dict:
        with KedroSession.create(project_path=ROOT, env="test", runtime_params=parameters) as session:
            session.run(pipeline_names=["drift"])
        return json.loads((data / "08_reporting" / "drift.json").read_text())

    yield run
    while mlflow.active_run():
        mlflow.end_run()


def test_a_run_leaves_verdict_tables_page_figures_metrics_and_reference(started, data, capfd):
    found = started()
    folder = data / "08_reporting"
    assert not found["detected"]
    assert found["reference"]["candles"] == TRAINED - 100, "the span of the champion's training, not all there is"
    assert found["reference"]["model_version"] == "v1"
    assert found["reference"]["data_digest"] == "old"
    assert found["current"]["candles"] == 72
    assert sorted(pd.read_parquet(folder / "drift_features.parquet")["feature"]) == NAMES
    assert pd.read_parquet(folder / "drift_families.parquet")["family"].tolist() == ["trend", "volume", "all features"]
    assert "No drift: all 6 features" in (folder / "drift.html").read_text()
    assert {"drift_heat", "drift_timeline", "drift_distributions"} <= {
        path.stem for path in (folder / "figures").glob("*.json")
    }
    metrics = {family.name: family for family in text_string_to_metric_families((folder / "drift.prom").read_text())}
    assert metrics["algotrade_drift_detected"].samples[0].value == 0
    assert len(metrics["algotrade_drift_psi"].samples) == FEATURES
    assert (folder / "drift_reference.parquet").stat().st_size < 1_000_000
    assert "INFO    " in (line := next(line for line in capfd.readouterr().err.splitlines() if "No drift" in line))
    assert "all 6 features look as they did in training" in line


def test_the_reference_is_kept_while_the_champion_stays(started, data):
    started()
    kept = (data / "08_reporting" / "drift_reference.parquet").read_bytes()
    shifted = draw_panel(5, CANDLES, FEATURES)
    shifted[-72:, :, 4] += 6.0
    # Features of a later time, without those of the training: they are not needed any more.
    write_features(data, shifted[-200:])

    found = started()

    assert (data / "08_reporting" / "drift_reference.parquet").read_bytes() == kept
    assert found["detected"]
    drifted = pd.read_parquet(data / "08_reporting" / "drift_features.parquet").query("drifted")["feature"]
    assert drifted.tolist() == ["x4"]


def test_another_champion_or_other_settings_make_the_reference_anew(started, data):
    started()
    write_champion(data, version="v2")
    assert started()["reference"]["model_version"] == "v2"
    assert started(drift={"current_candles": 60})["current"]["candles"] == 60


def test_features_of_another_fingerprint_are_refused(started, data):
    started()
    write_features(data, draw_panel(5, CANDLES, FEATURES), fingerprint="beef" * 16)
    with pytest.raises(FeatureError, match=r"reference was made of features with the fingerprint f00df00df00d, but"):
        started()
    (data / "08_reporting" / "drift_reference.parquet").unlink()
    with pytest.raises(FeatureError, match=r"learned from features with the fingerprint f00df00df00d"):
        started()


def test_another_market_is_refused(started, data):
    (data / "02_intermediate" / "universe.json").write_text(json.dumps(UNIVERSE | {"timeframe": "4h"}))
    with pytest.raises(FeatureError, match="trained on the timeframe 1h, the features are of 4h"):
        started()


def test_too_long_a_window_names_one_that_fits(started):
    with pytest.raises(TooFewCandles, match=r"Set drift\.current_candles to 78 or less"):
        started(drift={"current_candles": 200})


def test_unknown_and_bad_parameters_are_refused_at_once(started):
    with pytest.raises(ConfigurationError, match=r"Unknown parameter of drift 'levle'\. Did you mean 'level'"):
        started(drift={"levle": 0.1})
    with pytest.raises(ConfigurationError, match=r"level is 2\.0; accepted is a share"):
        started(drift={"level": 2.0})


def test_the_command_runs_the_pipeline_and_its_status_is_the_verdict(started, data, monkeypatch):
    monkeypatch.chdir(ROOT)
    command = ["drift", "--run", "--env", "test"]
    answer = CliRunner().invoke(cli, command)
    assert (answer.exit_code, answer.stdout.split(":")[0]) == (0, "No drift")

    lost = draw_panel(5, CANDLES, FEATURES)
    lost[-72:, :, 4] = np.nan
    write_features(data, lost)
    answer = CliRunner().invoke(cli, command)
    assert (answer.exit_code, answer.stdout[:22]) == (3, "Drift: 1 of 6 features")

    (data / "06_models" / "champion" / "manifest.json").unlink()
    answer = CliRunner().invoke(cli, command)
    assert answer.exit_code == 1
    assert answer.stderr.splitlines()[-1].startswith("Error: ")
    assert "Train a model first" in answer.stderr


def test_the_main_job_can_be_followed_by_a_check(finished: Path):
    answer = kedro(finished, "run", "--env", "test", "--pipeline", "drift")
    assert answer.returncode == 0, answer.stderr
    found = json.loads((finished / "08_reporting" / "drift.json").read_text())
    assert found["features"]["watched"] >= 90
    assert found["current"]["known_candles"] > 0
