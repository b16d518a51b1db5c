"""The whole job on the simulated market: what it leaves behind, and what it refuses to claim."""

import json
import re
import sqlite3
from pathlib import Path

import pandas as pd
import pytest

from algotrade.models.bundle import ModelBundle
from tests.kedro_runs import SYMBOLS, kedro

TREND = {"momentum", "moving_average_cross", "breakout", "cross_sectional_momentum"}
STRATEGIES = {"ml_signal", "mean_reversion", "buy_and_hold", "equal_weight"} | TREND
STRATEGY_FIGURES = {
    "sharpe", "sortino", "calmar", "annual_return", "max_drawdown", "win_rate", "turnover", "trades", "exposure",
    "fees_paid", "slippage_paid", "final_equity", "probabilistic_sharpe", "deflated_sharpe",
}  # fmt: skip


@pytest.fixture(scope="module")
def metrics(finished: Path) -> dict:
    return json.loads((finished / "08_reporting" / "metrics.json").read_text())


def test_metrics_have_every_promised_figure(metrics: dict):
    assert {"data", "models", "champion", "strategies", "overfitting", "targets", "timings"} <= metrics.keys()
    promised = {"source", "symbols", "timeframe", "start", "end", "rows", "gaps", "quarantined"}
    assert promised <= metrics["data"].keys()
    assert {"lightgbm", "lstm", "ensemble", "majority", "logistic"} <= metrics["models"].keys()
    for scores in metrics["models"].values():
        assert {"folds", "accuracy", "auc", "log_loss", "brier", "information_coefficient"} <= scores.keys()
    assert metrics["strategies"].keys() == STRATEGIES
    for figures in metrics["strategies"].values():
        assert figures.keys() >= STRATEGY_FIGURES | {"intervals", "robustness", "stress", "attribution"}
    assert {"probability_of_backtest_overfitting", "trials"} <= metrics["overfitting"].keys()
    assert [set(target) for target in metrics["targets"]] == [{"name", "goal", "value", "met"}] * 6
    assert metrics["timings"].keys() == {
        "ingestion", "feature_engineering", "training", "backtesting", "reporting"
    }  # fmt: skip


def test_the_simulated_market_is_described_as_it_is(metrics: dict):
    assert metrics["data"]["source"] == "simulated"
    assert metrics["data"]["symbols"] == ["BTC/USDT", "ETH/USDT", "SOL/USDT"]
    assert metrics["data"]["rows"] == 7500
    assert metrics["data"]["gaps"] == metrics["data"]["quarantined"] == 0


def test_the_report_says_first_that_the_market_is_simulated(finished: Path):
    page = (finished / "08_reporting" / "report.html").read_text()
    body = re.sub(r"<[^>]+>", " ", page[page.index("<body") :]).strip()
    assert body.startswith("Simulated market")


def test_every_figure_is_a_catalog_entry(finished: Path):
    figures = {path.stem for path in (finished / "08_reporting" / "figures").glob("*.json")}
    assert {"equity", "drawdown", "monthly_returns", "costs", "fold_scores", "feature_importance"} <= figures


def test_candidates_are_judged_on_the_same_rows(finished: Path):
    predictions = pd.read_parquet(finished / "07_model_output" / "out_of_fold_predictions.parquet")
    rows = {
        model: own[["symbol", "open_time"]].sort_values(["symbol", "open_time"], ignore_index=True)
        for model, own in predictions.groupby("model")
    }
    for own in rows.values():
        pd.testing.assert_frame_equal(own, rows["lightgbm"])


def test_the_registry_knows_the_champion_that_is_on_disk(finished: Path, metrics: dict):
    champion = ModelBundle.load(finished / "06_models" / "champion").manifest
    assert (champion.model, champion.version) == (metrics["champion"]["name"], metrics["champion"]["version"])
    with sqlite3.connect(finished / "mlflow.db") as database:
        rows = database.execute(
            "select a.alias, t.value from registered_model_aliases a join model_version_tags t "
            "on a.name = t.name and a.version = t.version where t.key = 'bundle_version'"
        ).fetchall()
    assert dict(rows)["champion"] == champion.version
    assert dict(rows).keys() == {"champion", "challenger"}


def test_metrics_and_trials_are_tracked(finished: Path, metrics: dict):
    with sqlite3.connect(finished / "mlflow.db") as database:
        logged = dict(database.execute("select key, value from latest_metrics").fetchall())
        nested = database.execute("select count(*) from tags where key = 'mlflow.parentRunId'").fetchone()[0]
    assert logged["models.lightgbm.auc"] == pytest.approx(metrics["models"]["lightgbm"]["auc"])
    assert nested == 2, "each trial of the search is a run below the run of its pipeline"


def test_a_second_run_writes_no_candle_twice_and_says_so(finished: Path):
    answer = kedro(finished, "run", "--env", "test", "--pipeline", "ingestion", "--params", f"symbols={SYMBOLS}")
    assert answer.returncode == 0, answer.stderr
    assert "0 new, 0 changed, 7500 unchanged" in answer.stderr


def test_log_lines_name_the_run(finished: Path):
    log = (finished.parent / "reporting.err").read_text()
    assert re.search(r"\[20\d\d-[\d\-T.]+Z\] write_report", log)


def test_the_scorecard_and_the_place_of_the_report_are_printed(finished: Path):
    printed = (finished.parent / "reporting.out").read_text()
    assert "# Scorecard" in printed
    assert str(finished / "08_reporting" / "report.html") in printed
