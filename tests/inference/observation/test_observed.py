import asyncio
import json
import time
from functools import partial
from typing import Any

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from algotrade.inference.observation.ledger import Entry, Ledger, observe_all
from algotrade.inference.observation.observed import CLIENT_IS_GONE, STAGES_OF_ONE_IN, Observed
from algotrade.inference.security.callers import Caller
from algotrade.inference.security.roles import Role
from algotrade.monitoring.metrics import ServiceMetrics
from algotrade.monitoring.service_log import REQUEST_ID
from algotrade.monitoring.stopwatch import stopwatch_of


class Lines:
    """Takes lines as the log would."""

    def __init__(self) -> None:
        self.all: list[bytes] = []

    def add(self, line: bytes) -> None:
        self.all.append(line)

    def parsed(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.all]


class App:
    """Answers with a status, and remembers what it was asked and under which id."""

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.ids: list[tuple[str, str]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.ids.append((REQUEST_ID.get(), scope["state"]["request_id"]))
        scope["state"]["caller"] = Caller('the "desk"', Role.TRADER, "k1")
        watch = stopwatch_of(scope)
        watch.mark("admit")
        watch.mark("decode")
        if self.status:
            await send({"type": "http.response.start", "status": self.status, "headers": [(b"a", b"b")]})
            await send({"type": "http.response.body", "body": b""})


def ask(observed: Observed, path: str = "/predict", method: str = "POST", *headers: tuple[bytes, bytes]) -> dict:
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    try:
        asyncio.run(observed({"type": "http", "path": path, "method": method, "headers": list(headers)}, receive, send))
    finally:
        observed._ledger.settle()
    return dict(sent[0]["headers"]) if sent else {}


def observed_by(
    app: ASGIApp, metrics: ServiceMetrics, lines: Lines | None = None, *, only_failed: bool = False
) -> Observed:
    return Observed(app, Ledger(metrics, lines, only_failed=only_failed))  # type: ignore[arg-type]


@pytest.fixture
def metrics() -> ServiceMetrics:
    return ServiceMetrics()


@pytest.fixture
def lines() -> Lines:
    return Lines()


def test_a_well_formed_id_is_kept_logged_and_returned(metrics: ServiceMetrics, lines: Lines) -> None:
    app = App()
    headers = ask(observed_by(app, metrics, lines), "/predict", "POST", (b"x-request-id", b"order-2024-05-01"))
    assert headers == {b"a": b"b", b"x-request-id": b"order-2024-05-01"}
    assert app.ids == [("order-2024-05-01", "order-2024-05-01")]
    assert lines.parsed()[0]["request_id"] == "order-2024-05-01"
    assert REQUEST_ID.get() == ""


@pytest.mark.parametrize("given", [b"short", b"x" * 65, b'"}{"level":"', b"a b c d e f g h", b"\xff" * 12, b""])
def test_any_other_is_replaced_by_a_new_one(metrics: ServiceMetrics, lines: Lines, given: bytes) -> None:
    observed = observed_by(App(), metrics, lines)
    first, second = (ask(observed, "/predict", "POST", (b"x-request-id", given))[b"x-request-id"] for _ in range(2))
    assert first != second
    assert len(first) == len(second) == 32
    assert given not in b"".join(lines.all) or not given


def test_a_line_says_what_was_asked_and_nothing_that_the_client_wrote(metrics: ServiceMetrics, lines: Lines) -> None:
    observed = observed_by(App(404), metrics, lines)
    key = (b"x-api-key", b"atk_0123_secret")
    ask(observed, "/secret-path/token=abc", "BREW", key)
    (line,) = lines.parsed()
    assert line.pop("time").endswith("Z")
    assert line.pop("milliseconds") >= 0
    assert len(line.pop("request_id")) == 32
    assert line == {
        "level": "info",
        "logger": "algotrade.request",
        "event": "request",
        "method": "other",
        "route": "other",
        "status": 404,
        "caller": 'the "desk"',
    }
    assert b"secret" not in lines.all[0] + metrics.render()


def test_only_failures_are_written_on_request(metrics: ServiceMetrics, lines: Lines) -> None:
    app = App()
    observed = observed_by(app, metrics, lines, only_failed=True)
    ask(observed)
    app.status = 503
    ask(observed)
    assert [(line["status"], line["level"]) for line in lines.parsed()] == [(503, "error")]


def test_requests_are_counted_and_timed_by_route_and_status(metrics: ServiceMetrics) -> None:
    app = App()
    observed = observed_by(app, metrics)
    ask(observed)
    app.status = 429
    ask(observed)
    value = metrics.registry.get_sample_value
    assert value("algotrade_requests_total", {"route": "/predict", "status": "200"}) == 1
    assert value("algotrade_requests_total", {"route": "/predict", "status": "429"}) == 1
    assert value("algotrade_request_seconds_count", {"route": "/predict"}) == 2
    assert value("algotrade_requests_in_flight") == 0


def test_stages_are_timed_of_one_request_in_so_many(metrics: ServiceMetrics) -> None:
    observed = observed_by(App(), metrics)
    for _ in range(2 * STAGES_OF_ONE_IN):
        ask(observed)
    value = metrics.registry.get_sample_value
    assert value("algotrade_stage_seconds_count", {"stage": "decode"}) == 2
    assert value("algotrade_stage_seconds_count", {"stage": "send"}) == 0


def test_a_client_that_went_away_is_no_failure_of_ours(metrics: ServiceMetrics, lines: Lines) -> None:
    ask(observed_by(App(status=0), metrics, lines))
    assert lines.parsed()[0]["status"] == CLIENT_IS_GONE


def test_what_escapes_is_counted_as_a_failure_and_goes_on(metrics: ServiceMetrics, lines: Lines) -> None:
    async def fail(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError("broken off")

    with pytest.raises(RuntimeError):
        ask(observed_by(fail, metrics, lines))
    assert lines.parsed()[0]["status"] == 500
    assert metrics.registry.get_sample_value("algotrade_requests_in_flight") == 0


def test_the_number_of_series_is_bounded_whatever_is_asked(metrics: ServiceMetrics) -> None:
    observed = observed_by(App(404), metrics)
    ask(observed, "/models/a", "GET")
    ask(observed, "/a", "GET")
    before = metrics.render().count(b"\n")
    for number in range(100):
        for path in (f"/{number}", f"/models/{number}", f"/models/{number}/x", f"/predict/{number}"):
            ask(observed, path, f"M{number}", (b"x-request-id", b"request-%08d" % number))
    assert metrics.render().count(b"\n") == before


def test_what_is_no_request_passes_unseen(metrics: ServiceMetrics) -> None:
    seen = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])

    asyncio.run(observed_by(app, metrics)({"type": "lifespan"}, None, None))  # type: ignore[arg-type]
    assert seen == ["lifespan"]


