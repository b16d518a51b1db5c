"""Traces of some requests, sent to an OpenTelemetry collector; off unless one is named.

BentoML's own middleware makes a span of every request even if none is kept, which costs several predictions. Here a
request that is not chosen costs one comparison, and a span is made when the request is over.
"""

import random
from collections.abc import Mapping
from typing import Protocol

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from algotrade.errors import ConfigurationError

_SAMPLED = "-01"
_FIRST_SERVER_ERROR = 500


class Watch(Protocol):
    """The stages of a request; see ``monitoring.stopwatch``."""

    started_ns: int
    marks: list[tuple[str, int]]


class Tracing:
    """Makes a span with one child a stage of each request that is chosen.

    Chosen are those whose client says in ``traceparent`` that it keeps the trace, and a share of those without one.

    Parameters
    ----------
    exporter : SpanExporter
        Sends spans; called in batches, by a thread of its own.
    share : float in [0, 1]
        Of the requests that do not belong to a trace already.
    version : str, optional
        Of the service.
    """

    def __init__(self, exporter: SpanExporter, share: float, version: str = "unknown") -> None:
        resource = Resource.create({"service.name": "algotrade", "service.version": version})
        # Chosen before, so all that is recorded is kept.
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("algotrade")
        self._parents = TraceContextTextMapPropagator()
        self._share = share

    def wants(self, parent: str | None) -> bool:
        """Whether a request is to be recorded that names this ``traceparent``."""
        if parent is not None:
            return parent.endswith(_SAMPLED)
        return random.random() < self._share  # noqa: S311 - no secret depends on it

    def record(self, name: str, watch: Watch, parent: str | None, attributes: Mapping[str, str | int]) -> None:
        """Record a request that has just ended, with its stages."""
        context = self._parents.extract({"traceparent": parent}) if parent is not None else None
        began = watch.started_ns
        span = self._tracer.start_span(
            name, context, SpanKind.SERVER, attributes=dict(attributes), start_time=began, record_exception=False
        )
        inside = trace.set_span_in_context(span)
        before = 0
        for stage, end in watch.marks:
            child = self._tracer.start_span(stage, inside, start_time=began + before)
            child.end(began + end)
            before = end
        if int(attributes.get("http.response.status_code", 0)) >= _FIRST_SERVER_ERROR:
            span.set_status(StatusCode.ERROR)
        span.end()

    def stop(self) -> None:
        """Send what waits, and end."""
        self._provider.shutdown()


def tracing_to(collector: str | None, share: float, version: str = "unknown") -> Tracing | None:
    """Traces for a collector that takes OTLP over HTTP, such as ``http://127.0.0.1:4318/v1/traces``; None for none.

    Raises
    ------
    ConfigurationError
        If the library that speaks OTLP is not installed.
    """
    if collector is None:
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - optional
    except ImportError as error:
        raise ConfigurationError(
            f"Traces are to be sent to {collector}, but opentelemetry-exporter-otlp-proto-http is not installed. "
            "Install the extra `traces`, or leave ALGOTRADE_TRACES unset."
        ) from error
    return Tracing(OTLPSpanExporter(endpoint=collector), share, version)
