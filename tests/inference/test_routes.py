import math

import pytest
from fastapi.testclient import TestClient
from httpx import Response

from algotrade.errors import ForeignFeatures, StoreError, StoreUnavailable
from algotrade.inference.predictor import Predictor
from algotrade.inference.routes import create_app
from algotrade.monitoring.metrics import ServiceMetrics

from .fakes import NAMES, NOW_SECONDS, FakeFeatures, FakeModel, describe, vectors

JSON = {"content-type": "application/json"}


@pytest.fixture
def features() -> FakeFeatures:
    return FakeFeatures(*(vectors(symbol, seed=seed) for seed, symbol in enumerate(describe().symbols)))


@pytest.fixture
def client(features: FakeFeatures) -> TestClient:
    metrics = ServiceMetrics()
    predictor = Predictor(FakeModel(), describe(), features, metrics, now=lambda: NOW_SECONDS)
    return TestClient(create_app(lambda: predictor, metrics), raise_server_exceptions=False)


def assert_problem(response: Response, status: int, code: str, *words: str) -> None:
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert set(problem) == {"type", "title", "status", "detail", "code"}
    assert (problem["status"], problem["code"]) == (status, code)
    for word in words:
        assert word in problem["detail"]


class TestPredict:
    def test_answers_prediction_and_model(self, client: TestClient) -> None:
        answer = client.post("/predict", json={"symbol": "BTCUSDT"}).json()
        assert answer["model"] == {"name": "fake", "version": "7", "feature_fingerprint": "fingerprint-a"}
        (prediction,) = answer["predictions"]
        assert set(prediction) == {
            "symbol",
            "probability",
            "expected_return",
            "signal",
            "candle_open_time",
            "candle_close_time",
            "staleness_seconds",
        }
        assert prediction["symbol"] == "BTC/USDT"
        assert prediction["candle_close_time"] == "1970-02-11T16:00:00Z"
        assert prediction["staleness_seconds"] == 0
        assert math.isfinite(prediction["probability"])

    @pytest.mark.parametrize(
        ("body", "symbols"),
        [
            ({}, ["BTC/USDT", "ETH/USDT", "SOL/USDT"]),
            ({"symbols": ["SOL/USDT", "btc_usdt"]}, ["SOL/USDT", "BTC/USDT"]),
            ({"features": dict.fromkeys(NAMES, 1)}, [None]),
            ({"features": [[1, 2.5, -3e2]]}, [None]),
        ],
    )
    def test_every_way_to_ask(self, client: TestClient, body: dict, symbols: list) -> None:
        response = client.post("/predict", json=body)
        assert response.status_code == 200
        assert [each["symbol"] for each in response.json()["predictions"]] == symbols

    @pytest.mark.parametrize("body", ["{", "nonsense", '{"symbol": "BTC/USDT",}', "[" * 50_000, b'{"symbol": "\xff"}'])
    def test_what_is_not_json_is_400(self, client: TestClient, body: str | bytes) -> None:
        response = client.post("/predict", content=body, headers=JSON)
        assert_problem(response, 400, response.json()["code"], "JSON")

    @pytest.mark.parametrize(
        ("body", "word"),
        [
            ("", "required"),
            ("null", "object"),
            ("[]", "object"),
            ('"BTC/USDT"', "object"),
            ('{"symbol": 1}', "symbol"),
            ('{"symbol": null}', "null"),
            ('{"symbol": ""}', "symbol"),
            ('{"symbol": "BTC USDT"}', "symbol"),
            ('{"symbol": "' + "A" * 41 + '"}', "symbol"),
            ('{"symbols": []}', "symbols"),
            ('{"symbols": "BTC/USDT"}', "symbols"),
            ('{"symbols": ["BTC/USDT", 2]}', "symbols.1"),
            ('{"symbl": "BTC/USDT"}', "symbl"),
            ('{"symbol": "BTC/USDT", "symbols": ["BTC/USDT"]}', "one of"),
            ('{"symbol": "BTC/USDT", "features": [[1, 2, 3]]}', "one of"),
            ('{"features": [[1, 2, NaN]]}', "features.0.2"),
            ('{"features": [[1, 2, Infinity]]}', "finite"),
            ('{"features": [[1, 2, 1e999]]}', "finite"),
            ('{"features": {"momentum": -Infinity}}', "features.momentum"),
            ('{"features": [[1, 2, "3"]]}', "number"),
            ('{"features": [[1, 2, true]]}', "number"),
            ('{"features": [[1, 2, null]]}', "number"),
            ('{"features": [1, 2, 3]}', "features.0"),
            ('{"features": []}', "features"),
            ('{"features": 3}', "features"),
        ],
    )
    def test_another_shape_is_422_and_says_where(self, client: TestClient, body: str, word: str) -> None:
        assert_problem(client.post("/predict", content=body, headers=JSON), 422, "invalid_request", word)

    def test_features_that_do_not_fit_the_model_are_422(self, client: TestClient) -> None:
        response = client.post("/predict", json={"features": [[1, 2]]})
        assert_problem(response, 422, "unfit_features", "the model takes 1 rows")

    def test_an_unknown_symbol_is_404_and_lists_the_known(self, client: TestClient) -> None:
        response = client.post("/predict", json={"symbol": "DOGE/USDT"})
        assert_problem(response, 404, "unknown_symbol", "DOGE/USDT", "BTC/USDT, ETH/USDT, SOL/USDT")

    def test_another_media_type_is_415(self, client: TestClient) -> None:
        response = client.post("/predict", content="{}", headers={"content-type": "text/plain"})
        assert_problem(response, 415, "not_json", "application/json")

    def test_nothing_online_is_503(self, client: TestClient, features: FakeFeatures) -> None:
        features.online.clear()
        assert_problem(client.post("/predict", json={}), 503, "features_not_online", "kedro run")
        assert_problem(client.post("/predict", json={"symbol": "BTC/USDT"}), 503, "features_not_online", "BTC/USDT")

    @pytest.mark.parametrize(
        ("error", "code"),
        [
            (ForeignFeatures("other features"), "foreign_features"),
            (StoreUnavailable("no answer"), "online_store_unavailable"),
            (StoreError("schema version"), "online_store_unusable"),
        ],
    )
    def test_a_failing_store_is_503_with_the_reason_and_given_features_still_work(
        self, client: TestClient, features: FakeFeatures, error: StoreError, code: str
    ) -> None:
        features.error = error
        assert_problem(client.post("/predict", json={}), 503, code, str(error))
        assert client.post("/predict", json={"features": [[1, 2, 3]]}).status_code == 200

    def test_a_bug_is_500_without_its_innards(self, client: TestClient, features: FakeFeatures) -> None:
        features.error = RuntimeError("secret path")
        response = client.post("/predict", json={})
        assert_problem(response, 500, "internal")
        assert "secret" not in response.text


