"""Bad input ends in one clear error: what was found, what is accepted, what to do; the store stays as it was."""

import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from algotrade.data.store import CandleStore
from algotrade.errors import (
    AlgotradeError,
    BadCandles,
    ConfigurationError,
    ConflictingCandles,
    NoCandles,
    TooFewCandles,
    UnknownFormat,
)
from tests.kedro_runs import kedro


def write_candles(path: Path, rows: int = 200, *, scale: float = 1.0) -> None:
    """A tidy Parquet file of hourly candles that walk around 100."""
    close = scale * 100.0 * np.exp(np.cumsum(np.random.default_rng(0).normal(0.0, 0.01, rows)))
    opens = np.concatenate([[close[0]], close[:-1]])
    frame = pd.DataFrame(
        {
            "ts": pd.date_range("2024-01-01", periods=rows, freq="h", tz="UTC").as_unit("ms"),
            "open": opens,
            "high": np.maximum(opens, close) * 1.001,
            "low": np.minimum(opens, close) * 0.999,
            "close": close,
            "volume": 10.0,
        }
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.to_parquet(path)


def root_cause(error: BaseException) -> AlgotradeError:
    while not isinstance(error, AlgotradeError) and error.__cause__ is not None:
        error = error.__cause__
    assert isinstance(error, AlgotradeError), f"no message for a user: {error!r}"
    return error


CONFIGURATION = {
    "unknown source": ({"source": "flies"}, "simulated, files, exchange"),
    "unknown parameter": ({"sorce": "files"}, "Did you mean 'source'"),
    "unknown parameter of a section": ({"training.horizn": 3}, "Did you mean 'horizon'"),
    "unknown setting of a model": ({"training.models.lightgbm.leaves": 3}, "num_leaves"),
    "unknown model": ({"training.models.xgboost": {}}, "lightgbm"),
    "unknown label": ({"training.label.kind": "tripple_barrier"}, "forward_return, triple_barrier"),
    "unknown strategy": ({"backtesting.strategies.momentun": {}}, "momentum"),
    "unknown parameter of a strategy": ({"backtesting.strategies.momentum.windw": 3}, "window"),
    "unknown feature": ({"feature_engineering.names": ["rsi_15"]}, "rsi_14"),
    "value out of range": ({"training.horizon": 0}, "greater than or equal to 1"),
    "unknown timeframe": ({"timeframe": "1x"}, "1m, 5m, 15m, 1h"),
    "no folder named": ({"source": "files"}, "path=DIR"),
    "unknown exchange": ({"source": "exchange", "exchange": "binanse"}, "binance"),
    "signal out of range": ({"signal": 7}, "signal"),
}


def nested(dotted: dict[str, object]) -> dict[str, object]:
    """Run-time parameters as Kedro's command line builds them from dotted names."""
    result: dict[str, object] = {}
    for name, value in dotted.items():
        *parents, leaf = name.split(".")
        place = result
        for parent in parents:
            place = place.setdefault(parent, {})  # type: ignore[assignment]
        place[leaf] = value
    return result


@pytest.mark.parametrize(("given", "helps"), CONFIGURATION.values(), ids=CONFIGURATION)
def test_configuration(run, given: dict[str, object], helps: str):
    with pytest.raises(Exception) as caught:  # noqa: PT011 - Kedro may wrap it; the cause is checked
        run("ingestion", **nested(given))
    cause = root_cause(caught.value)
    assert isinstance(cause, ConfigurationError)
    assert helps in str(cause)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "files" / "binance"
    write_candles(folder / "BTCUSDT-1h.parquet")
    return folder


def spoil_with_unknown_format(folder: Path) -> None:
    (folder / "notes.txt").write_text("buy low, sell high\n")


def spoil_with_conflict(folder: Path) -> None:
    write_candles(folder / "again" / "binance" / "BTC_USDT-1h.parquet", scale=1.01)


def spoil_with_fabrication(folder: Path) -> None:
    shutil.rmtree(folder)
    write_candles(folder / "BTCUSDT-1h.parquet", rows=3000)
    frame = pd.read_parquet(folder / "BTCUSDT-1h.parquet")
    growth = np.exp(np.linspace(0.0, 75.0, len(frame)))
    frame[["open", "high", "low", "close"]] = frame[["open", "high", "low", "close"]].mul(growth, axis=0)
    frame.to_parquet(folder / "BTCUSDT-1h.parquet")


FOLDERS = {
    "missing": (shutil.rmtree, {}, ConfigurationError, "does not exist"),
    "empty": (lambda folder: (folder / "BTCUSDT-1h.parquet").unlink(), {}, NoCandles, "no"),
    "unknown format": (spoil_with_unknown_format, {}, UnknownFormat, "notes.txt"),
    "unknown symbol": (lambda folder: None, {"symbols": "DOGE/USDT"}, (NoCandles, ConfigurationError), "BTC/USDT"),
    "timeframe not there": (lambda folder: None, {"timeframe": "4h"}, (NoCandles, ConfigurationError), "1h"),
    "files that disagree": (spoil_with_conflict, {}, ConflictingCandles, "BTC/USDT"),
    "fabricated": (spoil_with_fabrication, {}, BadCandles, "BTC/USDT"),
    "too few for the folds": (lambda folder: None, {}, TooFewCandles, "longer history"),
}


@pytest.mark.parametrize(("spoil", "selection", "kind", "names"), FOLDERS.values(), ids=FOLDERS)
def test_files(run, folder: Path, tmp_path: Path, spoil, selection: dict, kind: type, names: str):
    store = CandleStore(f"sqlite:///{tmp_path}/data/02_intermediate/candles.db")
    run("ingestion", **nested({"source": "files", "path": str(folder), "ingestion.require_enough_history": False}))
    before = store.series()
    assert before["rows"].tolist() == [200]
    spoil(folder)
    with pytest.raises(Exception) as caught:  # noqa: PT011 - as above
        run("ingestion", source="files", path=str(folder), **selection)
    cause = root_cause(caught.value)
    assert isinstance(cause, kind), repr(cause)
    assert names in str(cause)
    pd.testing.assert_frame_equal(store.series(), before)


def test_the_command_line_shows_one_message_and_no_traceback(tmp_path: Path):
    answer = kedro(tmp_path / "data", "run", "--params", f"source=files,path={tmp_path / 'nowhere'}")
    assert answer.returncode == 1
    assert "Traceback" not in answer.stderr + answer.stdout
    errors = [line for line in answer.stderr.splitlines() if "nowhere" in line]
    assert len(errors) == 1, answer.stderr
    assert errors[0].startswith("Error: ")
    assert not os.path.lexists(tmp_path / "data" / "02_intermediate" / "candles.db")
