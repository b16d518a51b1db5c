"""Whatever is sent: a success that the contract knows or a problem that it lists, never a 5xx."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from algotrade.inference.lane import PredictLane
from algotrade.inference.problems import MEDIA_TYPE, PROBLEMS, Problem
from algotrade.inference.schemas import PredictResponse
from algotrade.inference.security import Role

from .desk import GuardedDesk
from .fakes import NAMES

BOUNDED = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
PATHS = ["/predict", "/health", "/models", "/models/7", "/metrics", "/audit", "/docs", "/openapi.json", "/admin/reload"]

leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["BTC/USDT", "btcusdt", "1h", "7", "8", "fingerprint-a", "\ud800", "\x00", *NAMES])
)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=6), inner),
    max_leaves=8,
)
fields = st.sampled_from(
    ["symbol", "symbols", "features", "timeframe", "version", "feature_fingerprint", "\ud800", "x"]
)
documents = st.dictionaries(fields, values, max_size=3) | values
bodies = st.binary(max_size=64) | documents.map(lambda value: json.dumps(value).encode())
media_types = st.sampled_from(
    ["application/json", "application/json; charset=utf-8", "text/plain", "", "application/x+json"]
)
header_names = st.sampled_from(["x-api-key", "authorization", "x-request-id", "content-length", "accept", "x-other"])
header_values = st.binary(max_size=80).filter(lambda value: not set(value) & {0, 10, 13})


@pytest.fixture(scope="module")
def desk() -> Iterator[GuardedDesk]:
    with tempfile.TemporaryDirectory() as folder:
        opened = GuardedDesk(Path(folder))
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def guarded(desk: GuardedDesk) -> TestClient:
    return TestClient(desk.front, headers={"x-api-key": desk.keys[Role.ADMIN]})


@pytest.fixture(scope="module")
def lane(desk: GuardedDesk) -> TestClient:
    return TestClient(PredictLane(desk.app, lambda: desk.backend, desk.metrics))


@pytest.fixture(scope="module")
def route(desk: GuardedDesk) -> TestClient:
    return TestClient(desk.app)


@BOUNDED
@given(body=bodies, media_type=media_types)
@example(body=b'{"\\ud800": 1}', media_type="application/json")
@example(body=b'{"features": {"\\ud800": 1}}', media_type="application/json")
@example(body=b'{"features": [[1e308, 1e308, 1e308]]}', media_type="application/json")
@example(body=b"\xef\xbb\xbf{}", media_type="application/json")
@example(body="{}".encode("utf-16"), media_type="application/json")
@example(body=b'{"symbol": "BTC/USDT", "symbol": "ETH/USDT"}', media_type="application/json")
@example(body=b'{"features": [[1, 2, ' + b"9" * 5000 + b"]]}", media_type="application/json")
def test_lane_and_route_answer_any_body_alike(
    lane: TestClient, route: TestClient, body: bytes, media_type: str
) -> None:
    first = lane.post("/predict", content=body, headers={"content-type": media_type})
    second = route.post("/predict", content=body, headers={"content-type": media_type})
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert first.headers["content-type"] == second.headers["content-type"]
    assert_in_contract(first)


@BOUNDED
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"]),
    path=st.sampled_from(PATHS) | st.text(max_size=20).map(lambda text: "/" + quote(text.encode("utf-8", "replace"))),
    headers=st.dictionaries(header_names, header_values, max_size=3),
    body=st.binary(max_size=16),
)
def test_any_path_method_and_header_is_answered(
    guarded: TestClient, method: str, path: str, headers: dict, body: bytes
) -> None:
    sent = {name: value for name, value in headers.items() if name != "content-length"}
    response = guarded.request(method, path, headers=sent, content=body)
    assert response.status_code < 500
    if response.status_code >= 400 and method != "HEAD":
        assert_in_contract(response)


def assert_in_contract(response: Response) -> None:
    assert response.status_code < 500
    if response.is_success:
        PredictResponse.model_validate_json(response.content)
        return
    assert response.headers["content-type"] == MEDIA_TYPE
    problem = Problem.model_validate_json(response.content)
    assert PROBLEMS[problem.code].status == problem.status == response.status_code
    # What was sent is not sent back at length.
    assert len(response.content) < 2_000