def test_a_batch_of_observations_is_the_same_as_one_by_one() -> None:
    values = [0.0, 0.0004, 0.0005, 0.00051, 0.02, 4.9, 5.0, 7.0]
    together, alone = ServiceMetrics(), ServiceMetrics()
    observe_all(together.request_seconds.labels("/predict"), values)
    for value in values:
        alone.request_seconds.labels("/predict").observe(value)
    assert together.render() == alone.render()


def test_the_ledger_counts_by_itself_soon_and_all_at_the_end(metrics: ServiceMetrics) -> None:
    ledger = Ledger(metrics)
    entry = Entry(1.0, "request-1", "POST", "/predict", 200, 0.001, None, None)
    ledger.start()
    ledger.add(entry)
    until = time.monotonic() + 60
    count = partial(
        metrics.registry.get_sample_value, "algotrade_requests_total", {"route": "/predict", "status": "200"}
    )
    while count() is None and time.monotonic() < until:
        time.sleep(0.01)
    assert count() == 1
    for _ in range(500):
        ledger.add(entry)
    ledger.stop()
    assert count() == 501


def test_more_than_can_wait_is_counted_at_once(metrics: ServiceMetrics) -> None:
    ledger = Ledger(metrics)
    entry = Entry(1.0, "request-1", "POST", "/predict", 200, 0.001, None, None)
    for _ in range(10_001):
        ledger.add(entry)
    labels = {"route": "/predict", "status": "200"}
    assert metrics.registry.get_sample_value("algotrade_requests_total", labels) == 10_001
