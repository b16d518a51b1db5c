"""``kedro run --pipeline audit``: writes what it found, then fails naming what sees the future."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

from algotrade.audit import FINDING_COLUMNS
from algotrade.domain.candles import Panel
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import AlgotradeError, ConfigurationError, LookAheadFound
from algotrade.features import FEATURES
from algotrade.pipelines.audit import create_pipeline
from algotrade.pipelines.parameters import AuditParameters
from algotrade.simulation.market import MarketSettings, simulate_market
from algotrade.strategies import STRATEGIES
from algotrade.validation import training_rows
from algotrade.validation.labels import forward_returns
from algotrade.validation.labels.volatility_scaled import VolatilityScaled
from tests.kedro_runs import kedro

SYMBOLS = ("BTC/USDT", "ETH/USDT", "SOL/USDT")
CLEAN = ("hour_sin", "hour_cos", "weekday_sin")
PLUG_IN = dedent("""
    import numpy as np

    from algotrade.features.base import feature


    @feature(family="planted", unit="ratio", lookback=1)
    def smoothed_close(candles):
        if len(candles) < 21:
            return np.ones(len(candles))
        return np.convolve(candles.close, np.ones(21) / 21, mode="same") / candles.close
""")
STRATEGY = dedent("""
    from dataclasses import dataclass
    from typing import ClassVar

    import numpy as np

    from algotrade.strategies import STRATEGIES, Strategy


    @STRATEGIES.register("clairvoyant")
    @dataclass(frozen=True)
    class Clairvoyant(Strategy):
        name: ClassVar[str] = "clairvoyant"

        @property
        def lookback(self):
            return 0

        def target_weights(self, view, initial_weights=None):
            close = view.panel.close
            rises = np.vstack([close[1:], close[-1:]]) > close
            return (rises / len(view.panel.symbols))[view.warmup :]
""")


@pytest.fixture(scope="module")
def candles() -> pd.DataFrame:
    return simulate_market(MarketSettings(symbols=SYMBOLS, candles=1_000, seed=4, signal=0.2))


@pytest.fixture
def registries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Registries that forget what the test registers; the features are few, so that it is fast."""
    few = {name: FEATURES[name] for name in FEATURES if name in CLEAN}
    list(STRATEGIES)
    monkeypatch.setattr(FEATURES, "_entries", few)
    monkeypatch.setattr(STRATEGIES, "_entries", dict(STRATEGIES))


