"""What a run read can be told from all that it leaves: the content hash of its candles is everywhere."""

import json
import re
import sqlite3
from pathlib import Path

import pandas as pd
import pytest

from algotrade.data.digest import content_digest
from algotrade.data.store import CandleStore
from algotrade.domain.timeframe import Timeframe
from algotrade.models.bundle import ModelBundle
from tests.kedro_runs import PIPELINES


@pytest.fixture(scope="module")
def digest(finished: Path) -> str:
    """Content hash of the snapshot that every step after the ingestion read."""
    return content_digest(pd.read_parquet(finished / "03_primary" / "candles.parquet"))


def test_it_is_that_of_the_stored_candles(finished: Path, digest: str):
    universe = json.loads((finished / "02_intermediate" / "universe.json").read_text())
    store = CandleStore(f"sqlite:///{finished}/02_intermediate/candles.db")

    stored = store.read(universe["exchange"], Timeframe(universe["timeframe"]), universe["symbols"])

    assert universe["data_digest"] == content_digest(stored) == digest


def test_the_run_of_each_pipeline_carries_it(finished: Path, digest: str):
    with sqlite3.connect(finished / "mlflow.db") as database:
        tags = pd.read_sql("select run_uuid, key, value from tags", database).pivot(  # noqa: PD010 - texts
            index="run_uuid", columns="key", values="value"
        )
    runs = tags[tags["mlflow.parentRunId"].isna()]

    assert len(runs) >= len(PIPELINES)
    assert (runs["data.data_digest"] == digest).all()


@pytest.mark.parametrize("bundle", ["champion", "candidates/lightgbm", "candidates/ensemble"])
def test_the_models_carry_it(finished: Path, digest: str, bundle: str):
    assert ModelBundle.load(finished / "06_models" / bundle).manifest.data_digest == digest


def test_metrics_and_report_carry_it(finished: Path, digest: str):
    metrics = json.loads((finished / "08_reporting" / "metrics.json").read_text())
    page = (finished / "08_reporting" / "report.html").read_text()

    assert metrics["data"]["digest"] == digest
    assert re.search(rf"Data digest</dt>\s*<dd>{digest}</dd>", page)


def test_other_candles_have_another_digest(finished: Path, digest: str):
    candles = pd.read_parquet(finished / "03_primary" / "candles.parquet")
    candles.loc[len(candles) // 2, "close"] *= 1 + 1e-12

    assert content_digest(candles) != digest


def test_the_data_of_the_run_is_described_in_metrics_and_tracking(finished: Path):
    data = json.loads((finished / "08_reporting" / "metrics.json").read_text())["data"]
    with sqlite3.connect(finished / "mlflow.db") as database:
        logged = dict(database.execute("select key, value from latest_metrics where key like 'data.%'").fetchall())

    assert data["quarantined_by_reason"] == data["divergence"] == {}
    assert (data["duplicates"], data["missing_candles"], data["last_candle_age_seconds"]) == (0, 0, None)
    assert logged["data.rows"] == data["rows"] == 7_500
    assert {"data.gaps", "data.missing_candles", "data.anomalies.returns", "data.quarantined"} <= logged.keys()


def test_the_figures_of_the_data_are_catalog_entries_and_the_page_shows_those_that_say_something(finished: Path):
    figures = {path.stem for path in (finished / "08_reporting" / "figures").glob("*.json")}
    page = (finished / "08_reporting" / "report.html").read_text()

    assert {"coverage", "quarantined", "anomalies", "divergence"} <= figures
    shown = set(re.findall(r'data-figure="(\w+)"', page))
    assert {"coverage", "anomalies"} <= shown
    assert not {"quarantined", "divergence"} & shown
    assert len(page) < 5_000_000
