"""Drift and performance are looked at where that is possible, and what was not looked at asks for nothing."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from algotrade.domain.candles import Panel, from_milliseconds
from algotrade.domain.timeframe import Timeframe
from algotrade.models import ModelBundle, build_model, write_bundle
from algotrade.pipelines.retraining import nodes
from algotrade.tracking import Reign
from algotrade.validation.bundle_forecasts import bundle_forecasts
from algotrade.validation.labels import build_label
from algotrade.validation.training_data import TrainingData, training_data

CANDLES, TRAINED, EVIDENCE, HORIZON = 3000, 2000, 1000, 4
START = 1_700_000_400_000 // 3_600_000
SYMBOLS = ["BTC/USDT", "ETH/USDT"]
UNIVERSE = {"exchange": "x", "timeframe": "1h", "symbols": SYMBOLS, "data_digest": "d"}
SPEC = {"names": ["signal", "noise"], "families": ["a", "b"], "lookback": 1, "fingerprint": "f00d"}
TRAINING = {"horizon": HORIZON}


def market(strength_later: float, shift_later: float = 0.0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Candles whose next returns follow a feature, until the training ended; features, of which one may have moved."""
    random = np.random.default_rng(3)
    times = from_milliseconds((START + np.arange(CANDLES)) * 3_600_000)
    later = np.arange(CANDLES) >= TRAINED
    candles, features = [], []
    for symbol in SYMBOLS:
        signal = random.standard_normal(CANDLES)
        strength = np.where(later, strength_later, 0.8)
        # The position of row t is opened at the open of t+1, so the move that it earns first is that of t+1.
        moves = 0.01 * (np.roll(strength * signal, 1) + random.standard_normal(CANDLES))
        close = 100 * np.exp(np.cumsum(moves))
        opened = np.concatenate([[100.0], close[:-1]])
        key = {"exchange": "x", "symbol": symbol, "timeframe": "1h", "open_time": times}
        prices = {"open": opened, "high": np.maximum(opened, close), "low": np.minimum(opened, close), "close": close}
        candles.append(pd.DataFrame({**key, **prices, "volume": 1.0}))
        noise = random.standard_normal(CANDLES) + np.where(later, shift_later, 0.0)
        features.append(pd.DataFrame({"symbol": symbol, "open_time": times, "signal": signal, "noise": noise}))
    return pd.concat(candles, ignore_index=True), pd.concat(features, ignore_index=True)


def samples(candles: pd.DataFrame, features: pd.DataFrame) -> TrainingData:
    label = build_label({"kind": "forward_return", "horizon": HORIZON})
    labels = label.of(Panel.from_frame(candles, Timeframe("1h"), SYMBOLS))
    return training_data(features, labels, Timeframe("1h"), 1)


def packaged(data: TrainingData, folder: Path, **changes: object) -> ModelBundle:
    first, last, known = from_milliseconds([data.open_time.min(), data.open_time.max(), data.known_at.max()])
    provenance = {
        "feature_names": ("signal", "noise"), "feature_fingerprint": "f00d", "lookback": 1, "horizon": HORIZON,
        "exchange": "x", "timeframe": "1h", "symbols": tuple(SYMBOLS), "training_start": first, "training_end": last,
        "labels_known_until": known, "data_digest": "d",
        "label": build_label({"kind": "forward_return", "horizon": HORIZON}).formula,
    }  # fmt: skip
    write_bundle(folder, build_model("logistic").fit(data.labelled), provenance | changes)
    return ModelBundle.load(folder)


