import math
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from httpx import Response

from algotrade.errors import ForeignFeatures, StoreError, StoreUnavailable
from algotrade.inference.problems import ModelRefused, NoModel
from algotrade.inference.routes import create_app
from algotrade.inference.schemas import Check
from algotrade.monitoring.metrics import ServiceMetrics

from .desk import Desk
from .fakes import NAMES, FakeFeatures, vectors

JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk(tmp_path_factory.mktemp("desk"))


@pytest.fixture
def desk(opened: Desk) -> Desk:
    opened.reset()
    return opened


@pytest.fixture
def features(desk: Desk) -> FakeFeatures:
    return desk.features


@pytest.fixture
def client(desk: Desk) -> TestClient:
    return TestClient(desk.app, raise_server_exceptions=False)


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
        assert answer["model"] == {
            "name": "fake",
            "version": "7",
            "feature_fingerprint": "fingerprint-a",
            "timeframe": "1h",
            "horizon": 4,
        }
        (prediction,) = answer["predictions"]
        assert set(prediction) == {
            "symbol",
            "probability",
            "expected_return",
            "signal",
            "interval",
            "candle_open_time",
            "candle_close_time",
            "staleness_seconds",
            "degraded",
        }
        assert prediction["symbol"] == "BTC/USDT"
        assert prediction["candle_close_time"] == "1970-02-11T16:00:00Z"
        assert prediction["staleness_seconds"] == 0
        assert math.isfinite(prediction["probability"])
        middle = prediction["expected_return"]
        assert prediction["interval"] == {"low": middle - 0.02, "high": middle + 0.02, "level": 0.9}
        assert prediction["degraded"] is False

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
        ("body", "code", "word"),
        [
            ("", "invalid_request", "required"),
            ("null", "invalid_request", "object"),
            ("[]", "invalid_request", "object"),
            ('"BTC/USDT"', "invalid_request", "object"),
            ('{"symbol": 1}', "invalid_request", "symbol"),
            ('{"symbol": null}', "invalid_request", "null"),
            ('{"symbol": ""}', "invalid_request", "symbol"),
            ('{"symbol": "BTC USDT"}', "invalid_request", "symbol"),
            ('{"symbol": "BTC/USDT\\n"}', "invalid_request", "symbol"),
            ('{"symbol": "' + "A" * 41 + '"}', "invalid_request", "symbol"),
            ('{"symbols": []}', "invalid_request", "symbols"),
            ('{"symbols": "BTC/USDT"}', "invalid_request", "symbols"),
            ('{"symbols": ["BTC/USDT", 2]}', "invalid_request", "symbols.1"),
            ('{"symbols": ["BTC/USDT"' + ', "BTC/USDT"' * 1000 + "]}", "invalid_request", "1000 items"),
            ('{"timeframe": 1}', "invalid_request", "timeframe"),
            ('{"timeframe": "soon"}', "invalid_request", "timeframe"),
            ('{"version": "../7"}', "invalid_request", "version"),
            ('{"feature_fingerprint": ""}', "invalid_request", "feature_fingerprint"),
            ('{"symbl": "BTC/USDT"}', "unknown_field", "symbl"),
            ('{"symbol": "BTC/USDT", "model": "7"}', "unknown_field", "model"),
            ('{"symbol": "BTC/USDT", "symbols": ["BTC/USDT"]}', "invalid_request", "one of"),
            ('{"symbol": "BTC/USDT", "features": [[1, 2, 3]]}', "invalid_request", "one of"),
            ('{"features": [[1, 2, NaN]]}', "not_finite", "features.0.2"),
            ('{"features": [[1, 2, Infinity]]}', "not_finite", "finite"),
            ('{"features": [[1, 2, 1e999]]}', "not_finite", "finite"),
            ('{"features": {"momentum": -Infinity}}', "not_finite", "features.momentum"),
            ('{"features": [[1, 2, "3"]]}', "invalid_request", "number"),
            ('{"features": [[1, 2, true]]}', "invalid_request", "number"),
            ('{"features": [[1, 2, null]]}', "invalid_request", "number"),
            ('{"features": [1, 2, 3]}', "invalid_request", "features.0"),
            ('{"features": []}', "invalid_request", "features"),
            ('{"features": [[]]}', "invalid_request", "features"),
            ('{"features": 3}', "invalid_request", "features"),
        ],
    )
    def test_another_shape_is_422_with_a_code_and_says_where(
        self, client: TestClient, body: str, code: str, word: str
    ) -> None:
        assert_problem(client.post("/predict", content=body, headers=JSON), 422, code, word)

    @pytest.mark.parametrize("features", [[[1, 2]], [[1, 2, 3], [1, 2, 3]], {"momentum": 1}, {"sentiment": 1}])
    def test_features_that_are_not_the_models_are_422(self, client: TestClient, features: object) -> None:
        response = client.post("/predict", json={"features": features})
        assert_problem(response, 422, "unfit_features", "GET /models")

    def test_an_unknown_symbol_is_404_and_lists_the_known(self, client: TestClient) -> None:
        response = client.post("/predict", json={"symbol": "DOGE/USDT"})
        assert_problem(response, 404, "unknown_symbol", "DOGE/USDT", "BTC/USDT, ETH/USDT, SOL/USDT")

    def test_conditions_that_the_model_meets_change_nothing(self, client: TestClient) -> None:
        bare = client.post("/predict", json={"symbol": "BTC/USDT"})
        conditions = {"timeframe": "1h", "version": "7", "feature_fingerprint": "fingerprint-a"}
        assert client.post("/predict", json={"symbol": "BTC/USDT", **conditions}).content == bare.content

    def test_a_version_is_answered_by_its_own_model(self, client: TestClient) -> None:
        answer = client.post("/predict", json={"features": [[1, 2, 3]], "version": "8"}).json()
        assert (answer["model"]["name"], answer["model"]["version"]) == ("other", "8")

    @pytest.mark.parametrize(
        ("condition", "status", "code", "word"),
        [
            ({"timeframe": "4h"}, 404, "unknown_timeframe", "1h candles"),
            ({"version": "6"}, 404, "unknown_model", "6"),
            ({"feature_fingerprint": "b"}, 409, "wrong_fingerprint", "fingerprint-a"),
            ({"version": "8", "feature_fingerprint": "fingerprint-a"}, 409, "wrong_fingerprint", "other 8 reads b"),
        ],
    )
    @pytest.mark.parametrize("question", [{}, {"symbol": "BTC/USDT"}, {"features": [[1, 2, 3]]}])
    def test_another_model_than_the_request_is_made_for_does_not_answer(
        self, client: TestClient, question: dict, condition: dict, status: int, code: str, word: str
    ) -> None:
        assert_problem(client.post("/predict", json=question | condition), status, code, word)

    def test_features_beyond_their_age_are_503(self, client: TestClient, features: FakeFeatures) -> None:
        features.max_age = 2
        features.online["BTC/USDT"] = vectors("BTC/USDT", last_hour=500)
        assert_problem(client.post("/predict", json={"symbol": "BTC/USDT"}), 503, "stale_features", "at most 2")

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
        assert [check["name"] for check in health["dependencies"]] == [
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
        assert health["dependencies"][1]["detail"] == "the store is away"

    def test_old_features_degrade_but_still_serve(self, client: TestClient, features: FakeFeatures) -> None:
        features.online["BTC/USDT"] = vectors("BTC/USDT", last_hour=500)
        health = client.get("/health").json()
        assert (health["status"], health["ready"], health["degraded"]) == ("degraded", True, ["freshness"])

    def test_health_knows_the_dependencies_of_the_service_and_who_may_ask(self, client: TestClient, desk: Desk) -> None:
        desk.checks.append(Check(name="audit_log", ok=False, detail="the disk is full"))
        health = client.get("/health").json()
        assert (health["ready"], health["degraded"], health["access"]) == (False, ["audit_log"], "loopback_only")

    def test_models_names_the_champion_first(self, client: TestClient) -> None:
        champion, challenger = client.get("/models").json()["models"]
        assert champion["feature_names"] == list(NAMES)
        assert (champion["history"], champion["horizon"], champion["timeframe"]) == (1, 4, "1h")
        assert [(each["role"], each["version"], each["served"]) for each in (champion, challenger)] == [
            ("champion", "7", True),
            ("challenger", "8", True),
        ]
        assert client.get(challenger["card"]).json()["name"] == "other"

    @pytest.mark.parametrize("name", ["champion", "7", "fake"])
    def test_a_model_is_found_by_version_name_or_as_champion(self, client: TestClient, name: str) -> None:
        model = client.get(f"/models/{name}").json()
        assert (model["version"], model["settings"], model["card_markdown"]) == ("7", {"penalty": 1.0}, None)
        assert model["fold_scores"] == [{"fold": 1, "auc": None}]

    @pytest.mark.parametrize("name", ["6", "x" * 5000, "%00", "..%2f..%2fetc"])
    def test_an_unknown_model_is_404(self, client: TestClient, name: str) -> None:
        response = client.get(f"/models/{name}")
        assert_problem(response, 404, response.json()["code"])
        assert len(response.content) < 400

    def test_a_service_that_has_no_model_yet_says_so(self) -> None:
        def nothing() -> None:
            raise NoModel("The model is being loaded.", {"Retry-After": "1"})

        client = TestClient(create_app(nothing, ServiceMetrics()))
        for path in ("/health", "/models", "/models/champion"):
            response = client.get(path)
            assert_problem(response, 503, "no_model")
            assert response.headers["retry-after"] == "1"
        assert client.get("/metrics").status_code == 200

    @pytest.mark.parametrize(("method", "path", "status"), [("GET", "/predict", 405), ("GET", "/nosuch", 404)])
    def test_other_paths_and_methods_are_problems_too(
        self, client: TestClient, method: str, path: str, status: int
    ) -> None:
        response = client.request(method, path)
        assert_problem(response, status, response.json()["code"])

    def test_another_method_is_told_which_are_accepted(self, client: TestClient) -> None:
        assert client.request("DELETE", "/predict").headers["allow"] == "POST"

    def test_openapi_documents_the_refusals(self, client: TestClient) -> None:
        answers = client.get("/openapi.json").json()["paths"]["/predict"]["post"]["responses"]
        for status in ("400", "401", "403", "404", "409", "413", "415", "422", "429", "500", "503"):
            assert list(answers[status]["content"]) == ["application/problem+json"]


class TestAdministration:
    def test_reload_and_rollback_tell_who_answered_before_and_who_answers_now(
        self, client: TestClient, desk: Desk
    ) -> None:
        assert client.post("/admin/reload").json() == {"before": "7", "after": "8", "changed": True}
        assert client.post("/admin/reload").json() == {"before": "8", "after": "8", "changed": False}
        assert client.post("/admin/rollback").json() == {"before": "8", "after": "7", "changed": True}
        assert desk.models.asked_by == ["somebody on this machine"]

    def test_what_cannot_be_served_is_409(self, client: TestClient, desk: Desk) -> None:
        assert_problem(client.post("/admin/rollback"), 409, "no_previous_model")
        desk.models.refusal = ModelRefused("model.txt was changed. Model 7 is still served.")
        assert_problem(client.post("/admin/reload"), 409, "model_refused", "still served")

    def test_the_audit_log_is_read_page_by_page(self, client: TestClient) -> None:
        first = client.get("/audit", params={"limit": 3}).json()
        second = client.get("/audit", params={"limit": 3, "before": first["next_before"]}).json()
        assert [each["seq"] for each in first["entries"] + second["entries"]] == [5, 4, 3, 2, 1]
        assert (first["next_before"], second["next_before"]) == (3, None)

    @pytest.mark.parametrize(
        ("query", "code"),
        [
            ("limit=0", "invalid_request"),
            ("limit=1001", "invalid_request"),
            ("limit=many", "invalid_request"),
            ("before=0", "invalid_request"),
            ("before=99999999999999999999", "invalid_request"),
            ("caller=desk", "unknown_field"),
        ],
    )
    def test_another_page_is_422(self, client: TestClient, query: str, code: str) -> None:
        assert_problem(client.get(f"/audit?{query}"), 422, code)


class TestMetrics:
    @pytest.fixture
    def client(self, tmp_path: Path) -> TestClient:
        """An application of its own, which has counted nothing yet."""
        return TestClient(Desk(tmp_path).app)

    def test_count_predictions_and_refusals(self, client: TestClient) -> None:
        client.post("/predict", json={})
        client.post("/predict", json={"symbol": "DOGE/USDT"})
        shown = client.get("/metrics")
        assert shown.headers["content-type"].startswith("text/plain; version=")
        assert 'algotrade_refusals_total{code="unknown_symbol"} 1.0' in shown.text
        assert "algotrade_inference_seconds_count 3.0" in shown.text

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
