"""Traces as a collector gets them, over HTTP."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from algotrade.errors import ConfigurationError
from algotrade.monitoring.stopwatch import Stopwatch
from algotrade.monitoring.tracing import tracing_to

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


class Collector(HTTPServer):
    bodies: list[bytes]


class Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        self.server.bodies.append(self.rfile.read(int(self.headers["content-length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def collector() -> Iterator[Collector]:
    server = Collector(("127.0.0.1", 0), Handler)
    server.bodies = []
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def watch() -> Stopwatch:
    watch = Stopwatch()
    watch.mark("decode")
    watch.mark("answer")
    return watch


def test_a_request_is_a_span_with_one_child_a_stage_in_the_trace_of_its_client(collector: Collector) -> None:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    tracing = tracing_to(f"http://127.0.0.1:{collector.server_port}/v1/traces", share=0)
    assert tracing is not None
    timed = watch()
    attributes = {"http.response.status_code": 503, "algotrade.request_id": "order-12345678"}
    tracing.record("/predict", timed, PARENT, attributes)
    tracing.stop()
    (body,) = collector.bodies
    (resource,) = ExportTraceServiceRequest.FromString(body).resource_spans
    spans = {span.name: span for span in resource.scope_spans[0].spans}
    assert set(spans) == {"/predict", "decode", "answer"}
    request = spans["/predict"]
    assert {span.trace_id.hex() for span in spans.values()} == {TRACE}
    assert request.parent_span_id.hex() == "b7ad6b7169203331"
    assert spans["decode"].parent_span_id == spans["answer"].parent_span_id == request.span_id
    assert request.start_time_unix_nano == spans["decode"].start_time_unix_nano == timed.started_ns
    assert spans["decode"].end_time_unix_nano == spans["answer"].start_time_unix_nano
    assert request.status.code == 2
    assert {each.key for each in request.attributes} == set(attributes)


def test_the_client_decides_and_else_the_share() -> None:
    never = tracing_to("http://127.0.0.1:9/v1/traces", share=0)
    always = tracing_to("http://127.0.0.1:9/v1/traces", share=1)
    assert never is not None
    assert always is not None
    assert (never.wants(PARENT), never.wants(None)) == (True, False)
    assert (always.wants(PARENT[:-2] + "00"), always.wants(None)) == (False, True)
    never.stop()
    always.stop()


def test_it_is_off_unless_a_collector_is_named() -> None:
    assert tracing_to(None, share=1) is None


def test_without_the_library_the_service_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(ConfigurationError, match="Install the extra `traces`"):
        tracing_to("http://127.0.0.1:9/v1/traces", share=1)
