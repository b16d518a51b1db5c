"""What is served is what was trained: the service's answer is the pipeline's own prediction."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from algotrade.client import PredictionClient
from algotrade.inference.settings import ServingSettings
from algotrade.models.bundle import ModelBundle
from tests.serving import Server, free_port, running_service


@pytest.fixture(scope="module")
def service(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    settings = ServingSettings(data=finished, port=free_port())
    with running_service(settings, tmp_path_factory.mktemp("service")) as running:
        yield running


@pytest.fixture(scope="module")
def windows(finished: Path) -> dict[str, np.ndarray]:
    """Newest features of each symbol as the feature pipeline persisted them, as the champion reads them."""
    history = ModelBundle.load(finished / "06_models" / "champion").manifest.history
    names = json.loads((finished / "04_feature" / "feature_spec.json").read_text())["names"]
    features = pd.read_parquet(finished / "04_feature" / "features.parquet")
    return {symbol: own[names].tail(history).to_numpy() for symbol, own in features.groupby("symbol")}


def test_asked_by_symbol_it_answers_what_the_bundle_predicts(finished: Path, service: Server, windows):
    bundle = ModelBundle.load(finished / "06_models" / "champion")
    with PredictionClient(str(service.client.base_url)) as client:
        for symbol, window in windows.items():
            answer = client.predict(symbol, timeframe=bundle.manifest.timeframe, version=bundle.manifest.version)
            (prediction,) = answer.predictions
            expected = bundle.predict(window[None])
            assert prediction.probability == pytest.approx(expected.probability[0], abs=1e-9)
            assert prediction.expected_return == pytest.approx(expected.expected_return[0], abs=1e-9)
            assert prediction.signal == ("long" if prediction.probability > 0.5 else "flat")
            assert prediction.interval is not None
            ends = prediction.interval.low, prediction.interval.high
            assert ends == pytest.approx(bundle.interval(prediction.expected_return, window), abs=1e-9)
            assert answer.model.version == bundle.manifest.version


def test_asked_with_features_it_answers_the_same(service: Server, windows):
    window = windows["BTC/USDT"]
    by_symbol = service.client.post("/predict", json={"symbol": "BTCUSDT"}).raise_for_status().json()
    by_features = service.client.post("/predict", json={"features": window.tolist()}).raise_for_status().json()
    assert by_features["predictions"][0]["probability"] == by_symbol["predictions"][0]["probability"]


@pytest.mark.parametrize("body", ["{", "[]", '{"symbol": "NOPE/USDT"}', '{"features": [[1.0]]}', '{"what": 1}'])
def test_a_bad_body_gets_a_clear_4xx(service: Server, body: str):
    answer = service.client.post("/predict", content=body, headers={"content-type": "application/json"})
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert len(answer.json()["detail"]) > 20


def test_it_listens_on_this_machine_only(service: Server):
    listening = {
        connection.laddr.ip
        for process in [service.process, *service.process.children(recursive=True)]
        for connection in process.net_connections(kind="inet")
        if connection.status == "LISTEN"
    }
    assert listening == {"127.0.0.1"}
