"""The fast lane and the FastAPI route cannot be told apart but by the clock."""

import asyncio
import json
from pathlib import Path

import httpx
import pytest
import uvloop
from fastapi.testclient import TestClient
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from algotrade.data.circuit import Breaker
from algotrade.errors import ForeignFeatures, StoreError, StoreUnavailable
from algotrade.inference.bounded import Bounded
from algotrade.inference.feature_cache import CachedFeatures, CacheLimits
from algotrade.inference.lane import PredictLane
from algotrade.inference.pages import Pages
from algotrade.inference.predictor import Predictor
from algotrade.monitoring.metrics import ServiceMetrics

from .desk import Desk
from .fakes import NAMES, FakeFeatures, FakeModel, describe, vectors

JSON = "application/json"
QUESTIONS = [
    ('{"symbol": "BTC/USDT"}', JSON),
    ('{"symbol": "btcusdt", "timeframe": "1h"}', JSON),
    ('{"symbol":"BTC/USDT"}', "application/json; charset=utf-8"),
    ('{"symbol":"BTC/USDT"}', "application/vnd.desk+json"),
    ('{"symbols": ["SOL/USDT", "BTC/USDT", "SOL/USDT"]}', JSON),
    ("{}", JSON),
    ('{"symbol": "BTC/USDT", "version": "7"}', JSON),
    ('{"features": [[1, 2.5, -3e2]]}', JSON),
    (json.dumps({"features": dict.fromkeys(NAMES, 0.1)}), JSON),
    ('{"symbol": "DOGE/USDT"}', JSON),
    ('{"symbol": "BTC/USDT", "version": "9"}', JSON),
    ('{"symbol": "BTC/USDT", "version": "8"}', JSON),
    ('{"symbol": "BTC/USDT", "timeframe": "4h"}', JSON),
    ('{"symbol": "BTC/USDT", "feature_fingerprint": "other"}', JSON),
    ('{"features": [[1, 2]]}', JSON),
    ('{"features": [[NaN, 2, 3]]}', JSON),
    ('{"symbl": "BTC/USDT"}', JSON),
    ('{"symbol": null}', JSON),
    ("{", JSON),
    ("", JSON),
    ('{"symbol": "BTC/USDT"}', "text/plain"),
]


class TwoWays:
    """The same questions by the lane and by the route."""

    def __init__(self, folder: Path) -> None:
        self.desk = Desk(folder)
        self.reached: list[str] = []
        self.lane = TestClient(
            PredictLane(self._noted(self.desk.app), lambda: self.desk.backend, self.desk.metrics),
            raise_server_exceptions=False,
        )
        self.route = TestClient(self.desk.app, raise_server_exceptions=False)

    def _noted(self, app: ASGIApp) -> ASGIApp:
        async def noted(scope: Scope, receive: Receive, send: Send) -> None:
            self.reached.append(scope["path"])
            await app(scope, receive, send)

        return noted

    def ask(self, body: str, media_type: str) -> tuple[httpx.Response, httpx.Response]:
        headers = {"content-type": media_type}
        one, other = (each.post("/predict", content=body, headers=headers) for each in (self.lane, self.route))
        return one, other


@pytest.fixture
def ways(tmp_path: Path) -> TwoWays:
    return TwoWays(tmp_path)


def assert_equal(one: httpx.Response, other: httpx.Response) -> None:
    assert one.content == other.content
    assert one.status_code == other.status_code
    assert sorted(one.headers.items()) == sorted(other.headers.items())


@pytest.mark.parametrize("instant", [False, True], ids=["by a thread", "at hand"])
@pytest.mark.parametrize(("body", "media_type"), QUESTIONS)
def test_both_ways_give_the_same_bytes_status_and_headers(
    ways: TwoWays, body: str, media_type: str, instant: bool
) -> None:
    ways.desk.features.instant = instant
    for _ in range(3):  # the second time it may be an answer that was kept
        assert_equal(*ways.ask(body, media_type))


@pytest.mark.parametrize("error", [StoreUnavailable("gone"), ForeignFeatures("others"), StoreError("damaged")])
def test_a_store_that_fails_is_told_the_same_way(ways: TwoWays, error: StoreError) -> None:
    ways.desk.features.error = error
    one, other = ways.ask('{"symbol": "BTC/USDT"}', JSON)
    assert_equal(one, other)
    assert one.status_code == 503


def test_plain_questions_do_not_reach_the_stack_behind_the_lane(ways: TwoWays) -> None:
    statuses = [ways.ask(body, media_type)[0].status_code for body, media_type in QUESTIONS if media_type == JSON]
    assert 200 in statuses
    assert len(ways.reached) == statuses.count(400) + statuses.count(422) - 1  # unfit features are found by the model
    assert ways.lane.get("/models").status_code == 200