class TestTheOtherRoutes:
    def test_health_is_ok_when_all_is_well(self, client: TestClient) -> None:
        health = client.get("/health").json()
        assert (health["status"], health["live"], health["ready"], health["degraded"]) == ("ok", True, True, [])
        assert [check["name"] for check in health["checks"]] == [
            "model",
            "online_store",
            "online_features",
            "freshness",
        ]

    def test_health_says_what_is_degraded(self, client: TestClient, features: FakeFeatures) -> None:
        features.error = StoreUnavailable("the store is away")
        response = client.get("/health")
        assert response.status_code == 200
        health = response.json()
        assert (health["status"], health["live"], health["ready"]) == ("degraded", True, False)
        assert health["degraded"] == ["online_store"]
        assert health["checks"][1]["detail"] == "the store is away"

    def test_old_features_degrade_but_still_serve(self, client: TestClient, features: FakeFeatures) -> None:
        features.online["BTC/USDT"] = vectors("BTC/USDT", last_hour=500)
        health = client.get("/health").json()
        assert (health["status"], health["ready"], health["degraded"]) == ("degraded", True, ["freshness"])

    def test_models_describes_what_is_served(self, client: TestClient) -> None:
        (model,) = client.get("/models").json()["models"]
        assert model["feature_names"] == list(NAMES)
        assert (model["history"], model["horizon"], model["timeframe"]) == (1, 4, "1h")

    @pytest.mark.parametrize(("method", "path", "status"), [("GET", "/predict", 405), ("GET", "/nosuch", 404)])
    def test_other_paths_and_methods_are_problems_too(
        self, client: TestClient, method: str, path: str, status: int
    ) -> None:
        response = client.request(method, path)
        assert_problem(response, status, response.json()["code"])

    def test_openapi_documents_the_refusals(self, client: TestClient) -> None:
        answers = client.get("/openapi.json").json()["paths"]["/predict"]["post"]["responses"]
        for status in ("400", "404", "415", "422", "500", "503"):
            assert list(answers[status]["content"]) == ["application/problem+json"]


class TestMetrics:
    def test_count_requests_predictions_and_refusals(self, client: TestClient) -> None:
        client.post("/predict", json={})
        client.post("/predict", json={"symbol": "DOGE/USDT"})
        shown = client.get("/metrics")
        assert shown.headers["content-type"].startswith("text/plain; version=")
        assert 'algotrade_requests_total{route="/predict",status="200"} 1.0' in shown.text
        assert 'algotrade_requests_total{route="/predict",status="404"} 1.0' in shown.text
        assert 'algotrade_refusals_total{code="unknown_symbol"} 1.0' in shown.text
        assert "algotrade_inference_seconds_count 1.0" in shown.text
        assert "algotrade_online_store_up 1.0" in shown.text
        assert 'algotrade_model_info{fingerprint="fingerprint-a",name="fake",version="7"} 1.0' in shown.text

    def test_do_not_grow_with_what_clients_send(self, client: TestClient) -> None:
        def series() -> set[str]:
            return {line.split(" ")[0] for line in client.get("/metrics").text.splitlines() if line[0] != "#"}

        for _ in range(2):
            client.get("/first")
            client.post("/predict", json={"symbol": "AAA/USDT"})
            client.get("/metrics")
        before = series()
        for number in range(50):
            client.get(f"/path{number}")
            client.post("/predict", json={"symbol": f"COIN{number}/USDT"})
        assert series() == before
