"""From run to run: who reigns, what keeps him there, and that nothing does where there is nothing to find."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from algotrade.cli import cli
from algotrade.errors import AlgotradeError, NoChampion, RegistryError
from algotrade.models.bundle import ModelBundle
from algotrade.models.rehearsal import Rehearsal
from algotrade.models.samples import Forecast
from algotrade.simulation.market import MarketSettings, simulate_market
from algotrade.tracking import Championship, ModelRegistry
from tests.kedro_runs import ROOT

SYMBOLS = ("BTC/USDT", "ETH/USDT", "SOL/USDT")
FEATURES = ["taker_buy_imbalance_4", "taker_buy_imbalance_12", "macd_histogram", "leader_gap_12", "acceleration_24"]
TRAINING = {
    "tune": False, "candidates": ["lightgbm"], "preparation": {"factors": None, "max_features": None},
    "models": {"lightgbm": {"max_rounds": 60, "num_threads": 1}},
}  # fmt: skip
STEPS = ("ingestion", "feature_engineering", "training")


class Project:
    """The real project on a small market, with few features and trees alone."""

    def __init__(self, data: Path, candles: Path) -> None:
        self.data, self.candles = data, candles

    def run(self, *names: str, training: dict | None = None, **parameters: object) -> None:
        """Run pipelines on the candles in the files."""
        given = {
            "source": "files", "path": str(self.candles), "feature_engineering": {"names": FEATURES},
            "training": {**TRAINING, **(training or {})},
        }  # fmt: skip
        with KedroSession.create(project_path=ROOT, env="test", runtime_params={**given, **parameters}) as session:
            session.run(pipeline_names=list(names or STEPS))

    def write(self, candles: int, signal: float, first: int = 0) -> None:
        """The market up to a candle."""
        market = simulate_market(MarketSettings(symbols=SYMBOLS, candles=2_600, signal=signal, seed=11))
        for symbol, own in market.groupby("symbol"):
            own.iloc[first:candles].to_parquet(self.candles / f"{str(symbol).replace('/', '')}-1h.parquet")

    @property
    def decision(self) -> dict:
        return json.loads((self.data / "06_models" / "decision.json").read_text())

    @property
    def championship(self) -> Championship:
        return Championship.of(self.data / "06_models", ModelRegistry(uri=f"sqlite:///{self.data}/mlflow.db"))

    @property
    def state(self) -> tuple[str | None, str | None, int]:
        """Version that is served, version of the alias, and registered versions."""
        manifest, registry = self.championship.folder.manifest(), self.championship.registry
        served = None if manifest is None else manifest.version
        return served, registry.aliases().get("champion"), len(registry.versions())


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fresh_tracking_database: Path) -> Iterator[Project]:
    import mlflow

    (tmp_path / "data").mkdir()
    (tmp_path / "candles").mkdir()
    shutil.copy(fresh_tracking_database, tmp_path / "data" / "mlflow.db")
    monkeypatch.setenv("ALGOTRADE_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    # kedro-mlflow logs every parameter for every step that takes it, one by one: half of the time of these runs.
    monkeypatch.setattr("mlflow.log_param", lambda *_, **__: None)
    bootstrap_project(ROOT)
    yield Project(tmp_path / "data", tmp_path / "candles")
    while mlflow.active_run():
        mlflow.end_run()


REHEARSE = "algotrade.pipelines.training.nodes.gate.rehearse"


def in_this_process(folder: Path, windows: np.ndarray) -> Rehearsal:
    """The rehearsal without a process of its own, which is slow."""
    bundle = ModelBundle.load(folder)
    pairs = np.array([bundle.predict_one(window) for window in windows])
    return Rehearsal(bundle.predict(windows), Forecast(pairs[:, 0], pairs[:, 1]), 0.1, ())


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No rehearsal in a process of its own; the test that finds a champion does without this."""
    monkeypatch.setattr(REHEARSE, in_this_process)


def failed(decision: dict) -> list[str]:
    return [check["name"] for check in decision["checks"] if not check["passed"]]


def ask(project: Project, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["models", "--data", str(project.data), *arguments], env={"MLFLOW_TRACKING_URI": ""})


def broken(*_: object, **__: object) -> None:
    raise OSError("disk I/O error")