@pytest.fixture
def plug_in(registries, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Import a module of somebody else that registers what it defines."""
    monkeypatch.syspath_prepend(tmp_path)

    def install(name: str, source: str) -> None:
        (tmp_path / f"{name}.py").write_text(source)
        monkeypatch.delitem(sys.modules, name, raising=False)
        __import__(name)

    return install


class Kept(MemoryDataset):
    """Not forgotten once every step has read it."""

    def _release(self) -> None:
        pass


def audit(
    market: pd.DataFrame, stored: dict | None = None, training: dict | None = None, **parameters: object
) -> DataCatalog:
    """Run the pipeline on a catalog in memory and give the catalog back, with the error if there was one."""
    universe = {"timeframe": "1h", "symbols": list(SYMBOLS)}
    inputs = {
        "candles": market,
        "universe": universe,
        "stored_frames": stored or {},
        "params:audit": {"candles": 400, "moments": 3, "chain": False, **parameters},
        "params:feature_engineering": {},
        "params:training": training or {},
        "params:backtesting": {"strategies": {"ml_signal": {"entry_edge_bps": 0.0, "entry_probability": 0.5}}},
    }
    catalog = DataCatalog({name: MemoryDataset(data, copy_mode="assign") for name, data in inputs.items()})
    for name in ("audit", "audit_table", "audit_page"):
        catalog[name] = Kept()
    try:
        SequentialRunner().run(create_pipeline(), catalog)
    except AlgotradeError as error:
        catalog["error"] = MemoryDataset(error, copy_mode="assign")
    return catalog


def test_a_clean_run_says_what_was_probed(candles, registries, caplog):
    with caplog.at_level("INFO", logger="algotrade.pipelines.audit.nodes"):
        catalog = audit(candles, chain=True, chain_moments=1, folds=1)
    assert "error" not in catalog, catalog.load("error")
    said = f"3 features, {len(STRATEGIES)} strategies, labels, chain: nothing sees the future"
    assert catalog.load("audit")["verdict"] == said
    assert f"{said}." in caplog.messages
    assert catalog.load("audit")["passed"]
    assert catalog.load("audit_table").columns.tolist() == list(FINDING_COLUMNS)
    assert said in catalog.load("audit_page")


def test_a_leaky_feature_of_another_module_is_named_after_everything_is_written(candles, plug_in):
    plug_in("somebodys_features", PLUG_IN)
    catalog = audit(candles)
    error = catalog.load("error")
    assert isinstance(error, LookAheadFound)
    for part in ("feature smoothed_close", "up to 10 candles of the future", "truncation", "standard deviations"):
        assert part in str(error)
    assert "hour_sin" not in str(error)
    (finding,) = [each for each in catalog.load("audit")["findings"] if each["severity"] == "leak"]
    assert (finding["name"], finding["reach"]) == ("smoothed_close", 10)
    assert not catalog.load("audit")["passed"]
    assert catalog.load("audit_table")["name"].tolist()[0] == "smoothed_close"
    assert "`smoothed_close`" in catalog.load("audit_page")
    json.dumps(catalog.load("audit"), allow_nan=False)


def test_a_leaky_feature_is_found_in_the_chain_and_what_follows_is_told(candles, plug_in):
    plug_in("somebodys_other_features", PLUG_IN)
    table = audit(candles, chain=True, chain_moments=1, folds=1, probes=["prices"]).load("audit_table")
    stages = table[(table["subject"] == "chain") & (table["severity"] == "leak")]
    assert stages["name"].tolist()[0] == "features"
    assert "smoothed_close" in stages["detail"].tolist()[0]


def test_a_leak_at_the_edge_of_a_fold_is_named_with_its_fold(candles, registries, monkeypatch):
    """Purging is off by a bug: the labels of the last rows of training are made of prices of the test span."""
    monkeypatch.setattr(
        training_rows,
        "train_rows",
        lambda fold, open_time, known_at: (open_time >= fold.train_start) & (open_time < fold.test_start),
    )
    catalog = audit(candles, chain=True, chain_moments=1, folds=1, probes=["prices"])
    error = catalog.load("error")
    assert isinstance(error, LookAheadFound)
    assert "folds fold 0: learns from labels that prices of the span that it is tested on change" in str(error)
    # The chain itself refused to learn from them.
    assert "chain walk-forward: Fold 0 would stop early on" in str(error)
    assert "fold_edge" in set(catalog.load("audit_table")["law"])


def test_a_label_of_another_kind_is_audited_by_its_name(candles, registries, monkeypatch):
    whole = VolatilityScaled.outcomes

    def scaled_by_all(label, panel):
        found = whole(label, panel)
        return replace(found, target=found.forward_return / np.nanstd(found.forward_return))

    training = {"label": {"kind": "volatility_scaled", "window": 24}}
    quick = {"moments": 1, "probes": ["prices"], "candles": 200, "symbols": 1}
    assert "error" not in audit(candles, training=training, **quick)
    monkeypatch.setattr(VolatilityScaled, "outcomes", scaled_by_all)
    assert "labels volatility_scaled: a label changes with" in str(
        audit(candles, training=training, **quick).load("error")
    )


def test_a_leaky_strategy_of_another_module_is_named(candles, plug_in):
    plug_in("somebodys_strategies", STRATEGY)
    error = audit(candles).load("error")
    assert "strategy clairvoyant: uses at least 1 candle of the future" in str(error)


def test_a_stored_frame_with_the_label_in_it_is_named(candles, registries):
    labels = forward_returns(Panel.from_frame(candles, Timeframe("1h")), 8)
    frame = labels[["symbol", "open_time"]].assign(target=labels["forward_return"])
    error = audit(candles, {"04_feature/features": lambda: frame}).load("error")
    assert "stored feature target: has a rank correlation of 1.00" in str(error)


def test_a_frame_that_is_not_there_yet_is_no_hindrance(candles, registries):
    """The audit needs candles, and nothing that comes after them."""
    assert "error" not in audit(candles, {"03_primary/candles": lambda: candles})


def test_too_short_a_history_is_one_clear_error(candles, registries):
    error = audit(candles, candles=100_000).load("error")
    assert "lower `audit.candles`" in str(error)


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"probes": ["truncating"]}, "'truncation', 'prices', 'gaps'"),
        ({"candels": 10}, "Did you mean 'candles'"),
        ({"model": "lightgbn"}, "lightgbm"),
        ({"model_settings": {"rounds": 3}}, "max_rounds"),
        ({"probes": []}, "at least 1 item"),
        ({"moments": 0}, "greater than or equal to 1"),
    ],
)
def test_bad_parameters_are_one_clear_error(parameters, told):
    with pytest.raises(ConfigurationError, match=told):
        AuditParameters.parse(parameters)


@pytest.mark.slow
def test_the_command_fails_with_status_1_and_leaves_its_files(tmp_path, monkeypatch):
    """In a process of its own, with a plug-in that Python imports when it starts."""
    plug_ins = tmp_path / "plug_ins"
    plug_ins.mkdir()
    (plug_ins / "planted_for_audit.py").write_text(PLUG_IN)
    guard = Path(__file__).parents[1] / "network_guard" / "sitecustomize.py"
    starter = "import algotrade.features, planted_for_audit\n"
    (plug_ins / "sitecustomize.py").write_text(guard.read_text() + starter)
    data = tmp_path / "data"
    assert kedro(data, "run", "--env", "test", "--pipeline", "ingestion").returncode == 0
    clean = kedro(data, "run", "--env", "test", "--pipeline", "audit", "--params", "audit.candles=400,audit.symbols=3")
    assert clean.returncode == 0, clean.stderr
    assert "chain: nothing sees the future" in clean.stdout + clean.stderr
    monkeypatch.setenv("PYTHONPATH", str(plug_ins))
    answer = kedro(
        data, "run", "--env", "test", "--pipeline", "audit", "--params", "audit.candles=400,audit.chain=false"
    )
    assert answer.returncode == 1
    assert "feature smoothed_close: uses up to 10 candles of the future" in answer.stderr
    assert "Traceback" not in answer.stderr
    for name in ("audit.json", "audit.parquet", "audit.md"):
        assert (data / "08_reporting" / name).stat().st_size > 0
