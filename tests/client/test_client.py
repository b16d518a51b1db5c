"""The client reads what the service writes, and raises what the service refuses with."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from starlette.testclient import TestClient

from algotrade.client import Patience, PredictionClient, ServiceUnreachable, UnfamiliarProblem, UnreadableAnswer
from algotrade.inference.problems import (
    PROBLEMS,
    FeaturesNotOnline,
    Forbidden,
    NoPreviousModel,
    Overloaded,
    RateLimited,
    StaleFeatures,
    Unauthorized,
    UnfitFeatures,
    UnknownModel,
    UnknownSymbol,
    UnknownTimeframe,
    WrongFingerprint,
)
from algotrade.inference.security import Role
from tests.inference.desk import Desk, GuardedDesk
from tests.inference.fakes import NAMES, vectors

IMPATIENT = Patience(attempts=3, timeout_seconds=1.0, longest_wait_seconds=0.01)
PREDICTION = {
    "predictions": [{"symbol": "BTC/USDT", "probability": 0.6, "expected_return": 0.01, "signal": "long"}],
    "model": {"name": "m", "version": "1", "feature_fingerprint": "f", "timeframe": "1h", "horizon": 1},
}


class InProcess(httpx.BaseTransport):
    """Carries requests to an application in this process."""

    def __init__(self, app: object) -> None:
        self._client = TestClient(app, raise_server_exceptions=False)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._client.request(
            request.method, str(request.url), content=request.read(), headers=list(request.headers.items())
        )
        return httpx.Response(answer.status_code, headers=answer.headers.multi_items(), content=answer.content)


def client_of(app: object, key: str | None = None) -> PredictionClient:
    return PredictionClient("http://testserver", key=key, patience=IMPATIENT, transport=InProcess(app))


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk(tmp_path_factory.mktemp("desk"))


@pytest.fixture
def client(desk: Desk) -> Iterator[PredictionClient]:
    with client_of(desk.app) as opened:
        yield opened


class TestAnswers:
    def test_predictions_have_everything_that_the_service_said(self, client: PredictionClient) -> None:
        answer = client.predict("ETH/USDT", "btcusdt")
        assert [each.symbol for each in answer.predictions] == ["ETH/USDT", "BTC/USDT"]
        first = answer.predictions[0]
        assert first.interval is not None
        assert first.interval.low < first.expected_return < first.interval.high
        assert (first.staleness_seconds, first.degraded) == (0, False)
        assert (answer.model.version, answer.model.timeframe) == ("7", "1h")

    def test_no_symbol_means_all(self, client: PredictionClient) -> None:
        assert len(client.predict().predictions) == 3

    def test_features_of_ones_own_by_name_or_as_rows(self, client: PredictionClient) -> None:
        named = client.predict_from(dict(zip(NAMES, (1.0, 2.0, 3.0), strict=True)), timeframe="1h")
        rows = client.predict_from(np.array([[1.0, 2.0, 3.0]]), version="7")
        assert named == rows

    def test_the_models_the_state_and_the_log(self, client: PredictionClient) -> None:
        assert [each.role for each in client.models()] == ["champion", "challenger"]
        assert client.model().version == "7"
        assert client.model("other").version == "8"
        assert client.health().ready
        assert "algotrade_predictions_total" in client.metrics()
        assert [entry.seq for entry in client.audit(page=2)] == [5, 4, 3, 2, 1]
        assert [entry.seq for entry in client.audit(before=3)] == [2, 1]

    def test_administration(self, desk: Desk, client: PredictionClient) -> None:
        assert client.reload().changed
        assert client.rollback().after == "7"
        with pytest.raises(NoPreviousModel):
            client.rollback()


class TestProblems:
    @pytest.mark.parametrize(
        ("ask", "problem"),
        [
            (lambda client: client.predict("DOGE/USDT"), UnknownSymbol),
            (lambda client: client.predict(timeframe="4h"), UnknownTimeframe),
            (lambda client: client.predict(version="6"), UnknownModel),
            (lambda client: client.predict(feature_fingerprint="b"), WrongFingerprint),
            (lambda client: client.predict_from([[1.0]]), UnfitFeatures),
            (lambda client: client.model("b?c#d é"), UnknownModel),
        ],
    )
    def test_are_raised_as_the_class_that_the_service_refused_with(
        self, client: PredictionClient, ask: Callable[[PredictionClient], object], problem: type
    ) -> None:
        with pytest.raises(problem) as raised:
            ask(client)
        assert (raised.value.code, raised.value.status) == (problem.code, problem.status)

    def test_features_that_are_old_or_not_there(self, tmp_path: Path) -> None:
        desk = Desk(tmp_path)
        desk.features.max_age = 2
        desk.features.online = {"BTC/USDT": vectors("BTC/USDT", last_hour=500)}
        client = client_of(desk.app)
        with pytest.raises(StaleFeatures, match="at most 2"):
            client.predict("BTC/USDT")
        with pytest.raises(FeaturesNotOnline):
            client.predict("ETH/USDT")

    @pytest.mark.parametrize("code", PROBLEMS)
    def test_every_code_has_its_class(self, code: str) -> None:
        refusal = PROBLEMS[code]("why", {"X-Request-ID": "abc", "Retry-After": "9"})
        client = _answering(lambda _: _refused(refusal))
        with pytest.raises(type(refusal), match="why") as raised:
            client.predict()
        assert raised.value.headers["x-request-id"] == "abc"

    def test_one_of_a_later_version_is_a_refusal_too(self) -> None:
        body = {"type": "urn:x", "title": "Teapot", "status": 418, "detail": "short and stout", "code": "teapot"}
        answer = httpx.Response(418, json=body, headers={"content-type": "application/problem+json"})
        with pytest.raises(UnfamiliarProblem, match="stout") as raised:
            _answering(lambda _: answer).predict()
        assert (raised.value.code, raised.value.status) == ("teapot", 418)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardedDesk]:
    opened = GuardedDesk(tmp_path_factory.mktemp("guarded"))
    yield opened
    opened.close()


class TestKeys:
    def test_a_key_opens_what_its_role_may(self, guarded: GuardedDesk) -> None:
        with pytest.raises(Unauthorized):
            client_of(guarded.front).predict()
        with pytest.raises(Forbidden, match="viewer"):
            client_of(guarded.front, guarded.keys[Role.VIEWER]).predict("BTC/USDT")
        assert client_of(guarded.front, guarded.keys[Role.TRADER]).predict("BTC/USDT").predictions

    def test_comes_from_the_environment_and_is_not_shown(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ALGOTRADE_API_KEY", "top-secret")
        seen: list[httpx.Request] = []

        def note(request: httpx.Request) -> httpx.Response:
            seen.append(request)
            return httpx.Response(200, json=PREDICTION)

        client = _answering(note)
        client.predict()
        assert seen[0].headers["authorization"] == "Bearer top-secret"
        assert "secret" not in repr(client)


class TestPatience:
    @pytest.mark.parametrize("first", [Overloaded("busy", {"Retry-After": "0"}), RateLimited("often")])
    def test_what_may_succeed_a_moment_later_is_asked_again_under_the_same_id(self, first) -> None:
        ids: list[str] = []

        def busy_once(request: httpx.Request) -> httpx.Response:
            ids.append(request.headers["x-request-id"])
            return httpx.Response(200, json=PREDICTION) if len(ids) > 1 else _refused(first)

        assert _answering(busy_once).predict().predictions[0].signal == "long"
        assert len(ids) == 2
        assert len(set(ids)) == 1

    def test_no_more_often_than_asked_for(self) -> None:
        with pytest.raises(Overloaded):
            _counted(asked := [], Overloaded("busy")).predict()
        assert len(asked) == IMPATIENT.attempts

    @pytest.mark.parametrize(
        "refusal", [UnknownSymbol("no"), StaleFeatures("old"), RateLimited("later", {"Retry-After": "60"})]
    )
    def test_what_stays_wrong_or_takes_too_long_is_asked_once(self, refusal) -> None:
        with pytest.raises(type(refusal)):
            _counted(asked := [], refusal).predict()
        assert len(asked) == 1

    def test_changes_are_asked_for_once(self) -> None:
        for change in (PredictionClient.reload, PredictionClient.rollback):
            with pytest.raises(Overloaded):
                change(_counted(asked := [], Overloaded("busy")))
            assert len(asked) == 1

    def test_nobody_there(self) -> None:
        def unplugged(request: httpx.Request) -> httpx.Response:
            raise httpx.ConnectError("refused")

        with pytest.raises(ServiceUnreachable, match="make serve"):
            _answering(unplugged).health()

    @pytest.mark.parametrize(
        ("answer", "times"),
        [
            (httpx.Response(502, html="<h1>Bad Gateway</h1>"), 3),
            (httpx.Response(404, html="<h1>nginx</h1>"), 1),
            (httpx.Response(200, html="<h1>Welcome</h1>"), 1),
            (httpx.Response(500, content=b"{", headers={"content-type": "application/problem+json"}), 1),
        ],
    )
    def test_another_server_is_told_apart(self, answer: httpx.Response, times: int) -> None:
        asked: list[str] = []

        def other(request: httpx.Request) -> httpx.Response:
            asked.append(request.url.path)
            return answer

        with pytest.raises(UnreadableAnswer, match="URL"):
            _answering(other).predict()
        assert len(asked) == times


def test_needs_nothing_that_models_need() -> None:
    code = (
        "import sys, algotrade.client\n"
        "heavy = 'numpy pandas scipy sklearn lightgbm onnxruntime fastapi starlette bentoml redis mlflow kedro'\n"
        "print([name for name in heavy.split() if name in sys.modules])"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"


def _answering(handler: Callable[[httpx.Request], httpx.Response]) -> PredictionClient:
    return PredictionClient("http://service", patience=IMPATIENT, transport=httpx.MockTransport(handler))


def _counted(asked: list[str], refusal) -> PredictionClient:
    def refuse(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return _refused(refusal)

    return _answering(refuse)


def _refused(refusal) -> httpx.Response:
    headers = {"content-type": "application/problem+json", **refusal.headers}
    return httpx.Response(refusal.status, content=refusal.problem.to_bytes(), headers=headers)