@pytest.fixture(scope="module")
def reigning(tmp_path_factory: pytest.TempPathFactory) -> Reign:
    """A champion that knows the time before the change, with honest evidence of how good it was then."""
    folder = tmp_path_factory.mktemp("reign")
    data = samples(*market(strength_later=0.8))
    known = np.asarray((data.known_at - START * 3_600_000) // 3_600_000 < TRAINED)
    early = np.asarray((data.known_at - START * 3_600_000) // 3_600_000 < EVIDENCE)
    tested = known & np.asarray((data.open_time - START * 3_600_000) // 3_600_000 >= EVIDENCE)
    evidence = bundle_forecasts(packaged(data.take(early), folder / "early"), data.take(tested))
    return Reign(packaged(data.take(known), folder / "champion"), evidence)


def performance(reigning: Reign | None, strength_later: float, **parameters: object) -> dict:
    candles, features = market(strength_later)
    return nodes.watch_performance(candles, features, SPEC, UNIVERSE, reigning, TRAINING, parameters)


def drift(reigning: Reign | None, shift_later: float, candles: int = 72, **parameters: object) -> dict:
    _, features = market(0.8, shift_later)
    settings = {"current_candles": candles, "embargo": candles, "draws": 100}
    return nodes.watch_drift(features, SPEC, UNIVERSE, reigning, None, settings, parameters)


def test_a_signal_that_turned_is_performance_that_decayed(reigning):
    found = performance(reigning, strength_later=-0.4)
    assert found["fired"], found["reason"]
    assert found["reason"].startswith("the champion got worse (log loss ")
    decay = found["decay"]
    # The last label that was learned from is known at the open of the first later candle.
    assert decay["rows"] == len(SYMBOLS) * (CANDLES - HORIZON - TRAINED)
    assert decay["found"] > decay["expected"]


def test_a_signal_that_stayed_is_none(reigning):
    found = performance(reigning, strength_later=0.8)
    assert not found["fired"]
    assert "no worse than chance would make it" in found["reason"]


def test_the_level_decides(reigning):
    p_value = performance(reigning, strength_later=0.6)["decay"]["p_value"]
    assert 0.001 < p_value < 0.4, "neither clear nor hopeless, so that the level is what decides"
    assert performance(reigning, strength_later=0.6, level=p_value * 1.01)["fired"]
    assert not performance(reigning, strength_later=0.6, level=p_value * 0.99)["fired"]


def test_features_that_moved_are_drift_and_those_that_stayed_are_none(reigning):
    moved = drift(reigning, shift_later=3.0)
    assert moved["fired"], moved["reason"]
    assert moved["reason"].startswith("drift: 1 of 2 features")
    assert moved["verdict"]["worst"][0]["name"] == "noise"
    still = drift(reigning, shift_later=0.0)
    assert (still["fired"], still["reason"][:28]) == (False, "no drift: all 2 features loo")


def test_what_is_switched_off_or_cannot_be_compared_asks_for_nothing(reigning, tmp_path):
    assert "retraining.drift" in drift(reigning, 3.0, drift=False)["reason"]
    assert "retraining.performance" in performance(reigning, -0.4, performance=False)["reason"]
    data = samples(*market(0.8))
    other = Reign(packaged(data, tmp_path / "other", feature_fingerprint="beef"), reigning.evidence)
    for nobody in (None, other):
        for found in (drift(nobody, 3.0), performance(nobody, -0.4)):
            assert not found["fired"]
            assert "for want of a champion on these features" in found["reason"]
    unlike = Reign(packaged(data, tmp_path / "unlike", label="something else"), reigning.evidence)
    assert "it forecasts another label" in performance(unlike, -0.4)["reason"]
    bare = Reign(reigning.bundle, pd.DataFrame())
    assert "its evidence was not kept" in performance(bare, -0.4)["reason"]


def test_too_little_to_look_at_is_said_and_asks_for_nothing(reigning, tmp_path):
    assert drift(reigning, 3.0, candles=900)["reason"] == "there is too little history to look for drift"
    fresh = packaged(samples(*market(0.8)), tmp_path / "fresh")
    found = performance(Reign(fresh, reigning.evidence), -0.4)
    assert (found["fired"], found["reason"][:50]) == (False, "the champion's performance cannot be judged yet (o")