class TestPages:
    @pytest.fixture
    def served(self) -> tuple[Predictor, FakeFeatures, list[float]]:
        now = [3_600_000.5]
        source, metrics = FakeFeatures(vectors("BTC/USDT")), ServiceMetrics()
        breaker = Breaker("store", 3, 1.0, StoreUnavailable)
        cache = CachedFeatures(source, "1h", CacheLimits(max_age=3.0), breaker, metrics, now=lambda: now[0])
        return Predictor(FakeModel(), describe(), cache, metrics, now=lambda: now[0]), source, now

    def answered(self, model: Predictor, pages: Pages, body: bytes = b"BTC") -> bytes:
        from algotrade.inference.routes import answer
        from algotrade.inference.schemas import PredictRequest

        given = answer(model, PredictRequest(symbol="BTC/USDT")).to_bytes()
        known = model.known("BTC/USDT")
        assert known is not None
        pages.keep(body, model, known, given)
        return given

    @pytest.mark.parametrize("later", [0.0, 0.001, 0.04999, 0.0123456])
    def test_a_repeated_answer_is_the_answer_that_would_be_given_now(self, served, later: float) -> None:
        (model, _, now), pages = served, Pages()
        self.answered(model, pages)
        now[0] += later
        assert pages.answer(b"BTC", model) == self.answered(model, Pages())

    def test_it_is_not_repeated_once_features_or_champion_are_others(self, served) -> None:
        (model, source, now), pages = served, Pages()
        first = self.answered(model, pages)
        other = Predictor(FakeModel(), describe(), model.features, ServiceMetrics(), now=lambda: now[0])
        assert pages.answer(b"BTC", other) is None
        source.online["BTC/USDT"] = vectors("BTC/USDT", seed=5)
        now[0] += 1
        assert pages.answer(b"BTC", model) is None
        second = self.answered(model, pages)
        assert json.loads(first)["predictions"][0]["probability"] != json.loads(second)["predictions"][0]["probability"]
        assert pages.answer(b"BTC", model) == second

    def test_it_is_not_repeated_beyond_the_age_that_is_accepted(self, served) -> None:
        (model, _, now), pages = served, Pages()
        model.features._limits = CacheLimits(fresh_seconds=1e9, max_age=3.0)
        self.answered(model, pages)
        now[0] += 4 * 3_600
        assert pages.answer(b"BTC", model) is None

    def test_only_so_many_short_bodies_are_remembered(self, served) -> None:
        (model, _, _), pages = served, Pages()
        for number in range(3_000):
            self.answered(model, pages, b"%d" % number)
        assert len(pages._pages) <= 1_024
        self.answered(model, pages, b"x" * 10_000)
        assert b"x" * 10_000 not in pages._pages


class TestBounded:
    def test_sheds_what_is_beyond_the_bound_and_answers_the_rest(self) -> None:
        metrics, waiting = ServiceMetrics(), asyncio.Event()

        async def slow(scope: Scope, receive: Receive, send: Send) -> None:
            await waiting.wait()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b""})

        async def ask() -> list[httpx.Response]:
            transport = httpx.ASGITransport(Bounded(slow, 3, metrics))
            async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
                asked = [asyncio.create_task(client.get("/")) for _ in range(10)]
                await asyncio.sleep(0.05)
                waiting.set()
                answers = await asyncio.gather(*asked)
                return [*answers, await client.get("/")]

        *answers, afterwards = asyncio.run(ask())
        assert sorted(each.status_code for each in answers) == [200] * 3 + [503] * 7
        shed = next(each for each in answers if each.status_code == 503)
        assert (shed.json()["code"], shed.headers["retry-after"]) == ("overloaded", "1")
        assert afterwards.status_code == 200
        assert metrics.registry.get_sample_value("algotrade_shed_requests_total") == 7

    @pytest.mark.parametrize("new_loop", [uvloop.new_event_loop, asyncio.new_event_loop])
    def test_requests_of_one_turn_of_the_loop_are_counted_though_none_waits(self, new_loop) -> None:
        async def at_once(scope: Scope, receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b""})

        statuses: list[int] = []

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        async def ask() -> None:
            bounded = Bounded(at_once, 15, ServiceMetrics())
            for _ in range(2):
                await asyncio.gather(*(bounded({"type": "http"}, None, send) for _ in range(20)))  # type: ignore[arg-type]
                await asyncio.sleep(0.01)

        with asyncio.Runner(loop_factory=new_loop) as runner:
            runner.run(ask())
        assert statuses == [*[200] * 15, *[503] * 5] * 2

    def test_a_failure_frees_its_place(self) -> None:
        async def fail(scope: Scope, receive: Receive, send: Send) -> None:
            raise OSError("broken")

        bounded = Bounded(fail, 1, ServiceMetrics())
        for _ in range(3):
            with pytest.raises(OSError, match="broken"):
                asyncio.run(bounded({"type": "http"}, None, None))  # type: ignore[arg-type]