def test_a_champion_is_found_kept_challenged_and_rolled_back(project: Project, monkeypatch):
    project.write(candles=1_900, signal=0.3)
    with monkeypatch.context() as patched:
        patched.setattr("mlflow.MlflowClient.create_model_version", broken)
        patched.setattr(REHEARSE, in_this_process)
        with pytest.raises(RegistryError, match=r"cannot be used: disk I/O error.*the champion is unchanged"):
            project.run()
    assert project.state == (None, None, 0)
    assert not (project.data / "06_models" / "decision.json").exists()
    assert project.championship.history.records() == []

    project.run("training")
    first = project.decision
    assert (first["outcome"], failed(first)) == ("promoted", [])
    assert first["champion"]["version"] == project.state[0] == project.state[1]
    assert {comparison["rival"] for comparison in first["comparisons"]} == {"majority", "persistence"}
    assert project.state[2] == 1

    # The same data and settings: the same version, nothing to decide, nothing registered twice.
    served = project.state
    monkeypatch.setattr(REHEARSE, in_this_process)
    project.run("training")
    again = project.decision
    assert (again["outcome"], again["passed"]) == ("kept", True)
    assert again["sentence"].startswith("Nothing to decide")
    assert project.state == served

    # Other settings that are no better: a tie keeps the champion, unless somebody insists.
    project.run("training", training={"models": {"lightgbm": {"max_rounds": 55, "num_threads": 1}}})
    challenged = project.decision
    assert challenged["outcome"] == "kept"
    assert "beats the champion" in failed(challenged)
    assert project.state == (served[0], served[1], 2)
    rivalry = challenged["comparisons"][-1]
    assert (rivalry["role"], rivalry["rows"]) == ("champion", first["comparisons"][0]["rows"]), "the very same candles"

    loser = challenged["challenger"]["version"]
    assert ask(project, "promote", loser).exit_code == 1
    assert ask(project, "promote", loser, "--force", "--reason", "to try it").exit_code == 0
    assert project.state[:2] == (loser, loser)
    assert ask(project, "rollback").exit_code == 0
    assert project.state[:2] == (served[0], served[0])
    kinds = [record.kind for record in project.championship.history.records()]
    assert kinds == ["gate", "gate", "gate", "promote", "rollback"]


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
def test_after_new_candles_a_champion_answers_for_those_that_it_could_not_know(project: Project):
    project.write(candles=1_900, signal=0.3)
    project.run()
    champion = project.state[0]

    project.write(candles=2_600, signal=0.3)
    project.run()
    later = project.decision
    assert later["challenger"]["version"] != champion
    rivalry = later["comparisons"][-1]
    assert rivalry["role"] == "champion"
    assert rivalry["reason"] == ""
    # Its folds ended with candle 1,900, and from then on it is asked anew; its purged end is in neither.
    assert later["comparisons"][0]["rows"] - 3 * 20 <= rivalry["rows"] < later["comparisons"][0]["rows"]
    assert later["outcome"] == ("promoted" if not failed(later) else "kept")
    assert project.state[0] == later["champion"]["version"]

    # Another horizon is another question: nobody can say which of the two is better.
    project.run("training", training={"horizon": 4})
    other = project.decision
    assert other["comparisons"][-1]["rows"] == 0
    assert other["outcome"] in {"by hand", "kept"}
    assert "beats the champion" in failed(other)
    assert project.state[0] == later["champion"]["version"]


@pytest.mark.usefixtures("quick")
def test_where_there_is_nothing_to_find_there_is_no_champion_and_everything_says_so(project: Project):
    project.write(candles=2_600, signal=0.0)
    project.run("ingestion", "feature_engineering", "training", "backtesting", "reporting")
    decision = project.decision
    assert (decision["outcome"], decision["champion"]) == ("no champion", None)
    assert "beats majority" in failed(decision)
    assert project.state == (None, None, 1), "registered all the same"

    metrics = json.loads((project.data / "08_reporting" / "metrics.json").read_text())
    assert metrics["champion"] is None
    assert metrics["candidate"]["name"] == "lightgbm"
    assert "ml_signal" in metrics["strategies"]
    assert metrics["gate"]["sentence"] == decision["sentence"]
    scorecard = (project.data / "08_reporting" / "scorecard.md").read_text()
    page = (project.data / "08_reporting" / "report.html").read_text()
    for text in (scorecard, page):
        assert "There is no champion: the best candidate, lightgbm" in text

    with pytest.raises(AlgotradeError, match="There is no champion: the best candidate") as caught:
        project.run("drift")
    assert isinstance(caught.value, NoChampion)
    served = CliRunner().invoke(cli, ["serve"])
    assert served.exit_code == 1
    assert "Nothing to serve: There is no champion: the best candidate" in served.output
    assert "There is no champion" in ask(project, "list").output
    assert "there is no champion" in CliRunner().invoke(cli, ["stream", "--exchange", "binance"]).output


def test_a_registry_that_is_out_of_reach_is_told_before_anything_is_done(project: Project):
    (project.data / "mlflow.db").write_bytes(b"no database" * 1_000)
    with pytest.raises(RegistryError, match="file is not a database"):
        project.run()
    assert sorted(path.name for path in project.data.iterdir()) == ["mlflow.db"]
